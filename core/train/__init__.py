"""Training: options, losses, optimizers, metrics, events, and the generator that trains."""
