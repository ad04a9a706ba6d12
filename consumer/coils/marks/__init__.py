"""Roll marks: what returns at a constant spacing in one lane of the strip, told from chance."""
