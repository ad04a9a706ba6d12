"""Grafana's dashboards as typed code; `python -m monitoring dashboards` writes them as JSON."""
