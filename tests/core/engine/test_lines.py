"""Inputs that only pools read stay as they come; pools of few channels go line by line: right, and the same bits."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.kernels.jit import COMPILED
from core.kernels.processor import LANES
from core.train.optimizers import make_optimizer
from core.train.options import TrainOptions
from tests.core.engine.agreement import chain, differing, disagreement, lively_weights, pictures

pytestmark = pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")
POOLS = [("MaxPool2D", {"kernel": (3, 2), "stride": (1, 2), "padding": 1}), ("MaxPool2D", {}),
         ("AveragePool2D", {"kernel": 4, "stride": 3, "ceil": True}), ("L2Pool2D", {"kernel": 3, "stride": 1}),
         ("AveragePool2D", {"kernel": 3, "padding": 1, "count_padding": True})]
BEHIND = [("Conv2D", {"filters": 6}), "ReLU", "Flatten", ("Dense", {"units": 4}), "Softmax"]


def _planes(network):
    engine = Engine(network, lively_weights(network), 3, threads=1)
    found = engine._plan.source.planes
    engine.close()
    return found


@pytest.mark.parametrize("channels", [2, 3, 7, 8, 19])
@pytest.mark.parametrize("pool", POOLS, ids=str)
def test_a_pool_before_everything_else(pool, channels):
    network = chain((channels, 11, 9), pool, *BEHIND)
    assert _planes(network) == (channels < LANES // 2)
    assert disagreement(network, 7) <= 1e-5


@pytest.mark.parametrize("way", ["GlobalAveragePool2D", "GlobalMaxPool2D"])
def test_a_global_pool_before_everything_else(way):
    network = chain((33, 13, 7), way, ("Dense", {"units": 4}), "Softmax")
    assert _planes(network)
    assert disagreement(network, 7) <= 1e-5


@pytest.mark.parametrize("filters", [1, 3, 7])
@pytest.mark.parametrize("pool", POOLS, ids=str)
def test_a_pool_of_few_channels(pool, filters):
    network = chain((2, 11, 9), ("Conv2D", {"filters": filters}), "Tanh", pool, "Flatten", ("Dense", {"units": 4}),
                    "Softmax")
    assert not _planes(network)
    assert disagreement(network, 7) <= 1e-5


def test_the_same_bits_for_any_number_of_threads():
    network = chain((5, 21, 19), POOLS[0], ("Conv2D", {"filters": 3}), "ReLU", POOLS[2], "Flatten",
                    ("Dense", {"units": 4}), "Softmax")
    assert differing(network, make_optimizer(TrainOptions())) == []


def test_the_input_can_be_looked_at():
    network = chain((5, 11, 9), POOLS[0], *BEHIND)
    engine, x = Engine(network, lively_weights(network), 3, threads=1), pictures(network, 3)
    name = next(node.name for node in network.nodes.values() if node.type == "Input")
    assert np.array_equal(engine.outputs(x, [name])[name], x)
    engine.close()
