"""Sums lane by lane against NumPy: places, offsets, lanes that are not stored, slots."""

import numpy as np
import pytest

from core.kernels import lanewise
from core.kernels.lane_tile import LANE_ROWS
from core.kernels.processor import LANES
from tests.core.kernels.arrays import flat, room

NO_FLOOR = np.float32(-np.inf)
LENGTHS = [LANES, 3 * LANES]
TAPS, PICTURES, APART = 5, 2, 400 * LANES


def _case(length, rows):
    """x, w, offsets, and for each row its place in x, its place in y and its live lanes."""
    rng = np.random.default_rng(length + rows)
    x, w = rng.normal(size=PICTURES * APART), rng.normal(size=(TAPS, length))
    offsets = rng.integers(0, 20 * length, TAPS)
    lives = rng.integers(1, length + 1, rows)
    return x, w, offsets, np.stack([rng.integers(0, 90 * length, rows), np.arange(rows) * (length + 3), lives])


@pytest.mark.parametrize("floor", [NO_FLOOR, np.float32(0)])
@pytest.mark.parametrize("rows", [1, LANE_ROWS, 2 * LANE_ROWS + 3])
@pytest.mark.parametrize("length", LENGTHS)
def test_rows(length, rows, floor):
    x, w, offsets, places = _case(length, rows)
    bias, step = np.random.default_rng(1).normal(size=length), rows * (length + 3)
    y = flat(np.full(PICTURES * step, 9.0))
    sizes = np.array([PICTURES, 0, APART, 0, step, 0, rows, 0, TAPS, length])
    lanewise.lane_rows(flat(x), flat(w), y, flat(bias), places, offsets, floor, sizes)
    wanted = np.full(PICTURES * step, 9.0)
    for picture in range(PICTURES):
        for start, target, live in places.T:
            windows = [x[picture * APART + start + offset:][:length] for offset in offsets]
            sums = np.maximum(bias + sum(window * row for window, row in zip(windows, w, strict=True)), floor)
            wanted[picture * step + target:][:live] = sums[:live]
    np.testing.assert_allclose(y, wanted, rtol=1e-5, atol=1e-5)


def test_a_part_of_the_rows_with_a_part_of_the_taps():
    x, w, offsets, places = _case(LANES, 6)
    y = flat(np.full(6 * (LANES + 3), 9.0))
    sizes = np.array([1, 0, 0, 0, 0, 2, 5, 3, 2, LANES])
    lanewise.lane_rows(flat(x), flat(w), y, room(LANES), places, offsets, NO_FLOOR, sizes)
    for row, (start, target, live) in enumerate(places.T):
        sums = sum(x[start + offsets[tap]:][:live] * w[tap, :live] for tap in (3, 4))
        np.testing.assert_allclose(y[target:][:live], sums if 2 <= row < 5 else 9.0, rtol=1e-5, atol=1e-5)


def test_nan_is_not_lost_at_the_floor():
    x, w, offsets, places = _case(LANES, 1)
    x[:] = np.nan
    y = room(LANES)
    lanewise.lane_rows(flat(x), flat(w), y, room(LANES), places, offsets, np.float32(0),
                       np.array([1, 0, 0, 0, 0, 0, 1, 0, TAPS, LANES]))
    assert np.isnan(y[:places[2, 0]]).all()


@pytest.mark.parametrize("rest", [0, 3])
@pytest.mark.parametrize("taps", [1, LANE_ROWS + 2])
@pytest.mark.parametrize("length", LENGTHS)
def test_columns(length, taps, rest):
    rng = np.random.default_rng(taps)
    pictures, per_slot, segments, depth = 5, 2, 3, 4
    x_step, dy_step = length, length
    x_segment, dy_segment = 7 * length, 5 * length
    x, dy = rng.normal(size=(pictures, 60 * length)), rng.normal(size=(pictures, segments * dy_segment))
    offsets = rng.integers(0, 20 * length, taps)
    slots = flat(np.full(3 * taps * length, 9.0))
    sizes = np.array([0, pictures, per_slot, 0, x.shape[1], 0, dy.shape[1], segments, x_segment, dy_segment, depth,
                      x_step, dy_step, rest, taps, length])
    lanewise.lane_columns(flat(x), flat(dy), slots, offsets, sizes)
    wanted = np.zeros((3, taps, length))
    for picture in range(pictures):
        for segment in range(segments):
            for step in range(depth + 1):
                slope = dy[picture, segment * dy_segment + step * dy_step:][:length].copy()
                slope = slope if step < depth else np.where(np.arange(length) % LANES < rest, slope, 0)
                for tap, offset in enumerate(offsets):
                    start = offset + segment * x_segment + step * x_step
                    wanted[picture // per_slot, tap] += x[picture, start:start + length] * slope
    np.testing.assert_allclose(slots.reshape(wanted.shape), wanted, rtol=1e-4, atol=1e-4)
