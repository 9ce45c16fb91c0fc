"""The end of the exported Keras model: loading the weights, and saying what pictures show."""

import sys
from pathlib import Path

import keras
import numpy as np

CLASSES = []
WEIGHTS = Path(__file__).with_name("weights.npz")


def build():
    """Stands for the network's own."""
    return keras.Model()


# begin
def load(weights=WEIGHTS):
    """The model with its weights, which the file holds by the names of layers and their variables."""
    model = build()
    with np.load(weights, allow_pickle=False) as arrays:
        for layer in model.layers:
            for variable in layer.weights:
                variable.assign(arrays[f"{layer.name}.{variable.name}"])
    return model


def save(model, weights):
    """Write the weights as `load` reads them."""
    arrays = {f"{layer.name}.{variable.name}": keras.ops.convert_to_numpy(variable)
              for layer in model.layers for variable in layer.weights}
    np.savez(weights, **arrays)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        load().summary()
        sys.exit("Use: python model.py PICTURES.npy")
    answers = load().predict(np.load(sys.argv[1], allow_pickle=False), verbose=0)
    for number, answer in enumerate(answers[0] if isinstance(answers, list) else answers):
        best = int(answer.argmax())
        print(f"picture {number}: {CLASSES[best] if best < len(CLASSES) else best} ({answer.flat[best]:.4f})")
