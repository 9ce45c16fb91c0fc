"""How fast the kernels and the engine are on this machine: pytest tests/benchmarks/test_kernels.py.

Figures are in `extra_info`: GFLOP/s of one thread for products, pictures per second for whole steps.
"""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.kernels import elementwise, lanewise, multiply
from core.train.optimizers import Momentum
from tests.core.engine.agreement import chain, lenet, lively_weights, pictures, residual
from tests.core.kernels.arrays import flat, room

NO_FLOOR = np.float32(-np.inf)
BATCH = 64


def classroom():
    """Two convolutions, a pool and two dense layers on 28×28 pictures."""
    return chain((1, 28, 28), ("Conv2D", {"filters": 32, "padding": 1}), "ReLU",
                 ("Conv2D", {"filters": 64, "padding": 1}), "ReLU", "MaxPool2D", "Flatten", ("Dense", {"units": 128}),
                 "ReLU", ("Dense", {"units": 10}), "Softmax")


def _rate(benchmark, operations):
    benchmark.extra_info["GFLOP/s"] = round(2e-9 * operations / benchmark.stats["min"], 1)


@pytest.mark.parametrize(("rows", "depth", "columns"), [(784, 288, 64), (100, 150, 16), (784, 25, 12)])
def test_a_product_through_register_tiles(benchmark, rows, depth, columns):
    places = np.stack([np.arange(rows) * depth, np.arange(rows) * columns])
    sizes = np.array([1, 0, 0, 0, 0, 0, 0, rows, 1, 0, 0, 1, 0, 0, depth, columns, columns, 0])
    a, b, c = room(rows, depth), room(depth, columns), room(rows, columns)
    benchmark(multiply.multiply_rows, a, b, c, room(columns), places, NO_FLOOR, sizes)
    _rate(benchmark, rows * depth * columns)


@pytest.mark.parametrize(("rows", "length", "columns"), [(64, 400, 120), (64, 12544, 128)])
def test_dots(benchmark, rows, length, columns):
    a, b, c = room(rows, length), room(columns, length), room(rows, columns)
    sizes = np.array([length, columns, 0, columns])
    benchmark(multiply.multiply_dots, a, b, room(columns), c, 0, rows, NO_FLOOR, sizes)
    _rate(benchmark, rows * length * columns)


def test_a_depthwise_convolution(benchmark):
    pixels, channels = 28 * 28, 64
    places = np.arange(pixels) * channels
    rows = np.stack([places // (28 * channels) * 30 * channels + places % (28 * channels), places,
                     np.full(pixels, channels)])
    offsets = (np.arange(3)[:, None] * 30 * channels + np.arange(3) * channels).reshape(-1)
    sizes = np.array([1, 0, 0, 0, 0, 0, pixels, 0, 9, channels])
    x, w, y = room(30, 30, channels), room(9, channels), room(pixels, channels)
    benchmark(lanewise.lane_rows, x, w, y, room(channels), rows, offsets, NO_FLOOR, sizes)
    _rate(benchmark, pixels * channels * 9)


@pytest.mark.parametrize("kernel", [elementwise.tanh_rows, elementwise.sigmoid_rows, elementwise.copy_rows],
                         ids=lambda kernel: kernel.__name__)
def test_number_by_number(benchmark, kernel):
    values = flat(np.random.default_rng(0).normal(size=100_000))
    benchmark(kernel, values, room(values.size), 0, 1, values.size)
    benchmark.extra_info["ns per number"] = round(1e9 * benchmark.stats["min"] / values.size, 3)


@pytest.mark.parametrize("network", [lenet(), classroom(), residual()], ids=["lenet", "classroom", "residual"])
@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
def test_pictures_per_second(benchmark, network, training):
    engine = Engine(network, lively_weights(network), BATCH)
    x, target, optimizer = pictures(network, BATCH), np.zeros(BATCH, np.int64), Momentum()
    if training:
        benchmark(engine.train_step, x, target, 1e-5, optimizer)
    else:
        benchmark(engine.predict, x)
    benchmark.extra_info["pictures/s"] = round(BATCH / benchmark.stats["median"])
    engine.close()
