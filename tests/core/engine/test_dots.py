"""Convolutions of a few filters on many channels, by dot products: right, the same bits for any number of threads."""

import pytest

from core.engine.engine import Engine
from core.engine.steps.dots import DotConvolution
from core.kernels.jit import COMPILED
from core.kernels.processor import LANES
from core.train.optimizers import make_optimizer
from core.train.options import TrainOptions
from tests.core.engine.agreement import chain, differing, disagreement, lively_weights

pytestmark = pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")
# (channels, size, settings): one to four filters, rows that end inside a vector, strides, windows mostly on padding.
CASES = [(70, (9, 9), {"filters": 1, "kernel": 3, "padding": [0, 2, 0, 2]}),
         (35, (13, 13), {"filters": 2, "kernel": 6, "stride": 3, "padding": [1, 2, 1, 2]}),
         (82, (9, 8), {"filters": 3, "kernel": (2, 3)}), (66, (9, 40), {"filters": 4, "kernel": 1, "stride": 2}),
         (22, (5, 5), {"filters": 4, "kernel": 5, "padding": 4}), (64, (4, 21), {"filters": 1, "kernel": (4, 5)}),
         (33, (3, 19), {"filters": 2, "kernel": (7, 2), "padding": (5, 1)})]


def _network(channels, size, settings, behind=("ReLU",)):
    first, last = ("Conv2D", {"filters": channels, "kernel": 1}), ("Dense", {"units": 4})
    return chain((2, *size), first, "Tanh", ("Conv2D", settings), *behind, "Flatten", last, "Softmax")


def _has_dots(network):
    engine = Engine(network, lively_weights(network), 2, threads=1)
    engine.close()
    return any(isinstance(step, DotConvolution) for step in engine._plan.steps)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_right(case):
    assert _has_dots(_network(*case))
    assert disagreement(_network(*case), 21) <= 1e-5


@pytest.mark.parametrize("behind", [(), ("BatchNorm", "ReLU"), ("ReLU", "MaxPool2D"), ("MaxPool2D",)], ids=str)
@pytest.mark.parametrize("case", [CASES[0], CASES[2]], ids=str)
def test_right_with_what_runs_behind(case, behind):
    assert disagreement(_network(*case, behind), 7) <= 1e-5


@pytest.mark.parametrize("case", CASES[:3] + CASES[4:5], ids=str)
def test_the_same_bits_for_any_number_of_threads(case):
    assert differing(_network(*case), make_optimizer(TrainOptions())) == []


def test_as_the_first_layer_and_frozen():
    channels, size, settings = CASES[0]
    behind = ["ReLU", "Flatten", ("Dense", {"units": 4}), "Softmax"]
    assert disagreement(chain((channels, *size), ("Conv2D", settings), *behind), 7) <= 1e-5
    assert disagreement(_network(channels, size, {**settings, "frozen": True}), 7) <= 1e-5


@pytest.mark.parametrize(("channels", "settings"), [(70, {"filters": 5}), (LANES, {"filters": 4}),
                                                    (70, {"filters": 2, "dilation": 2})])
def test_not_for_more_filters_nor_short_rows(channels, settings):
    assert not _has_dots(_network(channels, (9, 9), {"kernel": 3, **settings}))
