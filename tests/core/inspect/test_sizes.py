"""Sizes of outputs and gradients, against the definitions in double precision; zeros; what vanishes with depth."""

from itertools import pairwise

import numpy as np
import pytest

from core.errors import DataError, NetworkError
from core.graph.initial import How, initial_weights
from core.graph.shapes import infer
from core.graph.starts import is_usual, usual
from core.inspect.sizes import first_gradient, gradient_sizes, usual_sizes
from core.layers.base import Array
from core.project import Project
from core.train.options import TrainOptions
from tests.core.engine.agreement import lively_weights, reference
from tests.core.networks import Drawing, every_layer, small_cnn
from tests.core.train.plans import DIGITS


def batch(count: int = 32) -> tuple[Array, Array]:
    return DIGITS.pictures("train", slice(0, count)), DIGITS.train_y[:count]


def deep(activation: str, init: str, layers: int = 12) -> Project:
    drawing = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Flatten", "Flat")
    for number in range(layers):
        drawing.add("Dense", f"D{number}", units=32, kernel_init=init).add(activation, f"A{number}")
    return Project(drawing.add("Dense", "Out", units=10).add("Softmax", "Softmax").network)


@pytest.mark.parametrize("activation", ["ReLU", "Tanh", "Sigmoid"])
def test_the_sizes_are_those_of_the_definitions(activation):
    drawing = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Conv2D", "C1", filters=4).add(activation, "A1")
    drawing.add("BatchNorm", "B1").add("MaxPool2D", "P1").add("Flatten", "Flat").add("Dense", "F1", units=10)
    network = drawing.add("Softmax", "Softmax").network
    weights, (x, y) = lively_weights(network), batch()
    found = {each.layer: each for each in gradient_sizes(Project(network, weights), (x, y))}
    _, gradients, _ = reference(network, weights, x, y, "cross-entropy")
    assert list(found) == ["C1", "A1", "B1", "P1", "Flat", "F1", "Softmax"]
    for name in ("C1", "B1", "F1"):
        assert found[name].gradient == pytest.approx(np.abs(gradients[f"{name}.weight"]).mean(), rel=1e-4)
    assert all(found[name].gradient is None for name in ("A1", "P1", "Flat", "Softmax"))
    assert found["Softmax"].activation == pytest.approx(0.1, rel=1e-4)
    assert found["P1"].activation == found["Flat"].activation


@pytest.mark.parametrize("activation", ["ReLU", "Tanh"])
def test_with_zeros_everything_is_exactly_0(activation):
    drawing = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Conv2D", "C1", filters=4).add(activation, "A1")
    drawing.add("Flatten", "Flat").add("Dense", "F1", units=20).add(activation, "A2")
    network = drawing.add("Dense", "F2", units=10).add("Softmax", "Softmax").network
    project = Project(network, options=TrainOptions(init="zeros"))
    found = gradient_sizes(project, batch())
    assert [each.activation for each in found[:-1]] == [0] * 6
    assert [each.gradient for each in found if each.gradient is not None] == [0, 0, 0]
    beside = usual_sizes(project, batch())
    assert [each.layer for each in beside] == [each.layer for each in found]
    assert all(each.activation > 0 and each.gradient != 0 for each in beside)


def test_zeros_of_the_layers_themselves_are_made_usual_for_comparison():
    network = small_cnn()
    for name in ("C1", "F1"):
        network = network.change(network.names[name], kernel_init="zeros" if name == "C1" else "constant")
    made = usual(network)
    assert {made.by_name(name).layer.kernel_init for name in ("C1", "F1")} == {"he-uniform", "xavier-uniform"}
    assert not is_usual(network, How())
    assert is_usual(made, How())
    assert not is_usual(made, How("zeros"))
    assert not gradient_sizes(Project(network), batch())[0].activation
    assert usual_sizes(Project(network), batch()) == gradient_sizes(Project(made), batch())


def test_twelve_sigmoid_layers_leave_the_first_a_hundredth_and_less_of_relus_gradient():
    # Topic 4: sigmoid saturates, and gradients vanish with depth; ReLU is linear above zero.
    relu = first_gradient(gradient_sizes(deep("ReLU", "he-uniform"), batch(64)))
    sigmoid = first_gradient(gradient_sizes(deep("Sigmoid", "xavier-uniform"), batch(64)))
    assert 0 < 100 * sigmoid < relu
    # The same initial values do not change that.
    assert 100 * first_gradient(gradient_sizes(deep("Sigmoid", "he-uniform"), batch(64))) < relu


def test_it_vanishes_layer_by_layer():
    gradients = [each.gradient for each in gradient_sizes(deep("Sigmoid", "xavier-uniform"), batch(64))
                 if each.gradient is not None]
    assert all(before < after for before, after in pairwise(gradients))


def test_threads_change_nothing_and_the_project_stays_as_it_is():
    project = deep("ReLU", "he-uniform", 3)
    one, two = (gradient_sizes(project, batch(), threads=threads) for threads in (1, 2))
    assert one == two
    assert project.weights == {}


def test_trained_weights_are_taken_where_they_are():
    network = small_cnn()
    weights = {name: 2 * array for name, array in initial_weights(infer(network), 0).items()}
    own, fresh = (gradient_sizes(Project(network, each), batch()) for each in (weights, {}))
    assert own[0].activation == pytest.approx(2 * fresh[0].activation, rel=1e-5)


def test_frozen_layers_have_no_gradient():
    network = small_cnn()
    network = network.change(network.names["C1"], frozen=True)
    found = {each.layer: each.gradient for each in gradient_sizes(Project(network), batch())}
    assert found["C1"] is None
    assert found["F1"] > 0


def test_what_cannot_be_trained_is_refused_in_words():
    with pytest.raises(NetworkError):
        gradient_sizes(Project(), batch())
    with pytest.raises(DataError):
        gradient_sizes(Project(every_layer()), batch())
