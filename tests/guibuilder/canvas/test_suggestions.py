"""Which layers are offered, in which order, with which shapes."""

import pytest

from core.graph.network import Edge, Network
from core.graph.shapes import infer
from core.templates import template
from guibuilder.canvas.suggestions import Place, suggest


def offered(network, place, text=""):
    return suggest(network, infer(network), place, text)


@pytest.fixture
def lenet():
    return template("lenet5").network


def test_an_empty_canvas_begins_with_an_input():
    first = offered(Network(), Place())[0]
    assert (first.kind, first.shape) == ("Input", "1×28×28")


@pytest.mark.parametrize(("after", "first", "shape"), [
    ("Input", "Conv2D", "8×30×30"), ("C1", "ReLU", "6×28×28"), ("A1", "MaxPool2D", "6×14×14"),
    ("S2", "Conv2D", "8×12×12"), ("Flatten", "Dense", "10"), ("F6", "ReLU", "84"), ("A6", "Dense", "10"),
])
def test_what_usually_follows_comes_first(lenet, after, first, shape):
    best = offered(lenet, Place((lenet.names[after],)))[0]
    assert (best.kind, best.shape) == (first, shape)


@pytest.mark.parametrize("after", ["Input", "C1", "A3", "S4", "Flatten", "F7", "Softmax"])
def test_only_what_fits_is_offered(lenet, after):
    source = lenet.names[after]
    for each in offered(lenet, Place((source,))):
        node = lenet.new_node(each.kind)
        network = lenet.add(node).connect(Edge(source, node.id, 0))
        codes = {problem.code for problem in infer(network).problems_of(node.id) if problem.severity == "error"}
        assert codes <= {"input-missing"}, each.kind
        assert each.shape.startswith("needs") == bool(codes)


def test_what_does_not_fit_is_found_by_name_with_the_reason(lenet):
    (dense,) = [each for each in offered(lenet, Place((lenet.names["C1"],)), "dense") if each.kind == "Dense"]
    assert not dense.fits
    assert "needs a flat vector but gets 6×28×28" in dense.reason


def test_numbers_alone_are_meant_for_what_usually_follows(lenet):
    best = offered(lenet, Place((lenet.names["S2"],)), "16 5")[0]
    assert (best.kind, best.shape) == ("Conv2D", "16×10×10")
    kinds = [each.kind for each in offered(lenet, Place((lenet.names["C1"],)), "7")]
    assert "Conv2D" in kinds
    assert "ReLU" not in kinds, "it has no use for a number"


def test_a_wrong_number_is_explained(lenet):
    (best,) = offered(lenet, Place((lenet.names["S2"],)), "conv 0")
    assert not best.fits
    assert "Filters must be" in best.reason


def test_two_sources_want_a_merge(lenet):
    both = Place((lenet.names["A1"], lenet.names["C1"]))
    best = offered(lenet, both)[0]
    assert (best.kind, best.shape) == ("Add", "6×28×28")
    unequal = offered(lenet, Place((lenet.names["A1"], lenet.names["S2"])), "add")[0]
    assert "can only add equal shapes" in unequal.reason


def test_an_unknown_shape_stays_unknown():
    network = Network()
    network = network.add(network.new_node("Conv2D"))
    assert offered(network, Place(("n1",)))[0].shape == "?"


def test_what_could_feed_an_input(lenet):
    network = lenet.add(lenet.new_node("Dense"))
    into = Place((), Edge("", "n15", 0))
    inputs = [each for each in offered(network, into, "input") if each.kind == "Input"]
    assert "needs a flat vector" in inputs[0].reason
    assert all(each.fits for each in offered(network, into))


def test_an_input_follows_nothing(lenet):
    (found,) = [each for each in offered(lenet, Place((lenet.names["C1"],)), "input") if each.kind == "Input"]
    assert "takes no input" in found.reason
