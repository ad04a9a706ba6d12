"""A coil report as one printed page."""
