"""Register tiles against NumPy's matrix product, at every edge of the tile."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.kernels import multiply
from core.kernels.processor import LANES, TILE
from tests.core.kernels.arrays import flat, room

NO_FLOOR = np.float32(-np.inf)
SMALL = st.integers(1, 2 * LANES + 3)


def _rows(count, a_step, c_step):
    """Where each row lies in a and in c."""
    return np.stack([np.arange(count) * a_step, np.arange(count) * c_step])


def _close(made, wanted, terms=0.0):
    """`terms` is the size of what was added up: where it cancels, its rounding stays."""
    largest = max(1e-3, float(np.abs(wanted).max()), float(np.max(terms)))
    np.testing.assert_allclose(made, wanted, rtol=1e-5, atol=1e-5 * largest)


@given(rows=st.integers(1, 2 * TILE.tall_rows + 1), depth=st.integers(1, 40), columns=st.integers(1, 3 * LANES + 2),
       seed=st.integers(0, 99))
@settings(max_examples=60)
def test_rows_are_a_matrix_product_with_bias(rows, depth, columns, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(rows, depth)), rng.normal(size=(depth, columns))
    bias, c = rng.normal(size=columns), room(rows, columns)
    sizes = np.array([1, 0, 0, 0, 0, 0, 0, rows, 1, 0, 0, 1, 0, 0, depth, columns, columns, 0])
    multiply.multiply_rows(flat(a), flat(b), c, flat(bias), _rows(rows, depth, columns), NO_FLOOR, sizes)
    _close(c.reshape(rows, columns), a @ b + bias, np.abs(a) @ np.abs(b) + np.abs(bias))


def test_rows_touch_nothing_beyond_their_columns():
    rows, columns, wide = 5, LANES + 1, LANES + 4
    c = np.full(rows * wide + 64, 7, np.float32)
    sizes = np.array([1, 0, 0, 0, 0, 0, 0, rows, 1, 0, 0, 1, 0, 0, 1, columns, columns, 0])
    ones = np.ones(columns)
    multiply.multiply_rows(flat(ones[:rows]), flat(ones), c, room(columns), _rows(rows, 1, wide), NO_FLOOR, sizes)
    made = c[: rows * wide].reshape(rows, wide)
    assert (made[:, :columns] == 1).all()
    assert (made[:, columns:] == 7).all()
    assert (c[rows * wide:] == 7).all()


def test_only_the_rows_asked_for_are_made():
    sizes = np.array([1, 0, 0, 0, 0, 0, 3, 5, 1, 0, 0, 1, 0, 0, 1, 2, 2, 0])
    c = room(8, 2)
    multiply.multiply_rows(flat(np.arange(8)), flat([1, 10]), c, room(2), _rows(8, 1, 2), NO_FLOOR, sizes)
    assert c.reshape(8, 2).tolist() == [[0, 0]] * 3 + [[3, 30], [4, 40]] + [[0, 0]] * 3


def test_keep_adds_and_floor_cuts_and_nan_goes_through():
    a, c = flat([-2, 3, np.nan]), flat([1, 1, 1])
    sizes = np.array([1, 0, 0, 0, 0, 0, 0, 3, 1, 0, 0, 1, 0, 0, 1, 1, 1, 1])
    multiply.multiply_rows(a, flat([1]), c, room(1), _rows(3, 1, 1), NO_FLOOR, sizes)
    np.testing.assert_array_equal(c, [-1, 4, np.nan])
    sizes[-1] = 0
    multiply.multiply_rows(a, flat([1]), c, room(1), _rows(3, 1, 1), np.float32(0), sizes)
    np.testing.assert_array_equal(c, [0, 3, np.nan])


def test_pictures_blocks_and_segments_step_as_said():
    rng = np.random.default_rng(3)
    pictures, blocks, segments, depth, columns, rows = 2, 3, 2, 4, 5, 3
    a = rng.normal(size=(pictures, rows, segments, depth))
    b = rng.normal(size=(blocks, segments, depth, columns))
    c = room(pictures, blocks, rows, columns)
    sizes = np.array([pictures, 0, rows * segments * depth, 0, blocks * rows * columns, 0, 0, rows, blocks,
                      rows * columns, segments * depth * columns, segments, depth, depth * columns, depth, columns,
                      columns, 0])
    multiply.multiply_rows(flat(a), flat(b), c, room(columns), _rows(rows, segments * depth, columns), NO_FLOOR, sizes)
    _close(c.reshape(pictures, blocks, rows, columns), np.einsum("prsk,bskc->pbrc", a, b))


@given(pictures=st.integers(1, 5), per_slot=st.integers(1, 3), rows=SMALL, depth=st.integers(1, 9), columns=SMALL,
       seed=st.integers(0, 99))
@settings(max_examples=60)
def test_columns_sum_over_the_pictures_of_a_slot(pictures, per_slot, rows, depth, columns, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(pictures, depth, rows)), rng.normal(size=(pictures, depth, columns))
    slots = -(-pictures // per_slot)
    c = flat(np.full((slots, rows, columns), 9.0))
    sizes = np.array([0, pictures, per_slot, rows * columns, 0, depth * rows, 0, depth * columns, 0, rows, 1, 0, 0,
                      depth, rows, columns, columns, 1])
    multiply.multiply_columns(flat(a), flat(b), c, room(2 * LANES), _rows(rows, 1, columns), sizes)
    wanted = np.zeros((slots, rows, columns))
    for picture in range(pictures):
        wanted[picture // per_slot] += a[picture].T @ b[picture]
    _close(c.reshape(wanted.shape), wanted, np.abs(a).max() * np.abs(b).max() * per_slot * depth)


@given(rows=st.integers(1, 9), length=st.sampled_from([1, 3, LANES, LANES + 1, 3 * LANES - 1, 1024, 1030, 2100]),
       columns=st.integers(1, 9), floor=st.sampled_from([0.0, -np.inf]), seed=st.integers(0, 99))
@settings(max_examples=60)
def test_dots_are_a_product_with_the_transpose(rows, length, columns, floor, seed):
    rng = np.random.default_rng(seed)
    a, b, bias = rng.normal(size=(rows, length)), rng.normal(size=(columns, length)), rng.normal(size=columns)
    c = flat(np.full((rows, columns), 5.0))
    first = rows // 2
    multiply.multiply_dots(flat(a, 0), flat(b, 0), flat(bias), c, first, rows, np.float32(floor),
                           np.array([length, columns, 0, columns]))
    _close(c.reshape(rows, columns)[first:], np.maximum(a[first:] @ b.T + bias, floor), np.abs(a) @ np.abs(b.T))
    assert (c.reshape(rows, columns)[:first] == 5).all()


@pytest.mark.parametrize("first", [0, 1, 2, 3])
def test_a_row_of_dots_is_the_same_wherever_its_tile_begins(first):
    rng = np.random.default_rng(1)
    a, b = flat(rng.normal(size=(8, 33))), flat(rng.normal(size=(5, 33)))
    whole, part = room(8, 5), room(8, 5)
    sizes = np.array([33, 5, 0, 5])
    multiply.multiply_dots(a, b, room(5), whole, 0, 8, NO_FLOOR, sizes)
    multiply.multiply_dots(a, b, room(5), part, first, 8, NO_FLOOR, sizes)
    assert np.array_equal(whole.reshape(8, 5)[first:], part.reshape(8, 5)[first:])
