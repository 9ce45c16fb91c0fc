"""The Keras model in a process of its own against the layers' own definitions."""

import importlib.util
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.export.keras_layers import LAYERS as PARTS
from core.export.keras_model import keras_model
from core.export.plan import plan_of
from core.formats import save_file
from core.graph.blocks import group
from core.graph.network import Edge, Network, Node
from core.layers import LAYERS, make_layer
from core.layers.input import Input
from core.project import DataChoice, Project
from core.templates import TEMPLATES, template
from tests.core.export.hostile_names import hostile, renamed, skeleton
from tests.core.export.running import run_all, run_child, run_two_hundred
from tests.core.networks import Drawing, every_layer, two_heads
from tests.core.random_networks import drawn, layers_in_a_network, random_weights

LIMIT = 1e-4
RUN = """[np.moveaxis(np.asarray(y), -1, 1) if y.ndim == 4 else np.asarray(y) for y in (lambda y: y if
    isinstance(y, (list, tuple)) else [y])(module.load().predict_on_batch(
    (lambda xs: xs if len(xs) > 1 else xs[0])([np.moveaxis(x, 1, -1) if x.ndim == 4 else x for x in pictures])))]"""
BACKEND = {"KERAS_BACKEND": "torch"}
SMALL = [name for name in TEMPLATES if max(template(name).network.nodes["n1"].layer.shape) <= 32]
needs_keras = pytest.mark.skipif(not importlib.util.find_spec("keras") or not importlib.util.find_spec("torch"),
                                 reason="needs keras and torch")


def test_every_layer_has_its_parts():
    assert set(PARTS) == set(LAYERS) - {"Input"}


@needs_keras
def test_every_layer_with_many_settings(tmp_path):
    kinds = [kind for kind in LAYERS if kind != "Input"]
    networks = [network for kind in kinds for network in drawn(layers_in_a_network(kind), 5)]
    assert run_all("keras", networks, tmp_path, RUN, **BACKEND) <= LIMIT


@needs_keras
def test_two_hundred_random_networks(tmp_path):
    assert run_two_hundred("keras", tmp_path, RUN, **BACKEND) <= LIMIT


@needs_keras
def test_small_templates_and_several_outputs(tmp_path):
    networks = [every_layer(), two_heads(), two_heads(weight=None), *(template(name).network for name in SMALL)]
    assert run_all("keras", networks, tmp_path, RUN, **BACKEND) <= LIMIT


@needs_keras
def test_inputs_bypassed_layers_normalisation_and_names(tmp_path):
    several = Network().add(Node("a", Input(shape=(2, 3, 4)), "x"), Node("b", Input(shape=(2, 3, 4)), "layers"),
                            Node("c", make_layer("Add", {}), "A/b c"), Node("d", make_layer("Tanh", {}), "keras"))
    for edge in (Edge("a", "c", 0), Edge("b", "c", 1), Edge("b", "d", 0)):
        several = several.connect(edge)
    colour = Drawing().add("Input", "In", shape=(2, 3, 3)).add("Flatten", "F").add("Dense", "D", units=2).network
    normal = Project(colour, random_weights(colour), DataChoice(normalise=True))
    frozen = colour.change("n3", frozen=True)
    projects = [several, frozen, colour.change("n3", bypassed=True), Network().add(Node("a", Input(), "In")),
                replace(normal, progress={"mean": [0.5, -0.2], "spread": [2.0, 0.1]}),
                replace(normal, progress={"mean": [0.5], "spread": [0.1]})]
    assert run_all("keras", projects, tmp_path, RUN, **BACKEND) <= 1e-5
    assert "trainable=False" in (tmp_path / "0001" / "model.py").read_text("utf-8")


_SAVED = """
import sys; sys.path.insert(0, sys.argv[1])
import keras, numpy as np, model
made = model.load()
made.save("whole.keras")
again = keras.models.load_model("whole.keras")
model.save(again, "again.npz")
x = np.random.default_rng(0).normal(size=(2, *made.input_shape[1:])).astype("float32")
print(abs(made.predict_on_batch(x) - again.predict_on_batch(x)).max())
print(abs(made.predict_on_batch(x) - model.load("again.npz").predict_on_batch(x)).max())
for layer in (model.RReLU(0.1, 0.5), model.NoisyReLU(0.5)):
    noisy, quiet = layer(x, training=True), layer(x, training=False)
    print(float(abs(keras.ops.convert_to_numpy(noisy - quiet)).max()) > 0.01)
"""


