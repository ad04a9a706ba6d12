"""The webhook that Alertmanager tells: one log line an alert. What a plant replaces by its pager."""
