"""Run in a process of its own: every folder named has model.py, weights and pictures; writes what comes out.

    python torch_child.py FOLDER …
"""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file


def answer(folder: Path) -> None:
    """Load the folder's model with its weights, and write what it puts out for the pictures."""
    told = json.loads((folder / "told.json").read_text())
    spec = importlib.util.spec_from_file_location(f"model_{folder.name}", folder / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = getattr(module, told["name"])()
    model.load_state_dict(load_file(folder / "weights.safetensors"))
    model.eval()
    with np.load(folder / "x.npz") as pictures, torch.inference_mode():
        outputs = model(*(torch.from_numpy(pictures[name]) for name in told["inputs"]))
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    np.savez(folder / "y.npz", *(output.numpy() for output in outputs))


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in sys.argv[1:]:
        answer(Path(name))