@needs_keras
def test_a_model_with_layers_of_its_own_is_saved_and_opened_by_keras(tmp_path):
    save_file(Project(every_layer()), tmp_path, "keras")
    assert run_child(_SAVED, tmp_path, **BACKEND).split() == ["0.0", "0.0", "True", "True"]


@needs_keras
def test_it_prints_the_classes_of_pictures(tmp_path):
    save_file(replace(template("lenet5"), classes=tuple("abcdefghij")), tmp_path, "keras")
    np.save(tmp_path / "pictures.npy", np.random.default_rng(0).random((3, 32, 32, 1), np.float32))
    code = "import runpy, sys; sys.argv = ['model.py', 'pictures.npy']; runpy.run_path('model.py', run_name='__main__')"
    lines = run_child(code, tmp_path, **BACKEND).splitlines()
    assert [line[:11] for line in lines] == ["picture 0: ", "picture 1: ", "picture 2: "]


def _functions(name, **changes):
    """The text of a template's model, and its functions."""
    code = keras_model(plan_of(replace(template(name), **changes), auxiliary=True)).code
    return code, re.findall(r"^def (\w+)", code, re.MULTILINE)


def test_blocks_that_are_alike_are_one_function():
    code, functions = _functions("resnet20-cifar")
    assert functions == ["residual_block", "projection_block", "build", "load", "save"]
    assert 'x = projection_block(x, 32, name="S2B1")' in code
    assert code.count("x = residual_block(x, 16, ") == 3
    assert 'return layers.ReLU(name=f"{name}_relu")(x)' in code
    code, functions = _functions("googlenet-aux")
    assert functions == ["pad", "inception_block", "head", "build", "load", "save"]
    assert 'x = inception_block(x, 64, 96, 128, 16, 32, 32, name="I3a")' in code
    assert len(code.splitlines()) < 160
    assert max(map(len, code.splitlines())) <= 120


def test_lenet_reads_as_written_by_hand():
    code, functions = _functions("lenet5")
    assert functions == ["build", "load", "save"]
    assert '    x = layers.Conv2D(6, 5, name="C1")(inputs)\n    x = layers.ReLU(name="A1")(x)\n' in code


def _two_blocks(title):
    """Two blocks that are alike but for their filters."""
    drawing = Drawing().add("Input", "In", shape=(2, 6, 6))
    for number in (1, 2):
        drawing.add("Conv2D", f"C{number}", filters=3 * number).add("ReLU", f"R{number}")
    network = drawing.add("Flatten", "F").add("Dense", "D", units=2).network
    for number in (1, 2):
        keys = [network.names[f"C{number}"], network.names[f"R{number}"]]
        for name, key in zip(("C", "R"), keys, strict=True):
            network = network.rename(key, f"{name}")
        network = group(network, keys, f"{title}{number}").network
    return network


@pytest.mark.parametrize("title", ["print", "build", "layers", "Stage", "B", "1", "load"])
def test_no_function_hides_another_name(title):
    code = keras_model(plan_of(Project(_two_blocks(title)))).code
    functions = re.findall(r"^def (\w+)", code, re.MULTILINE)
    assert len(functions) == 4
    assert functions[1:] == ["build", "load", "save"]
    assert functions[0] not in ("print", "build", "layers", "load", "save")
    assert f"def {functions[0]}(inputs, c_filters, name):" in code


@given(names=st.lists(hostile, min_size=4, max_size=4, unique=True), title=hostile, classes=st.lists(hostile))
@settings(max_examples=30)
def test_no_name_ever_becomes_code(names, title, classes):
    found = [keras_model(plan_of(renamed(each, title, classes))) for each in (names, ["In", "B", "C", "D"])]
    assert skeleton(found[0].code) == skeleton(found[1].code)
