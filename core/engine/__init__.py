"""The fast core: a network becomes a plan of steps with its memory and threads, and agrees with the definitions."""
