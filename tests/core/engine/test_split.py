"""Groups that share planes, dilated filters, windows copied out one by one: right, the same bits for any threads."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.engine.steps.bands import bands, turned
from core.engine.steps.patches import PatchConvolution, Patches
from core.engine.steps.split import SplitConvolution
from core.engine.steps.spread import Spread
from core.kernels.jit import COMPILED
from core.kernels.processor import LANES
from core.layers.conv2d import Conv2D
from core.train.optimizers import make_optimizer
from core.train.options import TrainOptions
from tests.core.engine.agreement import chain, differing, disagreement, lively_weights

compiled = pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")
# (channels, size, settings): planes with all groups, with fewer in the last one, of one group; strides and padding.
SPLIT = [(35, (13, 13), {"filters": 35, "kernel": 6, "stride": 3, "groups": 7, "padding": [1, 2, 1, 2]}),
         (12, (9, 8), {"filters": 33, "kernel": (2, 3), "dilation": (4, 3), "groups": 3}),
         (12, (7, 9), {"filters": 20, "kernel": (3, 1), "padding": "same", "groups": 2}),
         (8, (7, 7), {"filters": 128, "kernel": 1, "groups": 4}),
         (30, (5, 5), {"filters": 25, "kernel": 2, "groups": 5}),
         (7, (9, 9), {"filters": 7, "kernel": 3, "dilation": 3, "padding": [0, 2, 0, 2]})]
# Most of the filter lies on padding.
ON_PADDING = [(22, (5, 5), {"filters": 22, "kernel": 5, "padding": 4, "groups": 2}),
              (13, (15, 15), {"filters": 10, "kernel": (5, 3), "padding": 6, "dilation": 3, "stride": 2}),
              (6, (4, 7), {"filters": 40, "kernel": (4, 2), "padding": 3, "dilation": (3, 2), "groups": 2})]
WINDOWS = [(9, (17, 17), {"filters": 33, "kernel": 6, "dilation": 3, "stride": 2, "padding": [0, 2, 0, 2]}),
           (5, (9, 8), {"filters": 16, "kernel": (2, 3), "dilation": (4, 3)}),
           (8, (7, 7), {"filters": 3, "kernel": 3, "dilation": (3, 2), "padding": [0, 1, 2, 0]}),
           (40, (5, 7), {"filters": 48, "kernel": (1, 3), "dilation": 3, "stride": 3})]


def _network(channels, size, settings, behind=("ReLU",)):
    first = ("Conv2D", {"filters": channels, "kernel": 1})
    last = ("Dense", {"units": 4})
    return chain((2, *size), first, "Tanh", ("Conv2D", settings), *behind, "Flatten", last, "Softmax")


def _kinds(network):
    engine = Engine(network, lively_weights(network), 2, threads=1)
    engine.close()
    return [type(step) for step in engine._plan.steps]


@compiled
@pytest.mark.parametrize("case", SPLIT + ON_PADDING, ids=str)
def test_planes_of_groups(case):
    assert SplitConvolution in _kinds(_network(*case))
    assert disagreement(_network(*case), 7) <= 1e-5


@compiled
@pytest.mark.parametrize("case", WINDOWS, ids=str)
def test_windows_one_by_one(case):
    assert PatchConvolution in _kinds(_network(*case))
    assert disagreement(_network(*case), 21) <= 1e-5


@compiled
@pytest.mark.parametrize("behind", [(), ("BatchNorm", "ReLU"), ("ReLU", "MaxPool2D")], ids=str)
@pytest.mark.parametrize("case", [SPLIT[0], WINDOWS[2]], ids=str)
def test_with_what_runs_behind(case, behind):
    assert disagreement(_network(*case, behind), 7) <= 1e-5


@compiled
@pytest.mark.parametrize("case", [SPLIT[0], ON_PADDING[1], WINDOWS[0], WINDOWS[3]], ids=str)
def test_the_same_bits_for_any_number_of_threads(case):
    assert differing(_network(*case), make_optimizer(TrainOptions())) == []


@compiled
def test_sums_of_many_weights_take_turns():
    case = (64, (9, 9), {"filters": 70, "kernel": 4, "dilation": 2, "stride": 2})
    assert PatchConvolution in _kinds(_network(*case))
    assert disagreement(_network(*case), 21) <= 1e-5
    assert differing(_network(*case), make_optimizer(TrainOptions())) == []


@compiled
@pytest.mark.parametrize("case", [SPLIT[0], WINDOWS[0]], ids=str)
def test_frozen_filters_still_send_the_gradient_back(case):
    channels, size, settings = case
    assert disagreement(_network(channels, size, {**settings, "frozen": True}), 7) <= 1e-5


def test_groups_share_a_plane_until_they_fill_a_vector():
    shape = Spread.by_groups(Conv2D(filters=35, kernel=3, groups=7), (35, 9, 9), 5)
    joined = max(1, LANES // 5)
    assert shape.joined == joined
    assert shape.members == [(first, min(first + joined, 7)) for first in range(0, 7, joined)]
    assert shape.run == 3 * joined * 5
    assert Spread.by_groups(Conv2D(filters=64, kernel=3, groups=2), (64, 9, 9), 32).joined == 1


@pytest.mark.parametrize(("kernel", "stride", "padding", "apart"),
                         [(5, 2, 6, 3), (4, 1, 5, 2), (3, 3, 4, 4), (6, 1, 0, 2)])
def test_no_row_of_a_dilated_filter_is_multiplied_with_padding(kernel, stride, padding, apart):
    layer = Conv2D(filters=8, kernel=kernel, stride=stride, padding=(padding,) * 4, dilation=apart)
    shape = Spread.by_groups(layer, (4, 15, 15), 8)
    inside = {(row, tap) for row in range(shape.out[0]) for tap in range(kernel)
              if 0 <= row * stride - padding + tap * apart < 15}
    found = bands(shape, apart)
    for each in (found, turned(found, shape)):
        pairs = [(row, tap) for band in each for row in range(*band.rows) for tap in range(*band.taps)]
        assert len(pairs) == len(set(pairs))
        assert set(pairs) == inside


def test_windows_hold_what_filters_see():
    shape = Patches.by_windows(Conv2D(filters=1, kernel=(2, 3), dilation=(2, 1), padding=(1, 0, 0, 1)), (2, 4, 3))
    picture = np.arange(1.0, 25).reshape(4, 3, 2)
    wanted = np.zeros((6, 4, 2))
    wanted[1:5, :3] = picture
    made = np.zeros(shape.frame_numbers)
    for start, place, count in shape.runs():
        made[place:place + count] = picture.reshape(-1)[start:start + count]
    for pixel, (row, column) in enumerate(np.ndindex(*shape.out)):
        window = wanted[row:row + 3:2, column:column + 3]
        assert np.array_equal(made.reshape(shape.pixels, -1)[pixel], window.reshape(-1))
