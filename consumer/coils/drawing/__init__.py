"""The strip map: a coil as one picture."""
