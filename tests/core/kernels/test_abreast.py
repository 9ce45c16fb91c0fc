"""5×5 convolution with pictures side by side, against the definition in float64."""

import numpy as np
import pytest

from core.kernels import abreast
from core.kernels.abreast_packing import pack_positions, weights_from_blocks
from core.kernels.jit import COMPILED
from core.kernels.processor import LANES
from tests.core.kernels.arrays import flat, room

pytestmark = pytest.mark.skipif(not COMPILED, reason="written in vectors, which only the compiler knows")
CLOSE = 3e-5


def _defined(x, weights, bias, pad, floor, pool):
    """N×H×W×C by the definition."""
    x = np.pad(x.astype(float), ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    height, width = x.shape[1] - 4, x.shape[2] - 4
    weights = weights.astype(float)
    made = sum(x[:, i:i + height, j:j + width] @ weights[i, j] for i in range(5) for j in range(5)) + bias
    if pool:
        made = made[:, :height // 2 * 2, :width // 2 * 2]
        made = made.reshape(len(x), height // 2, 2, width // 2, 2, len(bias)).max((2, 4))
    return np.maximum(made, floor)


def _convolved(x, weights, bias, pad, floor, pool, first):
    count, height, width, channels = x.shape
    filters = len(bias)
    blocks = -(-filters // abreast.FILTERS)
    package = room(36 * channels * blocks * abreast.FILTERS)
    pack_positions(flat(weights), 0, package, room(0), room(36 * LANES), channels, filters)
    out = (height + 2 * pad - 4, width + 2 * pad - 4)
    made = tuple(each // 2 for each in out) if pool else out
    rows, line = height + 2 * pad + 2, width + 2 * pad + 2
    rooms = (room(rows * line * channels * LANES), room(6 * line * channels * LANES),
             room(18 * line * channels * LANES), room(12 * abreast.FILTERS * LANES),
             room((made[0] * made[1] * filters + LANES) * LANES))
    sizes = np.array([channels, height, width, pad, pad, line, blocks, filters, *out, int(pool),
                      height * width * channels, made[0] * made[1] * filters])
    target = room(count, *made, filters)
    winners = np.zeros((count + LANES) * made[0] * made[1] * filters, np.int8)
    biases = np.concatenate([bias, np.zeros(abreast.FILTERS, np.float32)])
    abreast.convolve_abreast(flat(x), package, flat(biases), target, winners, rooms, np.float32(floor), sizes, first,
                             count)
    return target.reshape(count, *made, filters)


@pytest.mark.parametrize("pool", [False, True])
@pytest.mark.parametrize(("shape", "filters", "pad"), [((14, 14, 6), 16, 0), ((7, 9, 3), 7, 2), ((5, 6, 20), 9, 0),
                                                       ((1, 2, 5), 6, 2), ((11, 6, 4), 33, 1)])
def test_it_is_the_definition(shape, filters, pad, pool):
    draw, count, first = np.random.default_rng(filters), LANES + 3, 2
    x = draw.normal(size=(count, *shape)).astype(np.float32)
    weights = draw.normal(size=(5, 5, shape[2], filters)).astype(np.float32)
    bias = draw.normal(size=filters).astype(np.float32)
    for floor in (0, -np.inf):
        wanted = _defined(x, weights, bias, pad, floor, pool)
        made = _convolved(x, weights, bias, pad, floor, pool, first)
        assert not made[:first].any()
        if wanted.size:
            assert np.abs(made[first:] - wanted[first:]).max() <= CLOSE * np.abs(wanted).max()


@pytest.mark.parametrize(("channels", "filters"), [(1, 1), (3, 7), (5, 33)])
def test_weights_go_to_positions_and_gradients_back_by_the_transpose(channels, filters):
    draw, size = np.random.default_rng(filters), 25 * channels * filters
    blocks, backs = -(-filters // abreast.FILTERS), -(-channels // abreast.CHANNELS)
    package, back = room(36 * channels * blocks * abreast.FILTERS), room(36 * filters * backs * abreast.CHANNELS)
    weights, slopes = (draw.normal(size=count).astype(np.float32) for count in (size, 36 * channels * filters))
    pack_positions(flat(weights), 0, package, back, room(36 * LANES), channels, filters)
    one = package.reshape(blocks, 6, channels, 6, -1).transpose(1, 3, 2, 0, 4).reshape(36, channels, -1)[..., :filters]
    other = back.reshape(backs, 6, filters, 6, -1).transpose(1, 3, 0, 4, 2).reshape(36, -1, filters)[:, :channels]
    np.testing.assert_array_equal(one, other)
    made = room(3 + size)
    weights_from_blocks(flat(slopes), made, 3, channels, filters)
    assert not made[:3].any()
    # ⟨G w, u⟩ = ⟨w, Gᵀ u⟩
    np.testing.assert_allclose(one.reshape(-1) @ slopes, weights @ made[3:], rtol=1e-3, atol=1e-4)


def test_a_broken_number_stays_in_its_picture():
    draw = np.random.default_rng(1)
    x = draw.normal(size=(5, 6, 6, 3)).astype(np.float32)
    x[2, 3, 3, 1] = np.nan
    weights, bias = draw.normal(size=(5, 5, 3, 6)).astype(np.float32), np.zeros(6, np.float32)
    for pool in (False, True):
        broken = np.isnan(_convolved(x, weights, bias, 0, 0, pool, 0)).any((1, 2, 3))
        assert broken.tolist() == [False, False, True, False, False]
