"""Batches of so few pictures that threads share them: the same bits as one thread, right, and only then."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.engine.steps import within
from core.engine.steps.within import SharedConvolution
from core.kernels.jit import COMPILED
from tests.core.engine.agreement import chain, disagreement, lively_weights, pictures

pytestmark = pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")
SECOND = [("Conv2D", {"filters": 16, "kernel": 3}), ("Conv2D", {"filters": 21, "kernel": (4, 3), "padding": 1}),
          ("Conv2D", {"filters": 6, "kernel": 5, "stride": (2, 1), "padding": "same"})]
BEHIND = [(), ("ReLU",), ("ReLU", "MaxPool2D"), ("MaxPool2D", "Tanh")]


def _network(second, behind):
    return chain((3, 13, 11), ("Conv2D", {"filters": 9}), "ReLU", second, *behind, "Flatten", ("Dense", {"units": 4}),
                 "Softmax")


def _numbers(network, batch, threads):
    """(outputs, gradients, whether threads share pictures)."""
    engine = Engine(network, lively_weights(network), batch, threads=threads)
    x = pictures(network, batch)
    engine.find_gradients(x, np.arange(batch) % 4)
    found = engine.predict(x), engine.gradients()
    shared = any(isinstance(step, SharedConvolution) for step in engine._plan.steps)
    engine.close()
    return *found, shared


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("behind", BEHIND, ids=str)
@pytest.mark.parametrize("second", SECOND, ids=str)
def test_the_same_bits_and_right(second, behind, batch, monkeypatch):
    monkeypatch.setattr(within, "_WORTH", 0)
    network = _network(second, behind)
    output, gradients, shared = _numbers(network, batch, 1)
    assert not shared
    for threads in (2, 8) if batch == 1 else (2, 4, 8):
        others, slopes, shared = _numbers(network, batch, threads)
        assert shared
        assert np.array_equal(others, output)
        assert all(np.array_equal(slopes[name], gradients[name]) for name in gradients)
    assert disagreement(network, batch, spare=0) <= 1e-5


def test_a_batch_that_is_not_full(monkeypatch):
    monkeypatch.setattr(within, "_WORTH", 0)
    assert disagreement(_network(SECOND[1], BEHIND[2]), 2, spare=1) <= 1e-5


@pytest.mark.parametrize(("batch", "threads"), [(2, 2), (64, 2), (1, 1)])
def test_only_where_pictures_are_too_few(batch, threads, monkeypatch):
    monkeypatch.setattr(within, "_WORTH", 0)
    assert not _numbers(_network(SECOND[0], ()), batch, threads)[2]


def test_not_where_there_is_little_work():
    assert not _numbers(_network(SECOND[0], ()), 1, 2)[2]
