"""What the lecture notes claim about initial values, depth and shortcuts, shown on small seeded trainings."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from core.data.load import load
from core.graph.network import Network
from core.train.events import BatchDone, EpochDone
from core.train.options import TrainOptions
from tests.core.networks import Drawing
from tests.core.train.plans import Plan, few, train


def classifier(activation: str) -> Network:
    drawing = Drawing().add("Input", "Input", shape=(1, 28, 28)).add("Conv2D", "C1", filters=6, kernel=5)
    drawing.add(activation, "A1").add("MaxPool2D", "P1").add("Flatten", "Flat").add("Dense", "F1", units=32)
    return drawing.add(activation, "A2").add("Dense", "F2", units=10).add("Softmax", "Softmax").network


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("activation", ["ReLU", "Tanh"])
def test_from_zeros_nothing_is_learned(real_data: Path, activation: str, optimizer: str):
    # Topic 1.7: all outputs 0, nothing propagates, no learning.
    mnist = load(str(real_data / "mnist"))
    some = replace(mnist, train_x=mnist.train_x[:3000], train_y=mnist.train_y[:3000])
    options = TrainOptions(epochs=3, batch_size=32, optimizer=optimizer, learning_rate=0.01)
    zeros, usual = (train(Plan(network=classifier(activation), options=replace(options, init=init)), dataset=some)[-1]
                    for init in ("zeros", "by-layer"))
    # The most frequent digit makes 11.35 % of the test part.
    assert zeros.test_accuracy <= 0.12
    assert usual.test_accuracy > 0.6
    for name, array in zeros.weights.items():
        # What the last biases learn is how frequent each class is.
        assert array.any() == (name == "F2.bias")


def test_from_one_value_all_units_of_a_layer_stay_the_same():
    options = TrainOptions(epochs=2, batch_size=32, learning_rate=0.01, init="constant", init_value=0.05)
    drawing = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Flatten", "Flat").add("Dense", "F1", units=16)
    network = drawing.add("Tanh", "A1").add("Dense", "F2", units=10).add("Softmax", "Softmax").network
    weights = train(Plan(network=network, options=options), dataset=few(300))[-1].weights
    assert not np.allclose(weights["F1.weight"], 0.05)
    np.testing.assert_allclose(weights["F1.weight"], np.broadcast_to(weights["F1.weight"][:1], (16, 64)), atol=1e-5)


def thirty_layers(*, shortcuts: bool) -> Network:
    """A convolution, 14 pairs of them, and the output layer; with shortcuts each pair is F(x) + x."""
    drawing = Drawing().add("Input", "Input", shape=(1, 8, 8))
    drawing.add("Conv2D", "C0", filters=8, kernel=3, padding="same").add("ReLU", "R0")
    for pair in range(1, 15):
        entry = drawing.last
        drawing.add("Conv2D", f"A{pair}", filters=8, kernel=3, padding="same").add("ReLU", f"M{pair}")
        drawing.add("Conv2D", f"B{pair}", filters=8, kernel=3, padding="same")
        if shortcuts:
            drawing.add("Add", f"S{pair}", f"B{pair}", entry)
        drawing.add("ReLU", f"R{pair}")
    return drawing.add("GlobalAveragePool2D", "G").add("Dense", "F", units=10).add("Softmax", "Softmax").network


@pytest.mark.parametrize("seed", [0, 1])
def test_thirty_plain_layers_train_worse_than_the_same_with_shortcuts(seed: int):
    # Topic 5.6: ∂Y/∂x = ∂F/∂x + 1 keeps gradients alive.
    options = TrainOptions(epochs=8, batch_size=32, learning_rate=0.001, clip=1.0, seed=seed)
    plain, residual = (train(Plan(network=thirty_layers(shortcuts=shortcuts), options=options), dataset=few(1000))
                       for shortcuts in (False, True))
    losses = [[each.train_loss for each in events if isinstance(each, EpochDone)][-1] for events in (plain, residual)]
    assert losses[1] < 0.6 * losses[0]
    assert residual[-1].test_accuracy > plain[-1].test_accuracy + 0.15


def test_batch_descent_falls_steadily_where_single_pictures_jump():
    # Topic 1.4: the whole set per update against one sample.
    options = TrainOptions(epochs=20, optimizer="sgd", learning_rate=0.05, mode="batch", validation=0.0)
    whole = [each.loss for each in train(Plan(options=options), dataset=few(200)) if isinstance(each, BatchDone)]
    assert all(after < before for before, after in pairwise(whole))
    single = [each.loss for each in train(Plan(options=replace(options, mode="stochastic", epochs=1)),
                                          dataset=few(200)) if isinstance(each, BatchDone)]
    rises = sum(after > before for before, after in pairwise(single))
    assert (len(whole), len(single)) == (20, 200)
    assert rises > 50
