"""Convolutions with so few filters that they would leave most of a vector idle: vectors lie along a row of a filter.

Weights lie as [row of a filter][filter][number of the row]; `sizes` is a flat int64 array, so that a layer lays it out
once.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.dot_tile import dot_tile, make_dots
from core.kernels.jit import helper, kernel
from core.kernels.processor import LANES, TILE
from core.kernels.tile import make_tile

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

# Most filters that these kernels are for.
FEW = 4
_DOT_ROWS, _DOT_COLUMNS = TILE.dot_rows, TILE.dot_columns
_SUMS = TILE.dot_rows * TILE.dot_columns
_one_tile, _two_tile = make_dots(_SUMS, 1), make_dots(_SUMS // 2, 2)
# Wide as the registers allow; processors with so many lanes have 32 of them. Narrow where less of a row is left.
_WIDE, _NARROW = (4 if LANES == 16 else 2) * LANES, 2 * LANES
_wide_tile, _narrow_tile = make_tile(FEW, _WIDE // LANES), make_tile(FEW, _NARROW // LANES)
_NO_FLOOR = np.float32(-np.inf)


@helper
def _add_row(a: tuple[Floats, int, int], w: tuple[Floats, int, int], c: tuple[Floats, int], columns: int,
             filters: int) -> None:
    """Add to a row of outputs what one row of the filters gives: (a, place, step), (w, place, its numbers), (c, place).

    With fewer filters a tile has more pixels.
    """
    (numbers, at, right), (weights, weight, run), (made, here) = a, w, c
    if filters == 1:
        for column in range(0, columns, _SUMS):
            _one_tile((numbers, at + column * right, right), (weights, weight, run), (made, here + column, 1),
                      (run, min(_SUMS, columns - column), 1))
    elif filters == 2:
        for column in range(0, columns, _SUMS // 2):
            _two_tile((numbers, at + column * right, right), (weights, weight, run), (made, here + 2 * column, 2),
                      (run, min(_SUMS // 2, columns - column), 2))
    else:
        for column in range(0, columns, _DOT_ROWS):
            for other in range(0, filters, _DOT_COLUMNS):
                dot_tile((numbers, at + column * right, right), (weights, weight + other * run, run),
                         (made, here + column * filters + other, filters),
                         (run, min(_DOT_ROWS, columns - column), min(_DOT_COLUMNS, filters - other)))


@kernel
def dot_windows(a: Floats, w: Floats, c: Floats, bias: Floats, bands: Integers, floor: np.float32,
                sizes: Integers) -> None:
    """c[row, column, o] = max(bias[o] + Σ_s Σ_k a[row · down + column · right + s · line + k] · w[s, o, k], floor).

    bands: first and end row of the output, and first and end s there, [bands, 4]. sizes: pictures, a's start, a's step
    to the next picture, the same two of c; columns; down, right, line; numbers in a row of a filter, filters.
    """
    pictures, a_start, a_picture, c_start, c_picture, columns, down, right, line, run, filters = sizes[:11]
    for picture in range(pictures):
        for first, end, low, high in bands:
            for row in range(first, end):
                here = c_start + picture * c_picture + row * columns * filters
                made = c[here:here + columns * filters]
                for index in range(made.size):
                    made[index] = bias[index % filters]
                for tap in range(low, high):
                    at, weight = a_start + picture * a_picture + row * down + tap * line, tap * filters * run
                    _add_row((a, at, right), (w, weight, run), (c, here), columns, filters)
                for index in range(made.size):
                    made[index] = floor if made[index] <= floor else made[index]


@kernel
def dot_gradients(a: Floats, slopes: Floats, slots: Floats, zeros: Floats, rows: Integers, spans: Integers,
                  sizes: Integers) -> None:
    """For each slot: slot[s, o, k] = Σ a[row · down + column · right + s · line + k] · slopes[row, column, o].

    rows: the place of each filter in a pixel of `slopes` and in a row of the slot, [2, filters]. spans: the rows of the
    output, first and end, that each s is summed over. sizes: first and end picture, pictures per slot, slots' step; a's
    start, its step to the next picture, the same two of slopes; columns; down, right, line; numbers in a row, filters.
    """
    first_picture, end_picture, per_slot, slot_step, a_start, a_picture, slope_start, slope_picture = sizes[:8]
    columns, down, right, line, run, filters = sizes[8:14]
    for picture in range(first_picture, end_picture):
        number = picture - first_picture
        keep = 0 if picture % per_slot == 0 else 1
        slot = picture // per_slot * slot_step
        for tap in range(len(spans)):
            first, end = spans[tap]
            at = a_start + number * a_picture + first * down + tap * line
            slope = slope_start + number * slope_picture + first * columns * filters
            walk = (end - first, columns * filters, down, columns, right, filters)
            made, whole = slot + tap * filters * run, run - run % _WIDE
            for start in range(0, whole, _WIDE):
                _wide_tile((slopes, slope, rows[0]), (a, at + start), (slots, made + start, rows[1]),
                           (zeros, 0, _NO_FLOOR), walk, (0, filters, _WIDE, keep))
            for start in range(whole, run, _NARROW):
                _narrow_tile((slopes, slope, rows[0]), (a, at + start), (slots, made + start, rows[1]),
                             (zeros, 0, _NO_FLOOR), walk, (0, filters, min(_NARROW, run - start), keep))
