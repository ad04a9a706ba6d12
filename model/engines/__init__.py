"""Bundles at work: the same inspector on OpenVINO (any CPU) and on torch (a GPU, or a CPU for comparison)."""
