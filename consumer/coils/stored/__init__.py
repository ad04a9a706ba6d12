"""Coils read back from their topics: graded again by other rules, or drawn."""
