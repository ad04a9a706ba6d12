"""What is told of a coil while it runs, each thing once."""
