"""From regions of frames to defects of the coil, in mm."""
