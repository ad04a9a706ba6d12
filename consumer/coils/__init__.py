"""The coil tracker: closes every coil with a verdict before its deadline."""
