"""The NumPy script in a process of its own against the layers' own definitions."""

import ast
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FileError, FormatError, NetworkError
from core.export.numpy_calls import CALLS, NOTHING
from core.export.numpy_script import numpy_script
from core.export.plan import plan_of
from core.formats import save_file
from core.graph.network import Edge, Network, Node
from core.layers import LAYERS, make_layer
from core.layers.input import Input
from core.project import DataChoice, Project, complete_weights
from core.templates import TEMPLATES, template
from tests.core.export.hostile_names import hostile, renamed, skeleton
from tests.core.export.running import run_all, run_two_hundred
from tests.core.networks import Drawing, every_layer, two_heads
from tests.core.random_networks import drawn, layers_in_a_network, random_weights

LIMIT = 1e-4
RUN = "module.forward(*pictures)"
SMALL = [name for name in TEMPLATES if max(template(name).network.nodes["n1"].layer.shape) <= 32]


def test_every_layer_has_its_call():
    assert set(CALLS) | NOTHING == set(LAYERS) - {"Input"}


def test_every_layer_with_many_settings(tmp_path):
    kinds = [kind for kind in LAYERS if kind != "Input"]
    networks = [network for kind in kinds for network in drawn(layers_in_a_network(kind), 8)]
    assert run_all("numpy", networks, tmp_path, RUN) <= LIMIT


def test_two_hundred_random_networks(tmp_path):
    assert run_two_hundred("numpy", tmp_path, RUN) <= LIMIT


def test_small_templates_and_all_layers_at_once(tmp_path):
    networks = [every_layer(), *(template(name).network for name in SMALL)]
    assert run_all("numpy", networks, tmp_path, RUN) <= LIMIT


def test_outputs_inputs_bypassed_layers_and_normalisation(tmp_path):
    several = Network().add(Node("a", Input(shape=(3,)), "x"), Node("b", Input(shape=(3,)), "np"),
                            Node("c", make_layer("Add", {}), "sum"), Node("d", make_layer("Tanh", {}), "forward"))
    for edge in (Edge("a", "c", 0), Edge("b", "c", 1), Edge("b", "d", 0)):
        several = several.connect(edge)
    bypassed = Drawing().add("Input", "In", shape=(2, 5, 5)).add("Conv2D", "C", filters=3).add("ReLU", "R").network
    bypassed = bypassed.change("n2", bypassed=True)
    colour = Drawing().add("Input", "In", shape=(2, 3, 3)).add("Flatten", "F").add("Dense", "D", units=2).network
    normal = Project(colour, random_weights(colour), DataChoice(normalise=True))
    projects = [several, two_heads(), two_heads(weight=None), bypassed, bypassed.change("n3", bypassed=True),
                Drawing().add("Input", "In", shape=(2, 3, 3)).network,
                replace(normal, progress={"mean": [0.5, -0.2], "spread": [2.0, 0.1]}),
                replace(normal, progress={"mean": [0.5], "spread": [0.1]})]
    assert run_all("numpy", projects, tmp_path, RUN) <= 1e-5
    with pytest.raises(FormatError, match="Train first"):
        save_file(normal, tmp_path / "new", "numpy")


def test_only_what_is_used_is_written():
    script = numpy_script(plan_of(template("lenet5")))
    functions = [node.name for node in ast.parse(script).body if isinstance(node, ast.FunctionDef)]
    assert functions == ["pad", "windows", "conv2d", "dense", "flatten", "max_pool", "relu", "softmax", "forward",
                         "predict", "read", "as_pictures"]
    assert max(map(len, script.splitlines())) <= 120
    assert "# C3: Conv2D, 16 of 5×5, stride 1 → 16×10×10\n    x = conv2d(x, W['C3.weight'], W['C3.bias'])" in script


def test_it_prints_the_classes_of_pictures(tmp_path):
    project = replace(template("mlp"), classes=tuple("abcdefghij"))
    save_file(project, tmp_path / "digits.py")
    assert {path.name for path in tmp_path.iterdir()} == {"digits.py", "digits.npz"}
    with np.load(tmp_path / "digits.npz") as found:
        held = {name: found[name] for name in found.files}
    assert all(np.array_equal(held[name], array) for name, array in complete_weights(project).items())
    shape = project.network.nodes["n1"].layer.shape
    pictures = np.random.default_rng(0).integers(0, 256, (5, *shape), np.uint8)
    np.save(tmp_path / "bytes.npy", pictures)
    np.savez(tmp_path / "floats.npz", x_test=(pictures / np.float32(255)))
    np.save(tmp_path / "one.npy", pictures[0])
    np.save(tmp_path / "wrong.npy", pictures[:, :, 1:])

    def said(name):
        command = [sys.executable, str(tmp_path / "digits.py"), str(tmp_path / name)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    lines = said("bytes.npy").stdout.splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("picture 0: ")
    assert lines[0].split()[2] in "abcdefghij"
    assert said("floats.npz").stdout.splitlines() == lines
    assert said("one.npy").stdout.splitlines() == lines[:1]
    assert "The pictures must be" in said("wrong.npy").stderr
    assert "Use: python digits.py" in said("").stderr or said("").returncode != 0


def test_folder_and_zip(tmp_path):
    project = template("mlp")
    save_file(project, tmp_path / "out", "numpy")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"model.py", "weights.npz"}
    save_file(project, tmp_path / "out.zip", "numpy")
    with np.load(tmp_path / "out.zip") as members:
        assert set(members.files) == {"model.py", "weights.npz"}
        assert members["model.py"] == (tmp_path / "out" / "model.py").read_bytes()
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileError, match="is a file"):
        save_file(project, tmp_path / "file", "numpy")
    with pytest.raises(NetworkError, match="empty"):
        save_file(Project(), tmp_path / "empty", "numpy")


@given(names=st.lists(hostile, min_size=4, max_size=4, unique=True), title=hostile, classes=st.lists(hostile),
       script=hostile)
@settings(max_examples=30)
def test_no_name_ever_becomes_code(names, title, classes, script):
    found = numpy_script(plan_of(renamed(names, title, classes)), script, script)
    plain = numpy_script(plan_of(renamed(["In", "B", "C", "D"], "n", ["k"] * len(classes))), "m", "w")
    assert skeleton(found) == skeleton(plain)
