"""Networks of all types of layers, drawn by Hypothesis, come back from ONNX with the same layers and answers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from core.errors import FormatError
from core.graph.network import Edge, Network, Node
from core.graph.shapes import infer
from core.layers.input import Input
from core.layers.unknown import Unknown
from tests.core.formats.test_onnx_reading import kinds, reopened, same_answers, with_weights
from tests.core.layers.drawn import KINDS, cases
from tests.core.networks import every_layer

pytest.importorskip("onnx")
# What their operators alone do not tell: which slope was drawn or noisy, that a kernel was a bell.
AS = {"VeryLeakyReLU": "LeakyReLU", "RReLU": "LeakyReLU", "NoisyReLU": "ReLU", "GaussianPool2D": "Conv2D"}


def network_of(layer, shapes):
    """The layer behind an Input for each of its ports, with a curve behind it."""
    nodes = [Node(f"i{port}", Input(shape=shape), f"In{port}") for port, shape in enumerate(shapes)]
    network = Network().add(*nodes, Node("l", layer, "Layer"))
    for port in range(len(shapes)):
        network = network.connect(Edge(f"i{port}", "l", port))
    end = network.new_node("Tanh")
    return network.add(end).connect(Edge("l", end.id))


def there_and_back(network):
    """Refuse a network that comes back otherwise. What cannot be written cannot be read."""
    project = with_weights(network)
    try:
        found = reopened(project)
    except FormatError as error:
        if "padding alone" in error.message:
            return
        raise
    assert not any(isinstance(node.layer, Unknown) for node in found.network.nodes.values())
    same_answers(project, found)
    expected = {name: AS.get(kind, kind) for name, kind in
                ((node.name, node.type) for node in network.nodes.values())}
    assert {node.name: node.type for node in found.network.nodes.values()} == expected


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "Input"])
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_type_of_layer(kind, data):
    layer, shapes = data.draw(cases(kind))
    network = network_of(layer, shapes)
    assume(infer(network).runs)
    there_and_back(network)


@st.composite
def chains(draw):
    """Up to eight layers in a row, each one that fits, with a shortcut where shapes allow."""
    node = Node("n1", Input(shape=draw(st.sampled_from([(4, 9, 8), (6, 7, 7), (12,)]))), "In")
    network, last = Network().add(node), "n1"
    for _ in range(draw(st.integers(2, 8))):
        kind = draw(st.sampled_from([kind for kind in KINDS if kind not in ("Add", "Concatenate", "Input")]))
        layer, _ = draw(cases(kind))
        new = Node(network.fresh_id(), layer, network.fresh_name(kind))
        grown = network.add(new).connect(Edge(last, new.id))
        if not infer(grown).runs:
            continue
        network, last = grown, new.id
        before = [key for key, shape in infer(network).shapes.items() if shape == infer(network).shapes[last]
                  and key != last]
        if before and draw(st.booleans()):
            new = network.new_node(draw(st.sampled_from(["Add", "Concatenate"])))
            network = network.add(new).connect(Edge(last, new.id)).connect(Edge(before[-1], new.id, 1))
            last = new.id
    return network


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(chains())
def test_a_hundred_networks(network):
    assume(len(network.nodes) > 2)
    there_and_back(network)


def test_all_layers_at_once():
    there_and_back(every_layer())
    assert kinds(every_layer())["Maxout"] == 1


def test_untrained_scales_and_centred_curves_stay():
    network = network_of(*_scale())
    found = reopened(replace(with_weights(network), weights={}))
    assert kinds(found.network) == kinds(network)
    assert np.array_equal(found.weights["Layer.weight"], np.ones(3, np.float32))


def _scale():
    from core.layers import make_layer

    return make_layer("Scale", {}), ((3, 4, 4),)
