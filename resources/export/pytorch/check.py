"""Runs an exported model on pictures, in use: python check.py FOLDER CLASS x.npy y.npy"""

import sys
from importlib import import_module

import numpy as np
import torch
from safetensors.torch import load_file

folder, name, pictures, answers = sys.argv[1:]
sys.path[0] = folder
sys.dont_write_bytecode = True
model = getattr(import_module("model"), name)()
model.load_state_dict(load_file(f"{folder}/weights.safetensors"))
model.eval()
torch.set_num_threads(1)
found = []
with torch.inference_mode():
    for part in torch.from_numpy(np.load(pictures)).split(64):
        outputs = model(part)
        found.append(outputs[0] if isinstance(outputs, tuple) else outputs)
np.save(answers, torch.cat(found).numpy())
