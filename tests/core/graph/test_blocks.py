"""Layers become a block and come out again: nothing is lost on the way, to the last byte of the file."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import NetworkError
from core.formats.network_json import network_from_bytes, network_to_text
from core.graph.block import Block, BlockInput, BlockOutput, depth_of
from core.graph.blocks import group, ungroup
from core.graph.clipboard import paste, to_text
from core.graph.cost import cost
from core.graph.expand import expanded, never_grouped
from core.graph.fixes import fixes_for
from core.graph.initial import initial_weights
from core.graph.levels import longest_path, names_at, network_at, put_at, renamed_layers
from core.graph.network import Edge, Network, Node
from core.graph.shapes import infer
from core.layers import make_layer
from core.layers.conv2d import Conv2D
from core.project import Project, fitting
from core.templates import template
from core.train.progress import network_mark
from tests.core.networks import Drawing, every_layer


def ids(network, *names):
    return [network.names[name] for name in names]


def grouped(network, *names, name="Stem"):
    return group(network, ids(network, *names), name).network


@st.composite
def networks(draw):
    """Any drawing without cycles: layers of one to three inputs, some of them without a wire, in any order."""
    count = draw(st.integers(2, 9))
    nodes, edges = {}, []
    kinds = draw(st.lists(st.sampled_from(("ReLU", "Conv2D", "Add", "Concatenate", "Dropout")), min_size=count,
                          max_size=count))
    for number, kind in enumerate(["Input", *kinds]):
        place = (draw(st.floats(-500, 500)), float(draw(st.integers(-300, 300))))
        nodes[f"n{number + 1}"] = Node(f"n{number + 1}", make_layer(kind, {}), f"L{number}", place)
        ports = {"Input": 0, "Add": 3, "Concatenate": 3}.get(kind, 1)
        for port in range(ports):
            source = draw(st.integers(0, number - 1)) if draw(st.integers(0, 4)) else None
            if source is not None:
                edges.append(Edge(f"n{source + 1}", f"n{number + 1}", port))
    order = draw(st.permutations(list(nodes)))
    extra = {"edges": {edges[0]: {"colour": "red"}}} if edges and draw(st.booleans()) else {}
    return Network({key: nodes[key] for key in order}, tuple(draw(st.permutations(edges))), "Any", extra)


@settings(max_examples=300, deadline=None)
@given(networks(), st.data())
def test_ungroup_gives_the_same_file_to_the_last_byte(network, data):
    chosen = data.draw(st.lists(st.sampled_from(sorted(network.nodes)), min_size=1, unique=True))
    try:
        made = group(network, chosen, "Block")
    except NetworkError:
        return
    again = network_from_bytes(network_to_text(made.network).encode(), "a file")
    back = ungroup(again, made.ids[0])
    assert network_to_text(back.network) == network_to_text(network)
    assert set(back.moved.values()) == set(chosen)
    assert back.network == network


@settings(max_examples=200, deadline=None)
@given(networks(), st.data())
def test_a_block_computes_what_its_layers_did(network, data):
    """The same wires between the same layers, seen from those that stay and from those that went in."""
    chosen = data.draw(st.lists(st.sampled_from(sorted(network.nodes)), min_size=1, unique=True))
    try:
        made = group(network, chosen, "Block")
    except NetworkError:
        return
    flat = expanded(made.network)
    plain = {f"{made.ids[0]}/{key}": key for key in chosen}
    wires = {Edge(plain.get(edge.source, edge.source), plain.get(edge.target, edge.target), edge.port)
             for edge in flat.edges}
    assert wires == set(network.edges)
    assert {plain.get(key, key): node.layer for key, node in flat.nodes.items()} \
        == {key: node.layer for key, node in network.nodes.items()}


def test_what_a_block_of_lenet_looks_like():
    network = grouped(template("lenet5").network, "C1", "A1", "S2")
    block = network.by_name("Stem")
    assert isinstance(block.layer, Block)
    assert block.layer.short() == "3 layers"
    assert block.layer.ports == (1, 1)
    assert [node.name for node in block.layer.network.nodes.values()] == ["C1", "A1", "S2", "In", "Out"]
    inference = infer(network)
    assert inference.runs
    assert inference.shapes[block.id] == (6, 14, 14)
    names = [expanded(network).nodes[key].name for key in expanded(network).order]
    assert names[:4] == ["Input", "Stem/C1", "Stem/A1", "Stem/S2"]
    assert set(initial_weights(inference, 0)) >= {"Stem/C1.weight", "Stem/C1.bias"}
    assert cost(inference).parameters == cost(infer(template("lenet5").network)).parameters


@pytest.mark.parametrize(("names", "reason"), [
    ((), "Select the layers"), (("Input", "C1"), "where pictures come in"),
    (("C1", "S4"), "comes back from A3 to S4. Select A3 as well"),
])
def test_why_layers_cannot_be_a_block(names, reason):
    network = template("lenet5").network
    with pytest.raises(NetworkError, match=reason):
        group(network, ids(network, *names))


def test_two_layers_that_lead_out_cannot_be_one_block():
    network = every_layer()
    with pytest.raises(NetworkError, match="P2 and S1 both lead out"):
        group(network, ids(network, "P1", "S1", "P2"))
    with pytest.raises(NetworkError, match="not a block"):
        ungroup(network, ids(network, "S1")[0])


def test_a_block_can_hold_the_end_of_the_network():
    network = grouped(template("lenet5").network, "F7", "Softmax", name="Head")
    assert infer(network).runs
    assert [network.nodes[key].name for key in network.finals()] == ["Head"]
    assert expanded(network).nodes[expanded(network).finals()[0]].name == "Head/Softmax"


def test_blocks_in_blocks_to_a_limit():
    network = template("lenet5").network
    chosen = "C1"
    for level in range(8):
        made = group(network, ids(network, chosen), f"B{level}")
        network, chosen = made.network, f"B{level}"
    assert depth_of(network) == 8
    assert "B7/B6/B5/B4/B3/B2/B1/B0/C1" in expanded(network).names
    with pytest.raises(NetworkError, match="8 deep"):
        group(network, ids(network, chosen))
    with pytest.raises(NetworkError, match="8 deep"):
        group(template("lenet5").network, ["n2"], level=8)
    for level in reversed(range(8)):
        network = ungroup(network, network.names[f"B{level}"]).network
    assert network == template("lenet5").network


def test_ids_and_names_that_are_taken_are_given_anew():
    network = grouped(template("lenet5").network, "C1", "A1")
    node = replace(network.new_node("Conv2D"), id="n2", name="C1")
    back = ungroup(network.add(node), network.names["Stem"])
    assert set(back.network.names) == {*template("lenet5").network.names, "C_2"}
    assert len(back.network.nodes) == len(template("lenet5").network.nodes) + 1
    assert back.network.nodes[back.moved[f"{network.names['Stem']}/n2"]].name == "C_2"


def test_a_block_that_was_moved_takes_its_layers_along():
    network = grouped(template("lenet5").network, "C1", "A1")
    key = network.names["Stem"]
    x, y = network.nodes[key].position
    before = template("lenet5").network.by_name("C1").position
    back = ungroup(network.move({key: (x + 10, y - 30)}), key).network
    assert back.by_name("C1").position == (before[0] + 10, before[1] - 30)


def test_frozen_and_bypassed_reach_all_layers_inside():
    network = grouped(template("lenet5").network, "C1", "A1")
    key = network.names["Stem"]
    flat = expanded(network.change(key, frozen=True))
    assert all(flat.by_name(f"Stem/{name}").layer.frozen for name in ("C1", "A1"))
    assert not flat.by_name("C3").layer.frozen
    bypassed = infer(network.change(key, bypassed=True))
    assert bypassed.shapes[key] == (1, 32, 32)
    assert bypassed.runs
    assert network_at(network.change(key, frozen=True), (key,)) is network_at(network, (key,))


# weights --------------------------------------------------------------------------------------------------------------


def test_weights_move_into_a_block_and_out_again():
    project = template("lenet5")
    weights = initial_weights(infer(project.network), 3)
    state = {"C1.weight.momentum": weights["C1.weight"], "steps": weights["C1.bias"]}
    project = replace(project, weights=weights, state=state)
    made = group(project.network, ids(project.network, "C1", "A1", "S2"), "Stem")
    inside = project.with_network(made.network, made.moved)
    assert inside.weights["Stem/C1.weight"] is weights["C1.weight"]
    assert set(inside.state) == {"Stem/C1.weight.momentum", "steps"}
    assert len(fitting(inside.network, inside.weights)) == len(weights)
    renamed = inside.with_network(inside.network.rename(made.ids[0], "Trunk"))
    assert renamed.weights["Trunk/C1.weight"] is weights["C1.weight"]
    back = ungroup(renamed.network, made.ids[0])
    outside = renamed.with_network(back.network, back.moved)
    assert dict(outside.weights) == dict(weights)
    assert set(outside.state) == set(state)


def test_a_layer_renamed_inside_keeps_its_weights():
    network = grouped(template("lenet5").network, "C1", "A1")
    path = (network.names["Stem"],)
    inner = network_at(network, path)
    after = put_at(network, path, inner.rename(inner.names["C1"], "First"))
    assert renamed_layers(network, after, {}) == {"Stem/C1": "Stem/First"}
    old = {"Stem/C1.weight": 1, "Stem/First.weight": 2}
    assert Project(network, old).with_network(after).weights == {"Stem/First.weight": 1}


# levels ---------------------------------------------------------------------------------------------------------------


def test_an_edit_inside_reaches_the_whole():
    network = grouped(grouped(template("lenet5").network, "C1", "A1"), "Stem", "S2", name="Front")
    path = (network.names["Front"], network_at(network, (network.names["Front"],)).names["Stem"])
    assert names_at(network, path) == ("Front", "Stem")
    inner = network_at(network, path)
    after = put_at(network, path, inner.change(inner.names["C1"], filters=9))
    assert expanded(after).by_name("Front/Stem/C1").layer.filters == 9
    assert put_at(network, path, inner) is network
    assert longest_path(network, (*path, "n99")) == path
    with pytest.raises(KeyError):
        network_at(network, (network.names["Input"],))


def test_wires_follow_the_inputs_of_a_block():
    drawing = Drawing().add("Input", "Input").add("ReLU", "A").add("ReLU", "B", "Input").add("Add", "Sum", "A", "B")
    network = grouped(drawing.network, "Sum")
    key = network.names["Stem"]
    inner = network_at(network, (key,))
    first, second = network.nodes[key].layer.entries
    after = put_at(network, (key,), inner.remove(first))
    assert after.inputs_of(key) == {0: network.names["B"]}
    assert after.nodes[key].layer.entries == (second,)
    more = inner.add(replace(inner.nodes[first], id="n50", name="Third"))
    assert put_at(network, (key,), more).nodes[key].layer.entries == (first, second, "n50")


# copies ---------------------------------------------------------------------------------------------------------------


def test_a_copied_block_is_pasted_with_everything_in_it():
    network = grouped(template("lenet5").network, "C1", "A1")
    after, made = paste(network, to_text(network, [network.names["Stem"]]))
    copy = after.nodes[made[0]]
    assert copy.name == "Stem_2"
    assert copy.layer == network.by_name("Stem").layer
    assert infer(after).problems_of(made[0])[0].code == "input-missing"


# shapes and problems --------------------------------------------------------------------------------------------------


def broken_inside():
    """A kernel that does not fit, two blocks deep."""
    network = template("lenet5").network
    network = network.change(network.names["C3"], kernel=20)
    return grouped(grouped(network, "C3", "A3"), "Stem", "S4", name="Front")


def test_a_problem_inside_is_shown_at_the_block_and_at_the_layer():
    network = broken_inside()
    inference = infer(network)
    front = network.names["Front"]
    [problem] = inference.errors
    assert (problem.node, problem.layer, problem.code) == (front, "Front/Stem/C3", "too-small")
    assert problem.message.startswith("Front/Stem/C3 needs at least 20×20")
    assert inference.problems_of(front) == (problem,)
    inner = inference.at((front,))
    stem = inner.network.names["Stem"]
    assert [each.node for each in inner.errors] == [stem]
    deepest = inference.at((front, stem))
    assert [each.node for each in deepest.errors] == [deepest.network.names["C3"]]
    assert inference.shapes[front] is None


def test_a_problem_inside_is_fixed_inside():
    network = broken_inside()
    inference = infer(network)
    fixes = fixes_for(inference, inference.errors[0])
    assert "Kernel 5×5" in fixes[0].text
    assert infer(fixes[0].network, inference).runs
    assert expanded(fixes[0].network).by_name("Front/Stem/C3").layer.kernel == (5, 5)


def test_what_an_edit_does_not_touch_is_taken_over():
    network = grouped(grouped(template("lenet5").network, "C1", "A1", name="First"), "C3", "A3", name="Second")
    before = infer(network)
    first, second = network.names["First"], network.names["Second"]
    inner = network_at(network, (second,))
    after = infer(put_at(network, (second,), inner.change(inner.names["C3"], filters=20)), before)
    assert after.blocks[first] is before.blocks[first]
    assert after.shapes[second] == (20, 10, 10)
    assert after == replace(infer(after.network), network=after.network)
    renamed = infer(broken_inside().rename(broken_inside().names["Front"], "Trunk"), infer(broken_inside()))
    assert renamed.errors[0].layer == "Trunk/Stem/C3"


def test_the_network_inside_a_block_is_inferred_by_itself():
    network = grouped(template("lenet5").network, "C1", "A1")
    known = infer(network).at((network.names["Stem"],))
    assert known.shapes[known.network.names["In"]] == (1, 32, 32)
    inner = known.network.change(known.network.names["C1"], filters=3)
    assert infer(inner, known).shapes[inner.names["Out"]] == (3, 28, 28)


@pytest.mark.parametrize(("kind", "code"), [("Input", "input-inside"), ("ReLU", "input-missing")])
def test_what_has_no_place_inside_a_block(kind, code):
    network = grouped(template("lenet5").network, "C1", "A1")
    path = (network.names["Stem"],)
    inner = network_at(network, path)
    found = infer(put_at(network, path, inner.add(inner.new_node(kind)))).problems
    assert code in [problem.code for problem in found]


def test_ports_have_no_use_outside_of_blocks():
    network = Network({"a": Node("a", BlockInput(), "In"), "b": Node("b", BlockOutput(), "Out")}, (Edge("a", "b"),))
    assert [problem.code for problem in infer(network).errors] == ["port-outside"] * 2


def test_ends_inside_a_block_are_counted():
    network = grouped(template("lenet5").network, "C1", "A1")
    path = (network.names["Stem"],)
    inner = network_at(network, path)
    node = inner.new_node("ReLU")
    after = put_at(network, path, inner.add(node).connect(Edge(inner.names["C1"], node.id)))
    assert [(each.code, each.layer) for each in infer(after).problems] == [("several-ends", "Stem/ReLU")]
    no_output = put_at(network, path, inner.remove(inner.names["Out"]))
    assert "has no output" in " ".join(problem.message for problem in infer(no_output).errors)


def test_an_edit_costs_no_more_than_the_levels_it_touches(monkeypatch):
    """A thousand layers in twenty blocks: only the edited block is looked at again, and no block is taken apart."""
    drawing = Drawing().add("Input", "Input", shape=(4, 8, 8))
    for number in range(1000):
        settings_here = {} if number % 2 else {"filters": 4, "kernel": 1}
        drawing.add("ReLU" if number % 2 else "Conv2D", f"L{number}", **settings_here)
    network = drawing.network
    for number in range(20):
        network = grouped(network, *(f"L{each}" for each in range(50 * number, 50 * number + 50)), name=f"B{number}")
    before = infer(network)
    assert not before.problems
    path = (network.names["B7"],)
    inner = network_at(network, path)
    edited = put_at(network, path, inner.change(inner.names["L360"], kernel=3, padding=1))
    seen = []
    monkeypatch.setattr("core.graph.shapes.expanded", lambda network: pytest.fail("a block was taken apart"))
    monkeypatch.setattr("core.graph.goals.expanded", lambda network: pytest.fail("a block was taken apart"))
    shape = Conv2D.output_shape
    monkeypatch.setattr(Conv2D, "output_shape", lambda layer, *shapes: seen.append(layer) or shape(layer, *shapes))
    after = infer(edited, before)
    assert seen == [edited.nodes[path[0]].layer.network.by_name("L360").layer]
    assert after.runs
    assert [key for key in after.blocks if after.blocks[key] is not before.blocks[key]] == [path[0]]


def test_grouping_is_no_other_training():
    """What tells whether a training can go on exactly looks through blocks, and sees what changes inside them."""
    network = template("lenet5").network
    within = grouped(grouped(network, "C1", "A1"), "Stem", "S2", name="Front")
    assert set(never_grouped(within).nodes) == set(network.nodes)
    assert network_mark(within) == network_mark(network)
    path = (within.names["Front"], network_at(within, (within.names["Front"],)).names["Stem"])
    inner = network_at(within, path)
    changed = put_at(within, path, inner.change(inner.names["C1"], filters=7))
    assert network_mark(changed) != network_mark(network)
