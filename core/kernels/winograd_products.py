"""The products of Winograd's convolutions: for each of the 36 positions one plain product of matrices.

Positions lie [36][tile][channel]. Rows of tiles are made up to a whole number of `TAIL` rows: what lies behind the last
tile is worked on with it, and nobody reads what comes of it.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import part
from core.kernels.plain_tile import make_plain_tile
from core.kernels.processor import LANES, TILE

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

TAIL = TILE.tail_rows
_ROWS, _WIDE = TILE.rows, 2 * LANES

_whole_wide, _tail_wide = make_plain_tile(TILE.rows, 2), make_plain_tile(TAIL, 2)
_whole_narrow, _tail_narrow = make_plain_tile(TILE.rows, 1), make_plain_tile(TAIL, 1)


def panel_width(columns: int) -> int:
    """How many columns of filters lie together: as many as a register tile makes."""
    return _WIDE if columns % _WIDE == 0 else LANES


@part
def _multiply_rows(a: tuple[Floats, int, int, int], b: tuple[Floats, int, int], c: tuple[Floats, int, int],
                   rows: tuple[int, int], walk: tuple[int, int], width: int) -> None:
    """Some rows of one product, `width` columns of it; the rest are the tiles' arguments, for row 0."""
    array, start, a_row, a_step = a
    made, made_start, c_row = c
    row, end = rows
    if width == _WIDE:
        while end - row >= _ROWS:
            _whole_wide((array, start + row * a_row, a_row, a_step), b, (made, made_start + row * c_row, c_row), walk)
            row += _ROWS
        while row < end:
            _tail_wide((array, start + row * a_row, a_row, a_step), b, (made, made_start + row * c_row, c_row), walk)
            row += TAIL
    else:
        while end - row >= _ROWS:
            _whole_narrow((array, start + row * a_row, a_row, a_step), b, (made, made_start + row * c_row, c_row), walk)
            row += _ROWS
        while row < end:
            _tail_narrow((array, start + row * a_row, a_row, a_step), b, (made, made_start + row * c_row, c_row), walk)
            row += TAIL


@part
def multiply_tiles(data: Floats, filters: Floats, made: Floats, sizes: Integers) -> None:
    """made[p][t][f] = Σ_c data[p][t][c] · filters[p][c][f], the filters in panels of `panel_width` columns.

    sizes: positions, tiles, channels, filters; step to the next position of data, of filters, of made.
    """
    positions, tiles, depth, columns, data_step, filter_step, made_step = sizes[:7]
    width = _WIDE if columns % _WIDE == 0 else LANES
    for position in range(positions):
        for column in range(0, columns, width):
            _multiply_rows((data, position * data_step, depth, 1),
                           (filters, position * filter_step + column * depth, width),
                           (made, position * made_step + column, columns), (0, tiles), (depth, 0), width)


@part
def sum_tiles(data: Floats, slopes: Floats, sums: Floats, sizes: Integers) -> None:
    """sums[p][c − first][f] = Σ_t data[p][t][c] · slopes[p][t][f] for the channels c from first to end.

    sizes: positions, tiles, channels, filters; step to the next position of data, of slopes, of sums; first and end
    channel, a whole number of `TAIL`s apart; keep (1 adds to the sums that are there).
    """
    positions, tiles, channels, columns, data_step, slope_step, sum_step, first, end, keep = sizes[:10]
    width = _WIDE if columns % _WIDE == 0 else LANES
    for position in range(positions):
        for column in range(0, columns, width):
            _multiply_rows((data, position * data_step, 1, channels),
                           (slopes, position * slope_step + column, columns),
                           (sums, position * sum_step + column - first * columns, columns), (first, end),
                           (tiles, keep), width)
