"""Counts and receptive fields, with the numbers of the lectures."""

import pytest

from core.graph.cost import ReceptiveField, cost
from core.graph.network import Edge, Network, Node
from core.graph.shapes import infer
from core.layers import make_layer
from core.templates import template


def costs(network):
    inference = infer(network)
    found = cost(inference)
    return found, {network.nodes[key].name: each for key, each in found.layers.items()}


def test_lenet():
    total, layers = costs(template("lenet5").network)
    assert (total.parameters, total.trainable, total.macs) == (61_706, 61_706, 416_520)
    assert [layers[name].parameters for name in ("C1", "C3", "C5", "F6", "F7")] == [156, 2416, 48_120, 10_164, 850]
    fields = [layers[name].receptive_field for name in ("C1", "S2", "C3", "S4")]
    assert [field.size for field in fields] == [(5, 5), (6, 6), (14, 14), (16, 16)]
    assert [field.jump for field in fields] == [(1, 1), (2, 2), (2, 2), (4, 4)]
    assert fields[1].start == (2.5, 2.5)
    assert layers["Flatten"].receptive_field is None
    assert layers["C1"].macs == 117_600
    assert total.activation_bytes * 64 == 4_105_216
    assert total.memory_bytes(64, "adam") - total.memory_bytes(64, "sgd") == pytest.approx(61_706 * 8, rel=0.001)
    assert total.memory_bytes(128, "sgd") > total.memory_bytes(64, "sgd") > 61_706 * 8


def test_multiply_adds_of_the_way_back():
    """Gradient of the weights + gradient of the input; the first layer's input needs none."""
    total, layers = costs(template("lenet5").network)
    assert (layers["C1"].macs_weights, layers["C1"].macs_inputs) == (117_600, 0)
    assert layers["C3"].macs_backward == 2 * layers["C3"].macs
    assert total.macs_backward == 2 * 416_520 - 117_600
    assert layers["S2"].macs_backward == 0


def test_frozen_layers_only_hand_the_gradient_on():
    network = template("lenet5").network
    _, layers = costs(network.change(network.names["C3"], frozen=True))
    assert (layers["C3"].macs_weights, layers["C3"].macs_inputs) == (0, layers["C3"].macs)
    frozen = network.change(network.names["C1"], frozen=True)
    _, layers = costs(frozen)
    assert layers["C1"].macs_backward == 0
    assert layers["C3"].macs_inputs == 0


def stack(*layers):
    network = Network()
    last = network.new_node("Input", shape=[1, 64, 64])
    network = network.add(last)
    for kind, settings in layers:
        node = network.new_node(kind, **settings)
        network = network.add(node).connect(Edge(last.id, node.id))
        last = node
    return network, last.id


def test_two_and_three_small_filters_see_like_one_large():
    for count, size in ((2, 5), (3, 7)):
        network, last = stack(*[("Conv2D", {"kernel": 3})] * count)
        assert cost(infer(network)).layers[last].receptive_field.size == (size, size)


def test_branches_take_the_largest_field():
    network, wide = stack(("Conv2D", {"kernel": 5, "padding": "same"}))
    narrow = network.new_node("Conv2D", kernel=1)
    network = network.add(narrow).connect(Edge("n1", narrow.id))
    join = network.new_node("Concatenate")
    network = network.add(join).connect(Edge(narrow.id, join.id, 0)).connect(Edge(wide, join.id, 1))
    network = network.add(Node("n9", make_layer("Conv2D", {"kernel": 3}), "Last")).connect(Edge(join.id, "n9"))
    layers = cost(infer(network)).layers
    assert layers[join.id].receptive_field == ReceptiveField((5, 5), (1, 1), (0.0, 0.0))
    assert layers[join.id].receptive_field_smallest == ReceptiveField((1, 1), (1, 1), (0.0, 0.0))
    assert (layers["n9"].receptive_field.size, layers["n9"].receptive_field_smallest.size) == ((7, 7), (3, 3))
    assert layers[wide].receptive_field_smallest == layers[wide].receptive_field


def test_frozen_and_bypassed_layers():
    network = template("mlp").network
    total, _ = costs(network.change(network.names["Hidden1"], frozen=True))
    assert total.parameters - total.trainable == 784 * 128 + 128
    network, last = stack(("Conv2D", {"kernel": 5, "bypassed": True}))
    assert cost(infer(network)).layers[last].parameters == 0


def test_broken_networks_count_what_is_known():
    network = template("lenet5").network
    total, layers = costs(network.change(network.names["C3"], kernel=15))
    assert total.parameters == 156
    assert "C3" not in layers
