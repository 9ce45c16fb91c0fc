"""Runs an exported folder's model.py (NumPy or Keras) on pictures, in use: check.py KIND MODEL.py x.npy y.npy."""

import sys
from importlib import util

import numpy as np

kind, path, pictures, answers = sys.argv[1:]
sys.dont_write_bytecode = True
spec = util.spec_from_file_location("model", path)
module = util.module_from_spec(spec)
spec.loader.exec_module(module)
x = np.load(pictures)
if kind == "numpy":
    found = module.predict(x)
else:
    model = module.load()
    x = np.moveaxis(x, 1, -1) if x.ndim == 4 else x
    parts = [model.predict_on_batch(x[start:start + 64]) for start in range(0, len(x), 64)]
    found = np.concatenate([np.asarray(part[0] if isinstance(part, list) else part) for part in parts])
np.save(answers, found)
