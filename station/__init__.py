"""The operator's page: the strip live, the coil, its history, try an image."""
