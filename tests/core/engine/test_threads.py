"""The same bits whatever the number of threads, and whatever was computed before."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.train.optimizers import OPTIMIZERS
from tests.core.engine.agreement import (
    blocks,
    differing,
    digits,
    large_dense,
    lenet,
    lively_weights,
    many_filters,
    many_weights,
    pictures,
    residual,
)
from tests.core.networks import every_layer


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
@pytest.mark.parametrize("network", [
    lenet(), every_layer(), residual(), blocks(), many_weights(), digits(), many_filters(), large_dense()],
                         ids=["lenet", "every layer", "residual", "blocks", "many weights", "digits", "many filters",
                              "large dense"])
def test_bits_do_not_depend_on_threads(network, optimizer):
    assert differing(network, OPTIMIZERS[optimizer]()) == []


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
