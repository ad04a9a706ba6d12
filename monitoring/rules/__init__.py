"""Prometheus's rules as typed code: what is recorded, what is alerted, and the file they make."""
