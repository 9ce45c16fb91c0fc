"""What the engine does for each family of layers: one short file each, which picks and calls kernels."""
