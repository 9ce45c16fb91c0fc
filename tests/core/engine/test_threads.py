"""The same bits whatever the number of threads, and whatever was computed before."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.train.optimizers import OPTIMIZERS
from tests.core.engine.agreement import chain, lenet, lively_weights, many_weights, pictures, residual
from tests.core.networks import every_layer


def _winograd():
    """Two convolutions by Winograd, on sizes that do not fill its blocks."""
    return chain((3, 11, 10), ("Conv2D", {"filters": 16, "padding": 1}), "ReLU", ("Conv2D", {"filters": 32}), "ReLU",
                 ("Conv2D", {"filters": 16, "padding": "same"}), "MaxPool2D", "Flatten", ("Dense", {"units": 5}))


THREADS = (1, 2, 3, 8)
COUNTS = (33, 33, 7, 1, 20)


def _trained(network, threads, optimizer):
    engine = Engine(network, lively_weights(network), 33, threads=threads, seed=5)
    try:
        x = pictures(network, 33)
        target = np.arange(33) % engine.predict(x).shape[1]
        losses = [engine.train_step(x[:count], target[:count], 0.01, OPTIMIZERS[optimizer]()).loss for count in COUNTS]
        loss, correct, outputs = engine.evaluate(x[:13], target[:13])
        return {**engine.weights(), **engine.state(), "losses": np.array(losses), "outputs": outputs,
                "evaluation": np.array([loss, correct])}
    finally:
        engine.close()


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
@pytest.mark.parametrize("network", [lenet(), every_layer(), residual(), _winograd(), many_weights()],
                         ids=["lenet", "every layer", "residual", "winograd", "many weights"])
def test_bits_do_not_depend_on_threads(network, optimizer):
    results = [_trained(network, threads, optimizer) for threads in THREADS]
    assert all(np.isfinite(array).all() for array in results[0].values())
    for other in results[1:]:
        assert results[0].keys() == other.keys()
        assert not [name for name in other if not np.array_equal(results[0][name], other[name])]


def test_what_lies_behind_a_partial_batch_does_not_matter():
    network = residual()
    x, weights = pictures(network, 12), lively_weights(network)
    fresh, used = (Engine(network, weights, 12, threads=2) for _ in range(2))
    used.find_gradients(np.full_like(x, np.nan), np.zeros(12, np.int64))
    for engine in (fresh, used):
        engine.find_gradients(x[:5], np.arange(5) % 4)
    one, other = fresh.gradients(), used.gradients()
    assert not [name for name in one if not np.array_equal(one[name], other[name])]
    fresh.close()
    used.close()


def test_the_seed_decides_what_is_dropped():
    network = every_layer()
    x, weights = pictures(network, 6), lively_weights(network)
    losses = []
    for seed in (1, 1, 2):
        engine = Engine(network, weights, 6, seed=seed, threads=1)
        losses.append(engine.find_gradients(x, np.arange(6) % 3))
        engine.close()
    assert losses[0] == losses[1] != losses[2]
