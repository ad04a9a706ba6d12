"""What is known of an open coil: its frames, counted so that they always sum, and what is odd about it."""
