"""A convolution that sends its gradient through the ReLU of the one before: gradients must stay those of the layers."""

import numpy as np
import pytest

from core.engine import engine as engine_module
from core.engine.engine import Engine
from core.engine.folding import fold
from core.engine.steps import within
from core.engine.steps.convolution import Convolution
from core.kernels.jit import COMPILED
from core.train.optimizers import Momentum
from tests.core.engine.agreement import disagreement, lively_weights
from tests.core.networks import Drawing

pytestmark = pytest.mark.skipif(not COMPILED, reason="gates belong to the compiled kernels")
SHAPE = (9, 7, 6)


def _start(**settings):
    drawing = Drawing().add("Input", "I", shape=SHAPE).add("Conv2D", "C", filters=10, kernel=3, padding="same")
    return drawing.add("ReLU", "A").add("Conv2D", "P", filters=19, kernel=1, **settings)


def _end(drawing, *sources):
    return drawing.add("GlobalAveragePool2D", "G", *sources).add("Dense", "D", units=4).network


def _behind(reader=None, pool=False, relu=True, **settings):
    drawing = _start(**settings)
    if relu:
        drawing.add("ReLU", "R")
    if pool:
        drawing.add("MaxPool2D", "M", kernel=2)
    behind = {"filters": 11, "kernel": 3, "padding": "same"} | (reader or {})
    return _end(drawing.add("Conv2D", "Q", **behind))


def _read_twice():
    drawing = _start().add("ReLU", "R").add("Conv2D", "Q", filters=19, kernel=3, padding="same")
    return _end(drawing.add("Add", "S", "Q", "R"))


def _two_readers():
    drawing = _start().add("ReLU", "R").add("Conv2D", "Q", "R", filters=11, kernel=3, padding="same")
    drawing.add("Conv2D", "O", "R", filters=11, kernel=3, padding="same")
    return _end(drawing.add("Add", "S", "Q", "O"))


NETWORKS = {
    "plain": (_behind(), 1), "without a bias": (_behind(bias=False), 1), "frozen": (_behind(frozen=True), 1),
    "frozen reader": (_behind({"frozen": True}), 1), "reader with a stride": (_behind({"stride": 2}), 1),
    "few filters behind": (_behind({"filters": 2}), 1), "pooled": (_behind(pool=True), 0),
    "no ReLU": (_behind(relu=False), 0), "reader without padding": (_behind({"padding": "valid"}), 0),
    "reader of one pixel": (_behind({"kernel": 1}), 0), "reader in groups": (_behind({"filters": 19, "groups": 19}), 0),
    "nothing but a mean behind": (_end(_start().add("ReLU", "R")), 0), "read twice": (_read_twice(), 0),
    "two readers": (_two_readers(), 0)}


def _batch(count=5):
    return np.random.default_rng(0).normal(size=(count, *SHAPE)).astype(np.float32), np.arange(count) % 4


def _gated(engine):
    return sum(isinstance(step, Convolution) and step.gets_gated for step in engine._plan.steps)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("count", [1, 19])
def test_gradients_are_those_of_the_definitions(name, count):
    network, expected = NETWORKS[name]
    engine = Engine(network, lively_weights(network), count, threads=1)
    assert _gated(engine) == sum(step.sends_gated for step in engine._plan.steps if isinstance(step, Convolution))
    assert _gated(engine) == expected
    engine.close()
    assert disagreement(network, count) < 1e-4


@pytest.mark.parametrize("threads", [1, 3, 8])
@pytest.mark.parametrize("name", ["plain", "frozen", "few filters behind"])
def test_many_steps_do_not_depend_on_who_gates(name, threads, monkeypatch):
    network, _ = NETWORKS[name]
    x, target = _batch(19)
    found = []
    for settle, count in ((engine_module.settle, threads), (engine_module.settle, 2), (fold, 2)):
        monkeypatch.setattr(engine_module, "settle", settle)
        engine, optimizer = Engine(network, lively_weights(network), 20, threads=count), Momentum()
        for _ in range(5):
            engine.train_step(x, target, 0.05, optimizer)
        found.append(engine.weights())
        engine.close()
    for key, weights in found[0].items():
        np.testing.assert_array_equal(weights, found[1][key], key)
        np.testing.assert_allclose(weights, found[2][key], rtol=1e-4, atol=1e-5, err_msg=key)


@pytest.mark.parametrize("threads", [2, 8])
def test_a_reader_whose_pictures_threads_share(threads, monkeypatch):
    network, _ = NETWORKS["plain"]
    x, target = _batch(3)
    found = []
    for worth in (10**12, 0):
        monkeypatch.setattr(within, "_WORTH", worth)
        monkeypatch.setattr(within, "_WORTH_ONE_MORE", worth)
        engine = Engine(network, lively_weights(network), 3, threads=threads)
        engine.find_gradients(x, target)
        found.append(engine.gradients())
        engine.close()
    for key, gradient in found[0].items():
        np.testing.assert_allclose(gradient, found[1][key], rtol=1e-4, atol=1e-6, err_msg=key)


@pytest.mark.parametrize("broken", ["C.weight", "P.bias", "Q.weight", "D.weight"])
def test_the_layer_that_broke_is_still_found(broken, monkeypatch):
    network, _ = NETWORKS["plain"]
    x, target = _batch()
    weights, found = lively_weights(network), []
    weights[broken] = weights[broken].copy()
    weights[broken].flat[0] = np.nan
    for settle in (engine_module.settle, fold):
        monkeypatch.setattr(engine_module, "settle", settle)
        engine = Engine(network, weights, 5, threads=2)
        found.append(engine.train_step(x, target, 0.05, Momentum()).bad_layer)
        engine.close()
    assert found[0] == found[1] == broken.partition(".")[0]
