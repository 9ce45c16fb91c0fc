"""Matrix products through register tiles: the work of convolutions and dense layers.

`sizes` is a flat int64 array, so that a layer lays it out once; its meaning is said at each kernel.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.dot_tile import dot_tile
from core.kernels.jit import kernel
from core.kernels.processor import LANES, TILE
from core.kernels.tile import tall_tile, wide_tile
from core.kernels.vector_steps import fetch_to_read

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

_ROWS, _TALL, _WIDTH = TILE.rows, TILE.tall_rows, 2 * LANES
_NO_FLOOR = np.float32(-np.inf)
_DOT_ROWS, _DOT_COLUMNS = TILE.dot_rows, TILE.dot_columns

# How much of a row of dot products is taken at once: a block of weights then stays in the second-level cache.
_DOT_BLOCK = 1024


@kernel
def multiply_rows(a: Floats, b: Floats, c: Floats, bias: Floats, rows: Integers, floor: np.float32,
                  sizes: Integers) -> None:
    """For each picture, block and row r: c[place(r) + lane] = bias[lane] + Σ_s Σ_k a[place(r) + s, k] · b[s, k, lane].

    rows: the place of each row in a and in c, [2, rows]. sizes: pictures, a's start, a's step to the next picture, the
    same two of c, b's step to the next picture (0 for one b), first row, end row; blocks, c's and b's step to the next
    block; segments, a's and b's step to the next segment, depth, b's step inside a segment; columns; keep (1 adds).
    """
    pictures, a_start, a_picture, c_start, c_picture, b_picture, first_row, end_row = sizes[:8]
    blocks, c_block, b_block = sizes[8:11]
    segments, a_step, b_step, depth, b_stride, columns, keep = sizes[11:18]
    a_rows, c_rows, walk = rows[0], rows[1], (segments, a_step, b_step, depth, b_stride)
    for picture in range(pictures):
        a_here = a_start + picture * a_picture
        for block in range(blocks):
            b_here = picture * b_picture + block * b_block
            c_here = c_start + picture * c_picture + block * c_block
            column = 0
            while columns - column > LANES:
                lanes = min(_WIDTH, columns - column)
                row = first_row
                while row < end_row:
                    wide_tile((a, a_here, a_rows), (b, b_here + column), (c, c_here + column, c_rows),
                              (bias, column, floor), walk, (row, min(_ROWS, end_row - row), lanes, keep))
                    row += _ROWS
                column += _WIDTH
            if column < columns:
                row = first_row
                while row < end_row:
                    tall_tile((a, a_here, a_rows), (b, b_here + column), (c, c_here + column, c_rows),
                              (bias, column, floor), walk, (row, min(_TALL, end_row - row), columns - column, keep))
                    row += _TALL


@kernel
def multiply_columns(a: Floats, b: Floats, c: Floats, zeros: Floats, rows: Integers, sizes: Integers) -> None:
    """For each slot of pictures and row r: c[slot, place(r) + lane] = Σ a[place(r) + s, k] · b[s, k, lane].

    The sum goes over the slot's pictures, s and k, which are pixels: the weight gradient of a convolution (rows are the
    weights of a filter) or of a dense layer. sizes: first and end picture, pictures per slot, c's step to the next
    slot, a's start, a's step to the next picture, the same two of b; first row, end row; segments, a's and b's step to
    the next segment, depth, a's and b's step inside a segment; columns; whether a slot begins anew (0 adds to what is
    there).
    """
    first_picture, end_picture, per_slot, c_slot, a_start, a_picture, b_start, b_picture = sizes[:8]
    first_row, end_row, segments, a_step, b_step, depth, a_stride, b_stride, columns, anew = sizes[8:18]
    a_rows, c_rows, walk = rows[0], rows[1], (segments, a_step, b_step, depth, b_stride, a_stride)
    for picture in range(first_picture, end_picture):
        a_here = a_start + (picture - first_picture) * a_picture
        b_here = b_start + (picture - first_picture) * b_picture
        c_here = picture // per_slot * c_slot
        keep = 0 if anew != 0 and picture % per_slot == 0 else 1
        column = 0
        while columns - column > LANES:
            lanes = min(_WIDTH, columns - column)
            row = first_row
            while row < end_row:
                wide_tile((a, a_here, a_rows), (b, b_here + column), (c, c_here + column, c_rows),
                          (zeros, 0, _NO_FLOOR), walk, (row, min(_ROWS, end_row - row), lanes, keep))
                row += _ROWS
            column += _WIDTH
        if column < columns:
            row = first_row
            while row < end_row:
                tall_tile((a, a_here, a_rows), (b, b_here + column), (c, c_here + column, c_rows),
                          (zeros, 0, _NO_FLOOR), walk, (row, min(_TALL, end_row - row), columns - column, keep))
                row += _TALL


@kernel
def multiply_dots(a: Floats, b: Floats, bias: Floats, c: Floats, first: int, end: int, floor: np.float32,
                  sizes: Integers) -> None:
    """c[n, o] = max(bias[o] + Σ_k a[n, k] · b[o, k], floor) for pictures first to end.

    sizes: inputs, outputs, and of these the first to be made and the one behind the last.
    """
    inputs, outputs, first_column, end_column = sizes[:4]
    for row in range(first, end):
        made = c[row * outputs + first_column:row * outputs + end_column]
        for column in range(made.size):
            made[column] = bias[first_column + column]
    for start in range(0, inputs, _DOT_BLOCK):
        length = min(_DOT_BLOCK, inputs - start)
        # Meanwhile memory brings the next weights, and of each row a part of what the next block takes.
        share = min(length, -(-length * _DOT_ROWS // max(1, end - first)))
        part = -(-length * _DOT_COLUMNS // max(1, end_column - first_column))
        for column in range(first_column, end_column, _DOT_COLUMNS):
            columns = min(_DOT_COLUMNS, end_column - column)
            part_at = start + length + (column - first_column) // _DOT_COLUMNS * part
            row = first
            while row < end:
                if inputs > _DOT_BLOCK:
                    share_at = start + (row - first) // _DOT_ROWS * share
                    for other in range(column + _DOT_COLUMNS, min(column + 2 * _DOT_COLUMNS, end_column)):
                        fetch_to_read(b, other * inputs + share_at, share)
                    for other in range(row, min(row + _DOT_ROWS, end)):
                        fetch_to_read(a, other * inputs + part_at, part)
                dot_tile((a, row * inputs + start, inputs), (b, column * inputs + start, inputs),
                         (c, row * outputs + column, outputs), (length, min(_DOT_ROWS, end - row), columns))
                row += _DOT_ROWS
    for row in range(first, end):
        made = c[row * outputs + first_column:row * outputs + end_column]
        for column in range(made.size):
            made[column] = floor if made[column] <= floor else made[column]
