"""5×5 convolutions with pictures side by side in the engine: by the definitions, for any threads and batches."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.kernels.jit import COMPILED
from core.train.optimizers import Momentum
from tests.core.engine.agreement import chain, differing, disagreement, lenet, lively_weights, pictures

pytestmark = pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")


def _conv(filters, **settings):
    return ("Conv2D", {"filters": filters, "kernel": (5, 5), **settings})


NETWORKS = {
    "lenet": lenet(),
    "pools": chain((3, 13, 12), _conv(9, padding=2), "ReLU", "MaxPool2D", _conv(8, padding=2), "MaxPool2D", "Flatten",
                   ("Dense", {"units": 4}), "Softmax"),
    "few filters first": chain((2, 15, 14), ("Conv2D", {"filters": 7, "kernel": (3, 2), "padding": (1, 0, 2, 1)}),
                               "MaxPool2D", _conv(6, padding=2), "ReLU", "Flatten", ("Dense", {"units": 3})),
    "odd sizes": chain((4, 11, 9), _conv(7, padding=(2, 1, 0, 1)), "ReLU", _conv(17, padding=1, bias=False), "Tanh",
                       "GlobalAveragePool2D", "Flatten"),
    "folded": chain((4, 9, 9), _conv(6, padding=1, bias=False), "BatchNorm", "ReLU", _conv(6), "BatchNorm",
                    "GlobalAveragePool2D", "Flatten"),
}


@pytest.mark.parametrize("name", list(NETWORKS))
@pytest.mark.parametrize("count", [5, 37])
def test_it_agrees_with_the_definitions(name, count):
    assert disagreement(NETWORKS[name], count, spare=20) <= 1e-4


@pytest.mark.parametrize("name", list(NETWORKS))
def test_bits_do_not_depend_on_threads(name):
    assert differing(NETWORKS[name], Momentum()) == []


def test_a_frozen_layer_sends_its_gradient_on_and_keeps_its_weights():
    layers = [(3, 12, 12), _conv(6, padding=2), "ReLU", _conv(8), "ReLU", "MaxPool2D", "Flatten"]
    free = chain(*layers, ("Dense", {"units": 4}))
    frozen = chain(*layers[:3], ("Conv2D", {**layers[3][1], "frozen": True}), *layers[4:], ("Dense", {"units": 4}))
    weights, found = lively_weights(free), []
    for network in (free, frozen):
        engine = Engine(network, weights, 20, threads=2)
        engine.find_gradients(pictures(network, 20), np.arange(20) % 4)
        found.append(engine.gradients())
        engine.train_step(pictures(network, 20), np.arange(20) % 4, 0.1, Momentum())
        kept = np.array_equal(engine.weights()["Conv2D2.weight"], weights["Conv2D2.weight"])
        assert kept is (network is frozen)
        engine.close()
    np.testing.assert_array_equal(found[0]["Conv2D0.weight"], found[1]["Conv2D0.weight"])


def test_fewer_pictures_than_lanes_take_register_tiles():
    network = NETWORKS["pools"]
    x, answers = pictures(network, 3), []
    for batch in (3, 64):
        engine = Engine(network, lively_weights(network), batch, threads=1)
        answers.append(engine.predict(x))
        engine.close()
    np.testing.assert_allclose(answers[0], answers[1], rtol=1e-4, atol=1e-6)
    assert not np.array_equal(*answers)
