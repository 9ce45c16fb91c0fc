"""Models that Keras 3 exports itself to ONNX open here and answer alike: channels last, padding computed from sizes."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from core.formats import open_file
from core.graph.model import Model
from core.graph.shapes import infer
from core.layers.input import Input

pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
if not all(importlib.util.find_spec(name) for name in ("keras", "torch")):
    pytest.skip("Keras or PyTorch is not installed", allow_module_level=True)

# Keras takes its backend from the environment, so it runs in a process of its own.
SCRIPT = """
import json, sys
import keras
import numpy as np
from keras import layers as L

def plain():
    return keras.Sequential([L.Input((28, 28, 1)), L.Conv2D(8, 3, padding="same", activation="relu"), L.MaxPooling2D(),
        L.Conv2D(12, 3, strides=2, padding="same"), L.BatchNormalization(), L.ReLU(max_value=6),
        L.GlobalAveragePooling2D(), L.Dense(10, activation="softmax")])

def lenet():
    return keras.Sequential([L.Input((28, 28, 1)), L.Conv2D(6, 5, activation="tanh"), L.AveragePooling2D(2),
        L.Conv2D(9, 5), L.LeakyReLU(0.1), L.Flatten(), L.Dense(20, activation="relu"), L.Dropout(0.5), L.Dense(10)])

def branched():
    given = keras.Input((20, 20, 3))
    x = L.Rescaling(1 / 127.5, offset=-1)(given)
    x = L.ReLU()(L.BatchNormalization()(L.Conv2D(8, 3, padding="same", use_bias=False)(x)))
    y = L.SeparableConv2D(8, 3, padding="same")(L.DepthwiseConv2D(3, padding="same")(x))
    z = L.concatenate([L.add([x, y]), y])
    z = L.PReLU(shared_axes=[1, 2], alpha_initializer="random_uniform")(L.ZeroPadding2D(1)(z))
    z = L.Flatten()(L.MaxPooling2D(3, strides=2, padding="same")(z))
    return keras.Model(given, L.Dense(7, activation="softmax")(z))

keras.utils.set_random_seed(0)
for make in (plain, lenet, branched):
    model = make()
    x = np.random.default_rng(0).random((2, *model.input_shape[1:])).astype("float32")
    np.savez(make.__name__ + ".npz", x=x, y=keras.ops.convert_to_numpy(model(x)))
    model.export(make.__name__ + ".onnx", format="onnx", verbose=False)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("keras")
    environment = {**os.environ, "KERAS_BACKEND": "torch", "KERAS_HOME": str(found)}
    ended = subprocess.run([sys.executable, "-W", "ignore", "-c", SCRIPT], cwd=found, env=environment, check=False,
                           capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return found


@pytest.mark.parametrize("name", ["plain", "lenet", "branched"])
def test_a_model_of_keras_answers_alike(folder, name):
    project = open_file(folder / f"{name}.onnx")
    assert infer(project.network).errors == ()
    stored = np.load(folder / f"{name}.npz")
    model = Model(project.network, project.weights)
    (given,) = [node.name for node in model.network.nodes.values() if isinstance(node.layer, Input)]
    (last,) = [model.network.nodes[key].name for key in model.network.finals()]
    found = model.outputs({given: np.moveaxis(stored["x"], -1, 1)}, [last])[last]
    assert "height × width × channels" in project.notes
    assert np.abs(found - stored["y"]).max() <= 1e-4
