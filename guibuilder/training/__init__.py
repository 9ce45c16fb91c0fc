"""Training in the window: the run, its curves, and the panel that steers it."""
