"""Initial values, arranging, fixes and the clipboard."""

import math

import numpy as np
import pytest

from core.errors import CoreError
from core.graph.arrange import NODE_HEIGHT, NODE_WIDTH, arrange
from core.graph.clipboard import paste, to_text
from core.graph.fixes import fixes_for
from core.graph.initial import draw, initial_weights, stream
from core.graph.network import Edge, Network
from core.graph.plain import edge_from_plain, node_from_plain, node_to_plain
from core.graph.shapes import infer
from core.layers.base import INITIALISATIONS, ArraySpec
from core.templates import TEMPLATES, template


def test_initial_values_depend_on_name_and_seed_only():
    network = template("lenet5").network
    weights = initial_weights(infer(network), 3)
    assert sum(array.size for array in weights.values()) == 61_706
    smaller = network.remove(network.names["C1"], network.names["A1"])
    smaller = smaller.connect(Edge(network.names["Input"], network.names["S2"]))
    assert not np.array_equal(weights["F6.weight"], initial_weights(infer(network), 4)["F6.weight"])
    other = initial_weights(infer(smaller), 3)
    np.testing.assert_array_equal(weights["F6.weight"], other["F6.weight"])


@pytest.mark.parametrize("kind", INITIALISATIONS)
def test_initialisations_have_their_spread(kind):
    spec = ArraySpec((200, 300), kind, fan_in=300, fan_out=200)
    values = draw(spec, stream(0, kind))
    expected = {"zeros": 0, "constant": 0, "normal": 0.05}.get(kind)
    if expected is None:
        expected = math.sqrt(2 / 500 if kind.startswith("xavier") else 2 / 300)
    assert abs(values.std() - expected) <= 0.02 * expected + 1e-7
    if kind == "xavier-uniform":
        assert np.abs(values).max() <= math.sqrt(6 / 500)


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_arranged_nodes_do_not_overlap_and_stay_put(name):
    network = template(name).network
    places = arrange(network)
    assert set(places) == set(network.nodes)
    boxes = list(places.values())
    for number, (x, y) in enumerate(boxes):
        for left, top in boxes[number + 1:]:
            assert abs(x - left) >= NODE_WIDTH or abs(y - top) >= NODE_HEIGHT
    assert arrange(network.move(places)) == places
    assert all(x % 8 == 0 for x, _ in boxes)


def test_arranging_a_part_keeps_its_corner():
    network = template("lenet5").network
    part = [network.names[name] for name in ("C5", "A5", "F6")]
    moved = network.move({part[0]: (500, 700), part[1]: (480, 900), part[2]: (900, 650)})
    places = arrange(moved, part)
    assert set(places) == set(part)
    assert (min(x for x, _ in places.values()), min(y for _, y in places.values())) == (480, 650)


def texts(network):
    inference = infer(network)
    problem = inference.problems[0]
    found = fixes_for(inference, problem)
    for fix in found:
        assert not any(each.code == problem.code for each in infer(fix.network).problems_of(problem.node))
    return [fix.text for fix in found]


def test_fixes_of_a_kernel_that_does_not_fit():
    network = template("lenet5").network
    assert texts(network.change(network.names["C3"], kernel=15)) == [
        "Kernel 5×5 → 16×10×10", "Padding 1 → 16×2×2", "Remove S2 → 16×14×14"]


def test_fixes_of_a_missing_flatten():
    network = template("lenet5").network
    key = network.names["Flatten"]
    healed = network.remove(key).connect(Edge(network.names["S4"], network.names["C5"]))
    assert texts(healed)[0] == "Put a Flatten before it → 120"
    assert texts(network.remove(key))[0] == "Wire S4 into it through a Flatten → 120"


def test_fixes_of_merges_groups_and_inputs():
    network = template("resnet-small").network
    wider = network.change(network.names["B1_conv2"], filters=24)
    assert any("1×1 convolution" in text for text in texts(wider))
    grouped = template("lenet5").network
    grouped = grouped.change(grouped.names["C3"], groups=4)
    assert texts(grouped)[-1].startswith("2 groups")
    bare = Network()
    bare = bare.add(bare.new_node("Conv2D"))
    assert texts(bare) == ["Delete Conv2D"] or "Input" in texts(bare)[0]


def test_fix_of_unread_pixels_reads_them():
    network = template("lenet5").network
    network = network.change(network.names["S4"], kernel=3, stride=3)
    assert any("Padding" in text for text in texts(network))


def test_copy_and_paste_keep_inner_wires():
    network = template("lenet5").network
    ids = [network.names[name] for name in ("C3", "A3")]
    text = to_text(network, ids)
    pasted, new = paste(network, text)
    assert len(pasted.nodes) == len(network.nodes) + 2
    assert pasted.nodes[new[0]].name == "C3_2" or pasted.nodes[new[0]].name == "C_2"
    assert Edge(new[0], new[1]) in pasted.edges
    assert not pasted.inputs_of(new[0])
    kept, new = paste(network, text, keep_inputs=True)
    assert kept.inputs_of(new[0]) == {0: network.names["S2"]}


@pytest.mark.parametrize("text", ["", "hello", "[]", "{}", '{"format": "guibuilder-layers", "nodes": 3, "edges": []}',
                                  '{"format": "guibuilder-layers", "nodes": [{"id": 1}], "edges": []}',
                                  "[" * 100_000, '{"format": "guibuilder-layers", "nodes": [1], "edges": []}'])
def test_anything_else_in_the_clipboard_is_refused_in_words(text):
    with pytest.raises(CoreError) as caught:
        paste(Network(), text)
    assert str(caught.value).endswith(".")


def test_plain_data_round_trips_and_refuses():
    node = template("lenet5").network.nodes["n2"]
    assert node_from_plain(node_to_plain(node)) == node
    unknown = {"id": "a", "type": "Capsule", "name": "K", "settings": {"x": [1]}, "position": [0, 0], "colour": "red"}
    assert node_to_plain(node_from_plain(unknown)) == unknown
    for change in ({"id": 3}, {"name": ""}, {"settings": []}, {"position": [1]}, {"position": [1e300, 0]},
                   {"type": "Conv2D", "settings": {"filters": 0}}, {"position": [float("nan"), 0]}):
        with pytest.raises(CoreError):
            node_from_plain({**unknown, **change})
    for bad in ({}, {"from": "a", "to": "b", "port": -1}, {"from": "a", "to": "b", "port": True}):
        with pytest.raises(CoreError):
            edge_from_plain(bad)
