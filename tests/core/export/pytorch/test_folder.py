"""The exported folder: what is in it, names that would like to be code, and weights that find their way back."""

import ast
import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FormatError
from core.export.pytorch import check
from core.export.pytorch.check import run_pytorch
from core.export.pytorch.folder import pytorch_folder
from core.export.pytorch.model import state_names, write_model
from core.formats import FORMATS, save_file
from core.formats.weights_files import from_safetensors, to_safetensors
from core.formats.weights_into import weights_into
from core.graph.blocks import group
from core.graph.network import Network
from core.project import DataChoice, Project, complete_weights
from core.templates import template
from tests.core.networks import Drawing, every_layer, small_cnn, two_heads
from tests.core.random_networks import random_weights

NASTY = ["class", "self", "forward", "None", "import", "F", "torch", "x", "nn", "scores", "weight", "__init__", "1",
         "é", "training", "卷积", '"""', "'); import os; os.system('", "a\\", "{own}", "{x}", "#", "x y", "C1", "c1",
         "c_1", "branch1", "out", "\u202eabc", "super", "print", "%s", "a" * 80, "Maxout", "Network", "ReLU",
         "Path", "True"]


def test_the_files(tmp_path):
    project = replace(template("lenet5"), classes=("a", '"b"'))
    save_file(project, tmp_path / "out", "pytorch")
    names = {"model.py", "train.py", "config.json", "weights.safetensors", "README.md", "data.npz"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["classes"] == ["a", '"b"']
    assert config["training"]["learning_rate"] == project.options.learning_rate
    assert config["outputs"] == [{"name": "Softmax", "loss": "cross-entropy", "weight": 1.0}]
    text = (tmp_path / "out" / "README.md").read_text()
    for command in ("python train.py", "--device cuda", "torchrun --nproc_per_node=2 train.py"):
        assert command in text
    save_file(project, tmp_path / "out.zip", "pytorch")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert set(archive.namelist()) == names
        assert archive.read("model.py") == (tmp_path / "out" / "model.py").read_bytes()


def test_the_same_project_gives_the_same_bytes():
    made = []
    for _ in range(2):
        buffer = io.BytesIO()
        FORMATS["pytorch"].write(template("mlp"), buffer)
        made.append(buffer.getvalue())
    assert made[0] == made[1]


def test_what_cannot_be_trained_comes_without_a_program():
    folder = pytorch_folder(Project(Drawing().add("Input", "In", shape=(3, 4, 4)).add("Conv2D", "C").network))
    assert set(folder.texts) == {"model.py", "README.md"}
    assert "without a program" in folder.texts["README.md"]


@pytest.mark.parametrize("name", ["lenet5", "googlenet-small", "resnet20-cifar", "mlp"])
def test_names_in_the_state_dict_are_all_different(name):
    names = state_names(template(name).network)
    assert len(set(names.values())) == len(names)
    assert len(names) == len(complete_weights(template(name)))


@pytest.mark.parametrize("network", [every_layer(), two_heads(), template("resnet20-cifar").network], ids=str)
def test_weights_find_their_way_back(tmp_path, network):
    project = Project(network)
    names, weights = state_names(network), random_weights(network)
    elsewhere = {names[key]: array for key, array in weights.items()}
    elsewhere |= {name.replace("running_mean", "num_batches_tracked"): np.array(3) for name in elsewhere
                  if name.endswith("running_mean")}
    path = tmp_path / "w.safetensors"
    path.write_bytes(to_safetensors(elsewhere))
    back, problems = weights_into(project, path)
    assert problems == []
    assert back.weights.keys() == weights.keys()
    assert all(np.array_equal(back.weights[key], array) for key, array in weights.items())
    path.write_bytes(to_safetensors(weights))
    assert weights_into(project, path)[0].weights.keys() == weights.keys()


def test_names_that_differ_in_case_alone(tmp_path):
    drawing = Drawing().add("Input", "In", shape=(1, 8, 8)).add("Conv2D", "C1", filters=2)
    network = drawing.add("Conv2D", "c1", filters=2).add("Conv2D", "c_1", filters=2).network
    assert state_names(network)["C1.bias"] == "c1.bias"
    assert state_names(network)["c1.bias"] == "c1_2.bias"
    folder = pytorch_folder(Project(network))
    (tmp_path / "w.safetensors").write_bytes(to_safetensors(folder.weights))
    back, _ = weights_into(Project(network), tmp_path / "w.safetensors")
    expected = complete_weights(Project(network))
    assert all(np.array_equal(back.weights[key], array) for key, array in expected.items())


def _renamed(names: list[str], title: str) -> Network:
    """A small network with a block and all kinds of calls, its layers named so."""
    network = two_heads(weight=None)
    free = iter(dict.fromkeys(names))
    nodes = {}
    taken = set()
    for key, node in network.nodes.items():
        name = next(free, node.name)
        nodes[key] = replace(node, name=node.name if name in taken or name in network.names else name)
        taken.add(nodes[key].name)
    network = replace(network, nodes=nodes, name=title)
    inside = [key for key, node in network.nodes.items() if node.type in ("Conv2D", "BatchNorm")][1:]
    return group(network, inside, next(free, "Block")).network


def _calls(text: str) -> int:
    """How many calls a program makes; refuses imports and calls that a module has no need of."""
    tree = ast.parse(text)
    classes = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
            assert {name.partition(".")[0] for name in modules} <= {"torch", "math"}
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            first, _, rest = called.partition(".")
            assert first in {"self", "F", "torch", "nn"} or called in {"super", "super().__init__", *classes}
            assert rest.isidentifier() or not rest or called == "super().__init__"
    return sum(isinstance(node, ast.Call) for node in ast.walk(tree))


LETTERS = st.text(st.characters(codec="utf-8", exclude_characters="./", exclude_categories=("Cc", "Cs")), min_size=1,
                  max_size=20)


TITLES = st.text(max_size=30) | st.sampled_from(NASTY)


@given(st.lists(st.sampled_from(NASTY) | LETTERS, min_size=14, max_size=14), TITLES)
@settings(max_examples=100)
def test_no_name_becomes_code(names, title):
    plain = _renamed([], "Net")
    model = write_model(_renamed(names, title))
    assert _calls(model.text) == _calls(write_model(plain).text)
    assert model.name.isidentifier()
    assert len(set(model.places.values())) == len(model.places)
    for place in model.places.values():
        assert all(part.isidentifier() and part.isascii() for part in place.split("."))
    assert compile(model.text, "model.py", "exec")


@given(LETTERS, st.lists(LETTERS, max_size=3))
@settings(max_examples=40)
def test_texts_stay_in_the_config(source, classes):
    project = Project(small_cnn(), data=DataChoice(f"/nowhere/{source}"), classes=tuple(classes))
    folder = pytorch_folder(project)
    config = json.loads(folder.texts["config.json"])
    assert config["data"]["source"] == f"/nowhere/{source}"
    assert config["classes"] == classes
    assert folder.texts["train.py"] == pytorch_folder(replace(project, data=DataChoice("/nowhere/a"))).texts["train.py"]


def test_it_runs_here(tmp_path):
    pytest.importorskip("torch")
    project = Project(small_cnn())
    x = np.random.default_rng(0).random((5, 1, 8, 8), np.float32)
    for out in (tmp_path / "out", tmp_path / "out.zip"):
        save_file(project, out, "pytorch")
        assert np.allclose(run_pytorch(out, project, x).sum(axis=1), 1)
    (tmp_path / "out" / "model.py").write_text("raise RuntimeError('broken')")
    with pytest.raises(FormatError, match="broken"):
        run_pytorch(tmp_path / "out", project, x)


def test_without_pytorch_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(check, "torch_is_here", lambda: False)
    with pytest.raises(FormatError, match="pip install torch"):
        run_pytorch(tmp_path, Project(small_cnn()), np.zeros((1, 1, 8, 8), np.float32))


def test_weights_are_what_the_network_begins_with(tmp_path):
    project = template("mlp")
    save_file(project, tmp_path / "out", "pytorch")
    found = from_safetensors((tmp_path / "out" / "weights.safetensors").read_bytes(), "weights")
    names = state_names(project.network)
    assert all(np.array_equal(found[names[key]], array) for key, array in complete_weights(project).items())
