"""Moving maps: frames, the fused pool, the gate of ReLU."""

import numpy as np
import pytest

from core.kernels import maps
from core.kernels.processor import LANES
from tests.core.kernels.arrays import flat, plain, room

CHANNELS = [1, 3, LANES - 1, LANES, LANES + 1, 2 * LANES + 5, 4 * LANES, 7 * LANES + 2]
CLIPPED = 4


def _windows(pictures):
    """N×H×W×C as N×h×w×4×C, the corners in their order."""
    count, height, width, channels = pictures.shape
    cut = pictures[:, : height // 2 * 2, : width // 2 * 2]
    cut = cut.reshape(count, height // 2, 2, width // 2, 2, channels)
    return cut.transpose(0, 1, 3, 2, 4, 5).reshape(count, height // 2, width // 2, 4, channels)


def test_copying_into_a_frame_and_back():
    pictures = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)
    frame, back = room(2, 6, 7, 5), room(2, 3, 4, 5)
    inside = (2 * 7 + 1) * 5
    maps.copy_maps(flat(pictures), frame, np.array([2, 3, 20, 0, 60, 20, inside, 210, 35]))
    assert np.array_equal(frame.reshape(2, 6, 7, 5)[:, 2:5, 1:5], pictures)
    assert np.count_nonzero(frame) == pictures.size
    maps.copy_maps(frame, back, np.array([2, 3, 20, inside, 210, 35, 0, 60, 20]))
    assert np.array_equal(back.reshape(pictures.shape), pictures)


def test_cropping_through_a_gate():
    rng = np.random.default_rng(1)
    frame = rng.normal(size=(2, 6, 7, 5)).astype(np.float32)
    seen = rng.integers(-1, 2, (2, 3, 4, 5)).astype(np.float32)
    seen[0, 0, 0, :2] = np.nan, -0.0
    made = np.full(seen.size + 60, 7, np.float32)
    inside = (2 * 7 + 1) * 5
    maps.copy_gated(flat(frame), flat(seen), made, np.array([2, 3, 20, inside, 210, 35, 0, 60, 20]))
    assert np.array_equal(made[:seen.size].reshape(seen.shape), np.where(seen > 0, frame[:, 2:5, 1:5], 0))
    assert (made[seen.size:] == 7).all()


def test_clear_leaves_the_rest():
    numbers = flat(np.ones(10))
    maps.clear(numbers, 3, 7)
    assert numbers.tolist() == [1, 1, 1, 0, 0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("size", [(4, 6), (5, 7)])
@pytest.mark.parametrize("relu", [False, True])
def test_pooling_by_two_and_back(channels, size, relu):
    rng = np.random.default_rng(channels)
    pictures = rng.integers(-3, 4, (3, *size, channels)).astype(np.float32)
    windows = _windows(pictures)
    shape = (*windows.shape[:3], channels)
    step = int(np.prod(shape[1:])) + 64
    pooled, winners = room(*shape), np.zeros(3 * step + 64, np.int8)
    floor = np.float32(0 if relu else -np.inf)
    sizes = np.array([3, *size, channels, 0, 0, 0, step, CLIPPED if relu else 0])
    maps.pool_by_two(flat(pictures), pooled, winners, floor, sizes)
    best = windows.max(axis=3)
    assert np.array_equal(pooled.reshape(shape), np.maximum(best, floor))
    first = np.where((best <= 0) & relu, CLIPPED, windows.argmax(axis=3))
    kept = np.stack([winners[picture * step:picture * step + first[0].size] for picture in range(3)])
    assert np.array_equal(kept.reshape(shape), first)

    gradient = rng.normal(size=shape).astype(np.float32)
    made = flat(np.full(pictures.shape, 9.0))
    row = -(-channels // LANES) * LANES
    sums = room(3, row)
    sizes = np.array([3, *size, channels, 0, 0, 0, step, 2, 2, row])
    maps.unpool_by_two(flat(gradient), winners, made, sums, sizes)
    wanted = np.where(np.arange(4)[:, None] == first[:, :, :, None], gradient[:, :, :, None], 0)
    assert np.array_equal(_windows(made.reshape(pictures.shape)), wanted)
    assert np.count_nonzero(made) <= np.count_nonzero(wanted)
    # Pictures 2, 3 and 4 of the batch with two per slot: slots 1, 2 and 2.
    passed = wanted.sum(axis=(1, 2, 3))
    np.testing.assert_allclose(sums.reshape(3, row)[:, :channels], [0 * passed[0], passed[0] + passed[1], passed[2]],
                               rtol=1e-4, atol=1e-5)


def test_nan_wins_the_pool_wherever_it_is():
    for corner in range(4):
        window = np.full(4, 5, np.float32)
        window[corner] = np.nan
        pooled, winners = room(1), np.zeros(80, np.int8)
        maps.pool_by_two(flat(window), pooled, winners, np.float32(0), np.array([1, 2, 2, 1, 0, 0, 0, 1, 4]))
        assert np.isnan(pooled[0])


@pytest.mark.parametrize("channels", CHANNELS)
def test_the_gate_passes_what_relu_passed(channels):
    rng = np.random.default_rng(1)
    gradient, output = rng.normal(size=(2, 6, channels)), rng.integers(0, 2, (2, 6, channels))
    target, row = flat(np.full(gradient.shape, 9.0)), -(-channels // LANES) * LANES
    sums = room(2, row)
    maps.gate_maps(flat(gradient), flat(output), target, sums, np.float32(0),
                   np.array([2, 6, channels, 0, 0, 0, 1, row]))
    wanted = (gradient * output).astype(np.float32)
    assert np.array_equal(target.reshape(wanted.shape), wanted)
    np.testing.assert_allclose(sums.reshape(2, row)[:, :channels], wanted.sum(axis=1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("channels", CHANNELS)
def test_sums_over_pixels(channels):
    values = np.random.default_rng(2).normal(size=(3, 5, channels))
    row = -(-channels // LANES) * LANES
    sums = room(2, row)
    maps.sum_maps(flat(values), sums, np.array([3, 5, channels, 0, 0, 2, row]))
    wanted = [values[:2].sum(axis=(0, 1)), values[2].sum(axis=0)]
    np.testing.assert_allclose(sums.reshape(2, row)[:, :channels], wanted, rtol=1e-5, atol=1e-5)


def test_numbers_are_fetched_from_their_places():
    places = np.array([2, 0, 1], np.int32)
    for function in (maps.rearrange, plain(maps.rearrange)):
        target = flat(np.full(9, 9.0))
        function(flat(np.arange(9)), target, places, 1, 3)
        assert target.tolist() == [9, 9, 9, 5, 3, 4, 8, 6, 7]
