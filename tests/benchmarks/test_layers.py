"""How fast each kind of kernel is inside the engine, both ways: pytest tests/benchmarks/test_layers.py.

`extra_info` holds, for the layer's forward and backward pass on all threads, GFLOP/s (of the definition's
multiply-adds) with their share of the register tile's peak, or GB/s (what is read and written, once each).
"""

import os
import statistics

import numpy as np
import pytest

from core.benchmark.peak import TilePeak
from core.engine.arena import Arena
from core.engine.engine import Engine
from core.engine.parameters import Parameters
from core.engine.update import rates_of, stretches, update_works
from core.graph.cost import cost
from core.graph.shapes import infer
from core.kernels import losses
from core.train.optimizers import OPTIMIZERS
from tests.core.engine.agreement import chain, lively_weights, pictures

BATCH, PASSES, THREADS = 64, 10, os.cpu_count() or 1


def conv(filters, kernel=3, **settings):
    return ("Conv2D", {"filters": filters, "kernel": kernel, **settings})


# The shape that comes in, and the layer; in front of it stands a Scale, so that its input needs a gradient.
PRODUCTS = {
    "winograd 16": ((16, 32, 32), conv(16, padding=1)),
    "winograd 64": ((64, 32, 32), conv(64, padding=1)),
    "winograd 128": ((128, 16, 16), conv(128, padding=1)),
    "winograd 256": ((256, 8, 8), conv(256, padding=1)),
    "direct 3 to 16": ((3, 32, 32), conv(16, padding=1)),
    "direct 5×5 6 to 16": ((6, 14, 14), conv(16, 5)),
    "direct 5×5 16": ((16, 32, 32), conv(16, 5, padding=2)),
    "direct 5×5 32": ((32, 16, 16), conv(32, 5, padding=2)),
    "direct 5×5 64": ((64, 16, 16), conv(64, 5, padding=2)),
    "direct stride 2, 64 to 128": ((64, 16, 16), conv(128, stride=2, padding=1)),
    "direct 1×1 64": ((64, 16, 16), conv(64, 1)),
    "grouped 64 in 4": ((64, 16, 16), conv(64, padding=1, groups=4)),
    "depthwise 64": ((64, 16, 16), conv(64, padding=1, groups=64)),
    "dilated 32": ((32, 16, 16), conv(32, padding=2, dilation=2)),
    "dense 400 to 120": ((400,), ("Dense", {"units": 120})),
    "dense 12544 to 128": ((12544,), ("Dense", {"units": 128})),
}
OTHERS = {
    "max pool 2×2": ((64, 28, 28), "MaxPool2D"),
    "max pool 3×3, stride 2": ((64, 28, 28), ("MaxPool2D", {"kernel": 3, "stride": 2})),
    "average pool 2×2": ((64, 28, 28), "AveragePool2D"),
    "global average": ((64, 28, 28), "GlobalAveragePool2D"),
    "batch norm": ((64, 28, 28), "BatchNorm"),
    "local response": ((64, 28, 28), "LocalResponseNorm"),
    **{kind: ((64, 28, 28), kind) for kind in ("ReLU", "LeakyReLU", "Sigmoid", "Tanh", "ELU", "Softplus", "Dropout")},
}


@pytest.fixture(scope="module")
def tile():
    """Measures what the register tile gives."""
    made = TilePeak(THREADS)
    yield made
    made.close()


def timed(benchmark, shape, layer):
    """(network, name of the layer in it, its median seconds forward and backward)."""
    network = chain(shape, "Scale", layer, *(["Flatten"] if len(comes_out(shape, layer)) > 1 else []))
    engine = Engine(network, lively_weights(network), BATCH, threads=THREADS)
    try:
        x, target = pictures(network, BATCH), np.zeros(BATCH, np.int64)
        engine.time_layers(x, target, 1)
        times = benchmark.pedantic(engine.time_layers, (x, target, PASSES), rounds=3)
    finally:
        engine.close()
    name = next(name for name in times.steps if name.endswith("1"))
    found = times.steps[name]
    return network, name, (statistics.median(found.forward), statistics.median(found.backward))


def comes_out(shape, layer):
    inference = infer(chain(shape, layer))
    return inference.shapes[inference.network.order[-1]]


@pytest.mark.parametrize("name", PRODUCTS)
def test_products(benchmark, name, tile):
    network, layer, seconds = timed(benchmark, *PRODUCTS[name])
    costs = cost(infer(network)).layers[network.by_name(layer).id]
    peak = tile.measure(THREADS, 0.2)
    for way, macs, each in zip(("forward", "backward"), (costs.macs, costs.macs_backward), seconds, strict=True):
        speed = 2 * BATCH * macs / each
        benchmark.extra_info[f"{way} GFLOP/s"] = round(speed / 1e9, 1)
        benchmark.extra_info[f"{way} of the peak"] = round(speed / peak, 2)
        assert speed > 0


@pytest.mark.parametrize("name", OTHERS)
def test_what_moves_numbers(benchmark, name):
    shape, layer = OTHERS[name]
    _, _, seconds = timed(benchmark, shape, layer)
    moved = 4 * BATCH * (np.prod(shape) + np.prod(comes_out(shape, layer)))
    for way, each in zip(("forward", "backward"), seconds, strict=True):
        benchmark.extra_info[f"{way} GB/s"] = round(moved / each / 1e9, 1)
        assert each > 0


@pytest.mark.parametrize("classes", [10, 1000])
def test_cross_entropy(benchmark, classes):
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(BATCH, classes)).astype(np.float32)
    targets, gradient, found = np.eye(BATCH, classes, dtype=np.float32), np.zeros_like(scores), np.zeros(BATCH)
    benchmark(losses.softmax_cross_entropy, scores, targets, gradient, found, np.float32(1), 0, BATCH)
    benchmark.extra_info["ns per number"] = round(1e9 * benchmark.stats["median"] / scores.size, 2)
    assert found.sum() > 0


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(benchmark, name):
    parameters = Parameters(Arena())
    parameters.declare("a.weight", (1_000_000,), True)
    parameters.allocate()
    optimizer = OPTIMIZERS[name]()
    works = update_works(optimizer, parameters, stretches(parameters, frozenset()), rates_of(optimizer, 0.01, 1.0, 1))
    benchmark(lambda: [work(0) for work in works])
    # Weight and slots are read and written, the gradient is read.
    arrays = 3 + 2 * len(optimizer.slots)
    benchmark.extra_info["GB/s"] = round(4e6 * arrays / benchmark.stats["median"] / 1e9, 1)
