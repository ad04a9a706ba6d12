"""Coils that have their verdict: found again, compared, and taken along as files."""
