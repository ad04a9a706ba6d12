"""All that the tracker knows of a broker."""
