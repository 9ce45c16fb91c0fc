"""What is written as ONNX opens again as the same network with the same answers."""

import io
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from core.formats.onnx import FORMAT, to_onnx
from core.graph.expand import expanded
from core.graph.model import Model
from core.graph.shapes import infer
from core.layers.input import Input
from core.project import Project, complete_weights
from core.templates import TEMPLATES, template

pytest.importorskip("onnx")
LIMIT = 1e-4
SMALL = [name for name in TEMPLATES if max(template(name).network.nodes["n1"].layer.shape) <= 32]


def with_weights(network, seed=0):
    """A project whose weights all matter."""
    rng = np.random.default_rng(seed)
    weights = {name: (rng.uniform(0.5, 1.5, array.shape) if name.endswith(("running_var", "weight"))
                      and array.ndim == 1 else rng.normal(0, 0.3, array.shape)).astype(np.float32)
               for name, array in complete_weights(Project(network)).items()}
    return replace(Project(network), weights=weights)


def reopened(project):
    """The project behind a way through ONNX."""
    return FORMAT.read(io.BytesIO(to_onnx(project)), "net.onnx")


def same_answers(project, other, seed=0):
    """Refuse a second project whose last layers answer otherwise than the first's."""
    assert infer(other.network).errors == ()
    rng = np.random.default_rng(seed)
    feeds = {node.name: rng.normal(0, 1, (2, *node.layer.shape)).astype(np.float32)
             for node in project.network.nodes.values() if isinstance(node.layer, Input)}
    names = [project.network.nodes[key].name for key in project.network.finals()]
    assert {other.network.nodes[key].name for key in other.network.finals()} == set(names)
    expected = Model(project.network, project.weights).outputs(feeds, names)
    found = Model(other.network, other.weights).outputs(feeds, names)
    for name in names:
        assert found[name].shape == expected[name].shape
        lost = np.isinf(expected[name])
        assert np.array_equal(found[name][lost], expected[name][lost])
        scale = max(1.0, np.abs(expected[name][~lost]).max(initial=0.0))
        assert np.abs(found[name][~lost] - expected[name][~lost]).max(initial=0.0) <= LIMIT * scale, name


def kinds(network):
    """How many layers of each type there are."""
    return Counter(node.type for node in network.nodes.values())


def flat(network):
    """The network without blocks, named as names have to be outside of them."""
    whole = expanded(network)
    return replace(whole, nodes={key: replace(node, name=node.name.replace("/", "_"))
                                 for key, node in whole.nodes.items()})


@pytest.mark.parametrize("name", SMALL)
def test_small_templates(name):
    project = with_weights(flat(template(name).network))
    found = reopened(project)
    assert kinds(found.network) == kinds(project.network)
    assert found.network.names.keys() == project.network.names.keys()
    assert found.weights.keys() == project.weights.keys()
    for key, array in project.weights.items():
        assert np.array_equal(found.weights[key], array)
    same_answers(project, found)


def test_places_classes_and_notes():
    project = replace(with_weights(template("lenet5").network), classes=("cat", "dog"))
    found = reopened(project)
    assert found.classes == ("cat", "dog")
    assert len({node.position for node in found.network.nodes.values()}) == len(found.network.nodes)
    assert found.notes.startswith("Read from net.onnx (ONNX, operator set 17, made by guibuilder")
    assert found.network.name == "LeNet-5"
