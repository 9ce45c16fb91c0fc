"""Where new nodes go, what they are wired to, and the arrow keys."""

import pytest

from core.errors import EdgeRefused
from core.graph.clearing import is_tidy
from core.graph.network import Edge, Network
from core.graph.rules import check_edge
from core.graph.shapes import infer
from core.templates import template
from guibuilder.canvas import placing
from guibuilder.canvas.navigation import first, nearest
from guibuilder.canvas.wiring import edge_between, linked, open_sources, open_targets, outcome, refusal


@pytest.fixture
def lenet():
    return template("lenet5").network


def test_the_first_node_lies_top_left():
    node = Network().new_node("Input")
    network = placing.added_after(Network(), node, ())
    assert network.nodes[node.id].position == (24, 24)


def test_layers_added_one_after_the_other_lie_like_text():
    network, last = Network(), ()
    for kind in ("Input", "Conv2D", "ReLU", "MaxPool2D", "Conv2D", "ReLU"):
        node = network.new_node(kind)
        network, last = placing.added_after(network, node, last), (node.id,)
    assert [node.position for node in network.nodes.values()] == [
        (24, 24), (248, 24), (472, 24), (696, 24), (24, 194), (248, 194)]
    assert is_tidy(network)
    assert len(network.edges) == 5


def test_adding_in_the_middle_of_a_chain_puts_it_into_the_wire(lenet):
    node = lenet.new_node("BatchNorm")
    after = placing.added_after(lenet, node, (lenet.names["C1"],))
    assert after.inputs_of(node.id) == {0: lenet.names["C1"]}
    assert after.inputs_of(lenet.names["A1"]) == {0: node.id}
    assert is_tidy(after), "a tidy drawing stays tidy"


def test_a_drawing_of_ones_own_is_not_rearranged(lenet):
    own = lenet.move({lenet.names["Softmax"]: (900, 700)})
    node = own.new_node("BatchNorm")
    after = placing.added_after(own, node, (own.names["C3"],))
    kept = {key for key in own.nodes if own.nodes[key].position == after.nodes[key].position}
    assert len(kept) >= len(own.nodes) - 3, "only what was in the way moved"
    assert after.nodes[own.names["Softmax"]].position == (900, 700)


def test_two_layers_meet_in_a_merge(lenet):
    node = lenet.new_node("Add")
    after = placing.added_after(lenet, node, (lenet.names["C1"], lenet.names["A1"]))
    assert after.inputs_of(node.id) == {0: lenet.names["C1"], 1: lenet.names["A1"]}


def test_a_layer_with_one_input_follows_the_last_of_several(lenet):
    node = lenet.new_node("Dense")
    after = placing.added_after(lenet, node, (lenet.names["C1"], lenet.names["Softmax"]))
    assert after.inputs_of(node.id) == {0: lenet.names["Softmax"]}


def test_an_input_stands_alone(lenet):
    node = lenet.new_node("Input")
    after = placing.added_after(lenet, node, (lenet.names["C1"],))
    assert len(after.edges) == len(lenet.edges)
    assert not placing._overlap(lenet, lenet.names["F7"], after.nodes[node.id].position)


def test_what_a_new_layer_follows(lenet):
    assert placing.default_anchor(lenet, ("n2",)) == ("n2",)
    assert placing.default_anchor(lenet, ()) == (lenet.names["Softmax"],)
    two_ends = lenet.add(lenet.new_node("Conv2D"))
    assert placing.default_anchor(two_ends, ()) == ()


def test_nothing_is_put_on_top_of_another(lenet):
    place = placing.free_place(lenet, lenet.by_name("C1").position)
    assert not any(placing._overlap(lenet, key, place) for key in lenet.nodes)


def test_inserting_where_it_cannot_be(lenet):
    edge = lenet.edges[1]
    assert not placing.can_insert(lenet, lenet.new_node("Input"), edge)
    assert not placing.can_insert(lenet, lenet.nodes[edge.source], edge)
    assert not placing.can_insert(lenet, lenet.by_name("Softmax"), edge), "its input is taken"
    assert placing.can_insert(lenet, lenet.new_node("ReLU"), edge)


def test_open_targets_agree_with_the_rule(lenet):
    network = lenet.add(lenet.new_node("Add"))
    network = network.connect(Edge("n3", "n15", 0)).disconnect(Edge("n6", "n7", 0))
    for source in network.nodes:
        allowed = {key for key in network.nodes if not refusal(network, edge_between(network, source, key))}
        assert open_targets(network, source) == allowed
    for target in ("n7", "n15", "n2"):
        allowed = {key for key in network.nodes if not refusal(network, Edge(key, target, 1 if target == "n15" else 0))}
        assert open_sources(network, target, 1 if target == "n15" else 0) == allowed


def test_the_reason_is_the_rules_own(lenet):
    edge = edge_between(lenet, lenet.names["A3"], lenet.names["C1"])
    with pytest.raises(EdgeRefused) as caught:
        check_edge(lenet, edge)
    assert refusal(lenet, edge) == caught.value.message


def test_the_outcome_of_a_wire():
    network = Network()
    for kind in ("Input", "Conv2D", "Dense"):
        network = network.add(network.new_node(kind))
    inference = infer(network)
    assert outcome(network, inference, Edge("n1", "n2", 0)) == ("→ 8×26×26", True)
    words, runs = outcome(network, inference, Edge("n1", "n3", 0))
    assert "needs a flat vector" in words
    assert not runs


def test_refused_wires_are_left_out(lenet):
    node = lenet.new_node("ReLU")
    after = linked(lenet, node, ("n1", "n2"), Edge("", "n3", 0))
    assert after.inputs_of(node.id) == {0: "n1"}
    assert after.inputs_of("n3") == lenet.inputs_of("n3")


@pytest.mark.parametrize(("start", "direction", "end"), [
    ("C1", "right", "A1"), ("A1", "left", "C1"), ("S2", "right", "C3"), ("C3", "left", "S2"), ("C1", "down", "A3"),
    ("A3", "up", "C1"), ("Input", "left", None), ("Input", "up", None), ("Softmax", "down", None),
])
def test_arrow_keys_go_to_the_next_layer(lenet, start, direction, end):
    found = nearest(lenet, lenet.names[start], direction)
    assert (found and lenet.nodes[found].name) == end


def test_reading_begins_top_left(lenet):
    assert first(lenet) == lenet.names["Input"]
    assert first(Network()) is None


def test_every_layer_is_reached_with_the_arrow_keys():
    network = template("resnet-small").network
    seen, waiting = set(), [first(network)]
    while waiting:
        key = waiting.pop()
        if key is not None and key not in seen:
            seen.add(key)
            waiting += [nearest(network, key, direction) for direction in ("left", "right", "up", "down")]
    assert seen == set(network.nodes)
