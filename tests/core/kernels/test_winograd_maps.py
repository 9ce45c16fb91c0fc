"""Winograd between pictures and positions against the textbook's matrices in NumPy, at every edge of the pictures."""

import numpy as np
import pytest

from core.kernels import winograd_maps
from core.kernels.processor import LANES
from tests.core.kernels.arrays import flat, room
from tests.core.kernels.test_winograd import A, B

PICTURES, CHANNELS = 2, 2 * LANES
NO_FLOOR = np.float32(-np.inf)
# Output height and width, and how many rows and columns of padding the input has above and on the left.
CASES = [((8, 12), (1, 1)), ((7, 11), (1, 1)), ((5, 9), (0, 2)), ((4, 4), (2, 0)), ((13, 6), (1, 1))]
every_case = pytest.mark.parametrize(("out", "corner"), CASES)


def _blocks(out):
    return -(-out[0] // 4), -(-out[1] // 4)


def _step(out):
    return PICTURES * _blocks(out)[0] * _blocks(out)[1] * CHANNELS + 5


def _sizes(out, *more):
    """Settings of a kernel; the pictures begin at their third number."""
    return np.array([PICTURES, *_blocks(out), CHANNELS, 2, _step(out), *more])


def _given(rng, *shape):
    return rng.normal(size=shape).astype(np.float32)


def _shifted(pictures):
    """Flat, behind two other numbers."""
    return flat(np.r_[8, 8, pictures.reshape(-1)])


def _as_positions(array, out):
    """[picture][tile row][tile column][6][6][channel]."""
    down, across = _blocks(out)
    length = PICTURES * down * across * CHANNELS
    rows = np.stack([array[number * _step(out):number * _step(out) + length] for number in range(36)])
    return rows.reshape(6, 6, PICTURES, down, across, CHANNELS).transpose(2, 3, 4, 0, 1, 5).astype(float)


def _random_positions(rng, out):
    return flat(rng.normal(size=36 * _step(out)))


def _patches(pictures, out, corner, size):
    """Patches every four pixels of pictures in zeros, [picture][tile row][tile column][size][size][channel]."""
    down, across = _blocks(out)
    frame = np.zeros((PICTURES, 4 * down + 4, 4 * across + 4, CHANNELS))
    height, width = pictures.shape[1:3]
    frame[:, corner[0]:corner[0] + height, corner[1]:corner[1] + width] = pictures
    return np.stack([np.stack([frame[:, 4 * row:4 * row + size, 4 * column:4 * column + size]
                               for column in range(across)], 1) for row in range(down)], 1)


def _both_ways(matrix, patches):
    return np.einsum("ai,nrsijc,bj->nrsabc", matrix, patches, matrix)


def _close(made, wanted):
    np.testing.assert_allclose(made, wanted, rtol=0, atol=2e-5 * max(1.0, float(np.nanmax(np.abs(wanted)))))


def _outputs(positions, out, bias):
    """Aᵀ m A and the bias, cut to the output's size."""
    blocks = _both_ways(A.T, _as_positions(positions, out)).transpose(0, 1, 3, 2, 4, 5)
    down, across = _blocks(out)
    return blocks.reshape(PICTURES, 4 * down, 4 * across, CHANNELS)[:, :out[0], :out[1]] + bias


def _pooled(outputs):
    height, width = outputs.shape[1] // 2, outputs.shape[2] // 2
    corners = outputs[:, :2 * height, :2 * width].reshape(PICTURES, height, 2, width, 2, CHANNELS)
    return corners.transpose(0, 1, 3, 2, 4, 5).reshape(PICTURES, height, width, 4, CHANNELS)


@every_case
def test_data(out, corner):
    size = (out[0] + 2 - 2 * corner[0], out[1] + 2 - 2 * corner[1])
    pictures, made = _given(np.random.default_rng(0), PICTURES, *size, CHANNELS), room(36, _step(out))
    winograd_maps.data_positions(_shifted(pictures), made, _sizes(out, *size, *corner))
    _close(_as_positions(made, out), _both_ways(B.T, _patches(pictures, out, corner, 6)))


@every_case
def test_the_way_back_of_data_is_its_adjoint_and_forgets_what_was_there(out, corner):
    rng, size = np.random.default_rng(1), (out[0] + 2 - 2 * corner[0], out[1] + 2 - 2 * corner[1])
    pictures, given = _given(rng, PICTURES, *size, CHANNELS), _random_positions(rng, out)
    back = flat(np.full(pictures.size + 4, np.nan))
    back[:2] = back[-2:] = 7
    winograd_maps.pictures_from_positions(given, back, _sizes(out, *size, *corner))
    forward = (_both_ways(B.T, _patches(pictures, out, corner, 6)) * _as_positions(given, out)).sum()
    assert (back[2:-2].astype(float) * pictures.reshape(-1)).sum() == pytest.approx(forward, rel=1e-4)
    assert (back[[0, 1, -2, -1]] == 7).all()


@every_case
@pytest.mark.parametrize("floor", [-np.inf, 0])
def test_outputs(out, corner, floor):
    rng = np.random.default_rng(2)
    given, bias = _random_positions(rng, out), _given(rng, CHANNELS)
    made = flat(np.full(PICTURES * out[0] * out[1] * CHANNELS + 4, 7.0))
    winograd_maps.output_from_positions(given, made, flat(bias), np.float32(floor), _sizes(out, *out))
    wanted = np.maximum(_outputs(given, out, bias), floor)
    _close(made[2:-2].reshape(wanted.shape), wanted)
    assert (made[[0, 1, -2, -1]] == 7).all()


@every_case
@pytest.mark.parametrize("nobody", [0, 4])
def test_pooled_outputs(out, corner, nobody):
    rng, (height, width) = np.random.default_rng(3), (out[0] // 2, out[1] // 2)
    given, bias, numbers = _random_positions(rng, out), _given(rng, CHANNELS), height * width * CHANNELS
    made, winners = flat(np.full(PICTURES * numbers + 4, 7.0)), np.full(PICTURES * (numbers + 3) + 64, 9, np.int8)
    sizes, floor = _sizes(out, height, width, 0, numbers + 3, nobody), np.float32(0 if nobody else -np.inf)
    winograd_maps.pooled_from_positions(given, made, winners, flat(bias), floor, sizes)
    corners = _pooled(_outputs(given, out, bias))
    wanted = np.maximum(corners.max(3), floor)
    _close(made[2:-2].reshape(wanted.shape), wanted)
    assert (made[[0, 1, -2, -1]] == 7).all()
    won = winners[:PICTURES * (numbers + 3)].reshape(PICTURES, -1)
    assert (won[:, numbers:] == 9).all()
    who = np.where(corners.max(3) > floor, corners.argmax(3), nobody)
    assert (won[:, :numbers].reshape(who.shape) == who).mean() > 0.999  # but for ties within rounding


@every_case
@pytest.mark.parametrize("floor", [-np.inf, 0])
def test_largest_outputs(out, corner, floor):
    rng, (height, width) = np.random.default_rng(3), (out[0] // 2, out[1] // 2)
    given, bias, numbers = _random_positions(rng, out), _given(rng, CHANNELS), height * width * CHANNELS
    wanted = np.maximum(_pooled(_outputs(given, out, bias)).max(3), floor)
    # The first position goes to the first output alone.
    given[CHANNELS // 2] = wanted[0, 0, 0, CHANNELS // 2] = np.nan
    made = flat(np.full(PICTURES * numbers + 4, 7.0))
    winograd_maps.largest_from_positions(given, made, flat(bias), np.float32(floor), _sizes(out, height, width))
    _close(made[2:-2].reshape(wanted.shape), wanted)
    assert (made[[0, 1, -2, -1]] == 7).all()


def _is_positions_of(made, sums, gradient, out):
    _close(_as_positions(made, out), _both_ways(A, _patches(gradient, out, (0, 0), 4)))
    _close(sums[3:3 + CHANNELS], 1 + gradient.sum((0, 1, 2)))


@every_case
def test_gradients(out, corner):
    gradient = _given(np.random.default_rng(4), PICTURES, *out, CHANNELS)
    made, sums = room(36, _step(out)), np.ones(3 + CHANNELS, np.float32)
    winograd_maps.gradient_positions(_shifted(gradient), made, sums, _sizes(out, *out, 3))
    _is_positions_of(made, sums, gradient, out)


@every_case
def test_gradients_through_relu(out, corner):
    rng = np.random.default_rng(5)
    gradient = _given(rng, PICTURES, *out, CHANNELS)
    output = np.maximum(0, _given(rng, PICTURES, *out, CHANNELS))
    made, sums = room(36, _step(out)), np.ones(3 + CHANNELS, np.float32)
    winograd_maps.gated_positions(_shifted(gradient), _shifted(output), made, sums, _sizes(out, *out, 3))
    _is_positions_of(made, sums, np.where(output > 0, gradient, 0), out)


@every_case
def test_gradients_through_the_pool(out, corner):
    rng, (height, width) = np.random.default_rng(6), (out[0] // 2, out[1] // 2)
    pooled = _given(rng, PICTURES, height, width, CHANNELS)
    winners = rng.integers(0, 5, pooled.shape)
    made, sums = room(36, _step(out)), np.ones(3 + CHANNELS, np.float32)
    won = np.concatenate([winners.reshape(PICTURES, -1), np.zeros((PICTURES, 64))], 1).astype(np.int8)
    sizes = _sizes(out, height, width, 3, 0, won.shape[1])
    winograd_maps.unpooled_positions(_shifted(pooled), won.reshape(-1), made, sums, sizes)
    gradient = np.zeros((PICTURES, *out, CHANNELS))
    for row in range(2):
        for column in range(2):
            passed = np.where(winners == 2 * row + column, pooled, 0)
            gradient[:, row:2 * height:2, column:2 * width:2] = passed
    _is_positions_of(made, sums, gradient, out)
