"""Shape inference gives every node a shape or a problem with its numbers."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import EdgeRefused
from core.graph.network import Edge, Network, Node
from core.graph.shapes import CODES, infer
from core.layers import LAYERS
from core.layers.input import Input
from core.layers.unknown import Unknown
from core.templates import TEMPLATES, template


def named(network, name):
    return network.names[name]


def test_templates_have_no_errors():
    for name in TEMPLATES:
        inference = infer(template(name).network)
        assert inference.runs, name
        assert all(shape is not None for shape in inference.shapes.values())


def test_lenet_shapes():
    network = template("lenet5").network
    shapes = infer(network).shapes
    found = {network.nodes[key].name: shape for key, shape in shapes.items()}
    assert found["C1"] == (6, 28, 28)
    assert found["S2"] == (6, 14, 14)
    assert found["C3"] == (16, 10, 10)
    assert found["S4"] == (16, 5, 5)
    assert found["Flatten"] == (400,)
    assert [found[name] for name in ("C5", "F6", "F7")] == [(120,), (84,), (10,)]


def test_a_kernel_that_does_not_fit_is_named_with_its_numbers():
    network = template("lenet5").network
    inference = infer(network.change(named(network, "C3"), kernel=15))
    (problem,) = inference.errors
    assert problem.sentence() == "C3 needs at least 15×15 but gets 14×14: (14 − 15)/1 + 1 = 0"
    assert inference.shapes[named(network, "S2")] == (6, 14, 14)
    assert inference.shapes[named(network, "C5")] is None


def test_several_problems_at_once():
    network = template("lenet5").network
    network = network.change(named(network, "C1"), kernel=40)
    network = network.add(network.new_node("Dense"), )
    network = network.remove(named(network, "F6"))
    codes = [(problem.layer, problem.code) for problem in infer(network).errors]
    assert ("C1", "too-small") in codes
    assert ("A6", "input-missing") in codes
    assert ("Dense", "input-missing") in codes


def test_empty_and_without_input():
    assert [problem.code for problem in infer(Network()).problems] == ["empty"]
    network = Network()
    network = network.add(network.new_node("ReLU"))
    assert {problem.code for problem in infer(network).problems} == {"no-input", "input-missing"}


def test_cycles_from_files_are_problems():
    network = template("mlp").network
    looped = Network(network.nodes, (*network.edges, Edge("n5", "n3", 1)), network.name)
    looped = Network(looped.nodes, tuple(edge for edge in looped.edges if edge != Edge("n2", "n3")), "")
    inference = infer(looped)
    assert {problem.code for problem in inference.problems} >= {"cycle"}
    assert inference.shapes["n2"] == (784,)


def test_absurd_sizes_are_problems_not_crashes():
    network = template("mlp").network.change("n1", shape=[60000, 60000, 60000])
    assert [problem.code for problem in infer(network).errors] == ["too-large"]


def test_unknown_layers_are_kept_and_named():
    network = Network().add(Node("n1", Unknown(name="Capsule", kept={"units": 3}), "Cap"))
    (first, *_) = infer(network).problems
    assert first.code in CODES
    inference = infer(template("mlp").network.add(Node("x", Unknown(name="Capsule"), "Cap")).connect(Edge("n1", "x")))
    assert any("type Capsule" in problem.message for problem in inference.problems)


def test_an_unknown_layer_without_wires_keeps_the_network_from_running():
    network = Network().add(Node("a", Input(shape=(4,)), "In"), Node("b", Unknown(name="Audio"), "Sound"))
    found = [(problem.code, problem.layer) for problem in infer(network).errors]
    assert found == [("unknown-type", "Sound")]


def test_bypassed_layers_hand_the_shape_on():
    network = template("lenet5").network
    network = network.change(named(network, "S2"), bypassed=True)
    assert infer(network).shapes[named(network, "C3")] == (16, 24, 24)


def test_several_ends_of_different_shapes_are_a_warning():
    network = template("mlp").network
    network = network.add(network.new_node("Tanh")).connect(Edge("n3", "n9"))
    (problem,) = infer(network).problems
    assert (problem.severity, problem.code) == ("warning", "several-ends")
    assert problem.layer == "Tanh"
    assert "leads nowhere, as Softmax does, but puts out 128, not 10" in problem.message


kinds = st.sampled_from(sorted(LAYERS))


@settings(max_examples=150)
@given(st.lists(st.tuples(kinds, st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=14),
       st.lists(st.tuples(st.integers(0, 13), st.integers(1, 40)), max_size=6))
def test_step_by_step_equals_from_nothing(layers, changes):
    network, inference = Network(), infer(Network())
    for kind, one, other in layers:
        node = network.new_node(kind)
        network = network.add(node)
        for source in (one, other):
            ids = list(network.nodes)
            port = network.free_port(node.id)
            with contextlib.suppress(EdgeRefused):
                network = network.connect(Edge(ids[source % len(ids)], node.id, port or 0))
        inference = infer(network, inference)
    for which, value in changes:
        key = list(network.nodes)[which % len(network.nodes)]
        values = network.nodes[key].layer.values()
        name = next((name for name in ("kernel", "units", "shape") if name in values), "bypassed")
        network = network.change(key, **{name: value if name != "bypassed" else True})
        inference = infer(network, inference)
    fresh = infer(network)
    assert inference.shapes == fresh.shapes
    assert inference.problems == fresh.problems
    for problem in fresh.problems:
        assert CODES[problem.code][0] == problem.severity
        assert problem.sentence()


def test_an_edit_touches_only_what_follows():
    """Counted, not timed: layers before the edit are not asked for their shape again."""
    network = template("lenet5").network
    before = infer(network)
    asked = []
    key = named(network, "F6")
    changed = network.change(key, units=90)
    kind = type(network.nodes[named(network, "C1")].layer)
    original = kind.output_shape
    try:
        kind.output_shape = lambda self, *inputs: asked.append(self) or original(self, *inputs)
        after = infer(changed, before)
    finally:
        kind.output_shape = original
    assert not asked
    assert after.shapes[key] == (90,)
