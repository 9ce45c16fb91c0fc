"""How fast the engine is: reference networks, honest rounds, and a comparison with PyTorch where that is installed."""
