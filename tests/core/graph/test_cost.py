"""Counts and receptive fields, with the numbers of the lectures."""

from core.graph.cost import cost
from core.graph.network import Edge, Network
from core.graph.shapes import infer
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
    assert total.memory_bytes(64, "adam") == 61_706 * 16 + 4_105_216
    assert total.memory_bytes(1, "sgd") == 61_706 * 8 + total.activation_bytes


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
    assert cost(infer(network)).layers[join.id].receptive_field.size == (5, 5)


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
