"""A project as a folder for PyTorch: `model.py` and `train.py` as a person would write them, options and weights."""
