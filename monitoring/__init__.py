"""Metric definitions, health and logging, injected into whoever runs."""
