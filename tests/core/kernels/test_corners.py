"""Few filters with their pool, against the definition."""

import numpy as np
import pytest

from core.kernels import corners
from core.kernels.jit import COMPILED
from core.kernels.processor import LANES
from tests.core.kernels.arrays import flat, room

pytestmark = pytest.mark.skipif(not COMPILED, reason="compilation is switched off")


def test_lanes_and_slots_are_added_up_in_the_order_of_the_weights():
    rng = np.random.default_rng(0)
    sums = rng.normal(size=(3, 2, 5, LANES))
    target = flat(np.full(20, 9.0))
    corners.gather_lanes(flat(sums), 2, 2 * 5 * LANES, 2, 5, target, 4, room(LANES))
    np.testing.assert_allclose(target[4:14].reshape(5, 2), sums[:2].sum(axis=(0, 3)).T, rtol=1e-4, atol=1e-5)
    assert (target[[3, 14]] == 9).all()


@pytest.mark.parametrize("count", [1, corners.FILTERS, corners.FILTERS + 1])
def test_filters_are_packed_in_blocks(count):
    depth, blocks = 4, -(-count // corners.FILTERS)
    weights = np.arange(1.0, depth * count + 1).reshape(depth, count)
    package = room(blocks, depth, corners.FILTERS)
    corners.pack_blocks(flat([0, 0, *weights.reshape(-1)]), 2, package, count, depth)
    made = package.reshape(blocks, depth, corners.FILTERS).transpose(1, 0, 2).reshape(depth, -1)
    assert np.array_equal(made[:, :count], weights)
    assert not made[:, count:].any()


@pytest.mark.parametrize("relu", [False, True])
def test_one_picture_is_convolved_and_pooled(relu):
    rng = np.random.default_rng(1)
    height, width, count = 6, 2 * LANES + 4, 2
    picture, weights = rng.normal(size=(height, width)), rng.normal(size=(3, 3, count))
    high, wide, half = (height - 2) // 2, (width - 2) // 2, 2 * LANES
    step, whole = 2 * LANES, corners.FILTERS
    places = [(down + corner // 2) * 2 * half + (across + corner % 2) % 2 * half + (across + corner % 2) // 2
              for down in range(3) for across in range(3) for corner in range(4)]
    package, bias = room(9, whole), flat(np.append(rng.normal(size=count), np.zeros(LANES)))
    corners.pack_blocks(flat(weights), 0, package, count, 9)
    output, winners = room(high, wide, count), np.zeros(whole * high * step + LANES, np.int8)
    rooms = (room(2 * half + 2 * LANES), room(height * 2 * half + 2 * LANES), room(whole * step))
    corners.convolve_and_pool(flat(picture), package, bias, np.array(places), output, winners, rooms,
                              np.float32(0 if relu else -np.inf), np.array([1, height, width, 0, 0, height, half]),
                              np.array([1, high, wide, step, count, 9, 4 if relu else 0, height * width]), 0, 1)
    windows = np.lib.stride_tricks.sliding_window_view(picture, (3, 3))
    maps = np.einsum("ijkl,klf->ijf", windows, weights)[:2 * high, :2 * wide] + bias[:count]
    best = maps.reshape(high, 2, wide, 2, count).transpose(0, 2, 1, 3, 4).reshape(high, wide, 4, count)
    wanted = np.maximum(best.max(axis=2), 0 if relu else -np.inf)
    np.testing.assert_allclose(output.reshape(high, wide, count), wanted, rtol=1e-4, atol=1e-4)
    kept = winners[:whole * high * step].reshape(whole, high, step)[:count, :, :wide].transpose(1, 2, 0)
    assert np.array_equal(kept, np.where((best.max(axis=2) <= 0) & relu, 4, best.argmax(axis=2)))
