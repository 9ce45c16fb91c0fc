"""The arithmetic of a layer in lines."""

import pytest

from core.graph.cost import cost
from core.graph.network import Edge
from core.graph.shapes import infer
from core.templates import template
from guibuilder.cost_facts import cost_lines
from guibuilder.node_facts import shape_lines
from tests.core.networks import two_heads


def facts(network, name):
    inference = infer(network)
    node = network.nodes[network.names[name]]
    return ([line.html for line in shape_lines(inference, node)],
            [line.html for line in cost_lines(inference, cost(inference), [node])])


@pytest.fixture(scope="module")
def lenet():
    return template("lenet5").network


@pytest.mark.parametrize(("name", "shape", "price"), [
    ("Input", ["out 1×32×32"], ["0 parameters", "0 multiply-adds", "receptive field 1×1"]),
    ("S2", ["in 6×28×28 from <a href=\"n3\">A1</a>", "(28 − 2)/2 + 1 = 14", "out 6×14×14"],
     ["0 parameters", "0 multiply-adds", "receptive field 6×6"]),
    ("C5", ["in 400 from <a href=\"n8\">Flatten</a>", "out 120"],
     ["(400 + 1)·120 = 48,120 parameters", "120 · 400 = 48,000 multiply-adds", "96,000 on the way back"]),
])
def test_layers_of_lenet(lenet, name, shape, price):
    assert facts(lenet, name)[0] == shape
    assert facts(lenet, name)[1][:3] == price


def test_every_number_of_a_convolution_says_where_it_comes_from(lenet):
    inference = infer(lenet)
    lines = cost_lines(inference, cost(inference), [lenet.nodes[lenet.names["C1"]]], 32)
    assert [line.html for line in lines] == [
        "(5·5·1 + 1)·6 = 156 parameters", "6·28·28 · 5·5·1 = 117,600 multiply-adds", "117,600 on the way back",
        "receptive field 5×5", "jump 1, first centre 2", "18.8 kB per picture", "602 kB for a batch of 32"]
    assert "none for the input, for nothing before it learns" in lines[2].why
    assert all(line.why for line in lines if line.role == "text")
    lines = cost_lines(inference, cost(inference), [lenet.nodes[lenet.names["C3"]]])
    assert "gradient of the input 240,000, as many again" in lines[2].why
    assert lines[4].html == "jump 2, first centre 6.5"


def test_where_branches_meet_the_field_has_two_ends():
    network = template("resnet-small").network
    assert "receptive field 3×3 to 7×7" in facts(network, "B1_add")[1]


def test_bypassed_and_frozen(lenet):
    network = lenet.change(lenet.names["A1"], bypassed=True).change(lenet.names["C1"], frozen=True)
    assert facts(network, "A1")[0][-1] == "out 6×28×28 (passed through)"
    assert facts(network, "C1")[1][0] == "(5·5·1 + 1)·6 = 156 parameters, frozen"


def test_what_is_missing_and_what_waits(lenet):
    edge = next(edge for edge in lenet.edges if edge.target == lenet.names["C3"])
    network = lenet.disconnect(edge)
    shape, price = facts(network, "C3")
    assert shape == ["in nothing yet", "out ? (needs an input first)"]
    assert price[0] == "parameters unknown"
    assert facts(network, "A3")[0][-1] == "out ? (waits for the layers before it)"


def test_layers_with_several_inputs_list_them_all(lenet):
    add = lenet.new_node("Add")
    network = lenet.add(add)
    for port, name in enumerate(("C1", "A1")):
        network = network.connect(Edge(network.names[name], add.id, port))
    shape, _ = facts(network, "Add")
    assert [line.split(" from ")[0] for line in shape[:3]] == ["in 6×28×28", "in 6×28×28", "out 6×28×28"]


def test_outputs_tell_what_they_count_where_there_are_several(lenet):
    assert not any("output" in line for line in facts(lenet, "Softmax")[0])
    network = two_heads(weight=0.2)
    assert facts(network, "Main")[0][-1] == "main output, its loss counts × 1"
    assert facts(network, "Aux")[0][-1] == "auxiliary output, its loss counts × 0.2"
    assert not any("output" in line for line in facts(network, "Dense")[0])


def test_names_are_never_taken_for_html(lenet):
    network = lenet.rename(lenet.names["Input"], "<b>x<:b>")
    assert "&lt;b&gt;" in facts(network, "C1")[0][0]


def test_several_layers_are_added_up(lenet):
    inference = infer(lenet)
    nodes = [lenet.nodes[lenet.names[name]] for name in ("C1", "C3")]
    lines = [line.html for line in cost_lines(inference, cost(inference), nodes)]
    assert lines == ["2,572 parameters", "357,600 multiply-adds", "597,600 on the way back"]
