"""Thresholds from held-out frames: the gate's by a miss bound, the masks' by Dice."""
