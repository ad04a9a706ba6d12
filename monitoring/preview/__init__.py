"""The dashboards' panels drawn from a live Prometheus, where no Grafana is at hand."""
