"""Normalisation behind a convolution is part of its filters in inference mode: the numbers must stay the same."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.engine.steps import within
from core.engine.steps.convolution import Convolution
from core.kernels.jit import COMPILED
from core.train.optimizers import Momentum
from tests.core.engine.agreement import lively_weights
from tests.core.networks import Drawing

pytestmark = pytest.mark.skipif(not COMPILED, reason="folding belongs to the compiled kernels")
CONV = {"filters": 16, "padding": "same"}


def _start():
    return Drawing().add("Input", "I", shape=(3, 8, 8)).add("Conv2D", "C0", **CONV).add("ReLU", "R0")


def _end(drawing):
    return drawing.add("GlobalAveragePool2D", "G").add("Dense", "D", units=4).network


def _plain(**settings):
    return _end(_start().add("Conv2D", "C", **CONV).add("BatchNorm", "N", **settings).add("ReLU", "R"))


def _direct():
    return _end(_start().add("Conv2D", "C", filters=6, kernel=5, stride=2, bias=False).add("BatchNorm", "N"))


def _grouped(**settings):
    return _end(_start().add("Conv2D", "C", **CONV, **settings).add("BatchNorm", "N").add("ReLU", "R"))


def _shortcut():
    drawing = _start().add("Conv2D", "C", bias=False, **CONV).add("BatchNorm", "N")
    return _end(drawing.add("Add", "S", "N", "R0").add("ReLU", "R"))


def _projection():
    drawing = _start().add("Conv2D", "C", bias=False, **CONV).add("BatchNorm", "N")
    drawing.add("Conv2D", "P", "R0", filters=16, kernel=1).add("BatchNorm", "M").add("Add", "S", "M", "N")
    return _end(drawing.add("ReLU", "R"))


def _elsewhere():
    return _end(_start().add("BatchNorm", "N").add("Tanh", "T"))


def _read_twice():
    drawing = _start().add("Conv2D", "C", **CONV).add("BatchNorm", "N").add("ReLU", "R")
    return _end(drawing.add("Add", "S", "R", "C"))


NETWORKS = {"plain": (_plain(), 1), "frozen": (_plain(frozen=True), 1), "bypassed": (_plain(bypassed=True), 0),
            "direct": (_direct(), 1),
            "dilated": (_grouped(dilation=2), 1), "depthwise": (_grouped(groups=16), 1),
            "shortcut": (_shortcut(), 1), "projection": (_projection(), 2),
            "not behind a convolution": (_elsewhere(), 0), "read twice": (_read_twice(), 0)}


def _batch():
    return np.random.default_rng(0).normal(size=(5, 3, 8, 8)).astype(np.float32), np.arange(5) % 4


@pytest.mark.parametrize("name", NETWORKS)
def test_answers_are_those_of_the_single_layers(name):
    network, expected = NETWORKS[name]
    x, target = _batch()
    engine, optimizer = Engine(network, lively_weights(network), 6, threads=2), Momentum()
    assert sum(isinstance(step, Convolution) and step.behind is not None for step in engine._plan.steps) == expected
    for _ in range(3):
        wanted = engine.outputs(x, ["D"])["D"]
        scale = np.abs(wanted).max()
        np.testing.assert_allclose(engine.predict(x), wanted, atol=1e-5 * scale)
        np.testing.assert_allclose(engine.evaluate(x, target)[2], wanted, atol=1e-5 * scale)
        np.testing.assert_allclose(engine.evaluate(x, target, whole=True)[2], wanted, atol=1e-5 * scale)
        engine.train_step(x, target, 0.05, optimizer)
    engine.close()


@pytest.mark.parametrize("threads", [2, 8])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("name", NETWORKS)
def test_few_pictures_that_threads_share(name, count, threads, monkeypatch):
    monkeypatch.setattr(within, "_WORTH", 0)
    network, _ = NETWORKS[name]
    x = _batch()[0][:count]
    engine = Engine(network, lively_weights(network), count, threads=threads, training=False)
    wanted = engine.outputs(x, ["D"])["D"]
    np.testing.assert_allclose(engine.predict(x), wanted, atol=1e-5 * np.abs(wanted).max())
    engine.close()


@pytest.mark.parametrize("name", ["plain", "direct", "dilated", "depthwise", "shortcut", "projection"])
def test_training_does_not_notice_answers_in_between(name):
    network, _ = NETWORKS[name]
    x, target = _batch()
    found = []
    for answers in (False, True):
        engine, optimizer = Engine(network, lively_weights(network), 6, threads=2), Momentum()
        for _ in range(3):
            engine.train_step(x, target, 0.05, optimizer)
            if answers:
                engine.predict(x)
        found.append(engine.weights())
        engine.close()
    for key, weights in found[0].items():
        np.testing.assert_array_equal(weights, found[1][key], key)


def test_a_dropped_batch_leaves_the_answers_as_they_were():
    network, _ = NETWORKS["shortcut"]
    x, target = _batch()
    engine = Engine(network, lively_weights(network), 6, threads=1)
    before = engine.predict(x)
    engine.add_piece(x, target, first=True)
    engine.drop_pieces()
    np.testing.assert_array_equal(engine.predict(x), before)
    engine.close()
