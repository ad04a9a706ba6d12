"""Prometheus, Alertmanager and the alert listener as processes on this machine, with the shipped files."""
