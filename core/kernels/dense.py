"""What a dense layer needs besides dot products: answers and gradients for a whole batch at once."""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import kernel
from core.kernels.processor import LANES, TILE
from core.kernels.tile import tall_tile, wide_tile
from core.kernels.vector_steps import copy_run, copy_two, fetch_to_read, fetch_to_write

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

WIDTH = 2 * LANES  # columns of a panel
DEPTH = 128  # rows of a panel
PANELS = 4  # panels side by side: longer runs of neighbouring numbers to read and write
ROOM = (PANELS * DEPTH + 1) * WIDTH  # numbers in all of them, and zeros behind them
_ROWS, _TALL = TILE.rows, TILE.tall_rows
_NO_FLOOR = np.float32(-np.inf)


@kernel
def multiply_panels(a: Floats, b: Floats, c: Floats, panel: Floats, rows: Integers, sizes: Integers) -> None:
    """c[place(m) + i] = Σ_k a[place(m) + k] · b[k, i] for the columns i from first to end; all rows m at once.

    The rows of b lie far apart, so the vectors that one tile after another needs are copied into panels first.
    rows: the place of each row in a and in c, [2, rows]. sizes: rows, depth, b's columns, first and end column.
    """
    count, depth, columns, first, end = sizes[:5]
    a_rows, c_rows = rows[0], rows[1]
    for block in range(first, end, PANELS * WIDTH):
        wide = min(PANELS * WIDTH, end - block)
        for start in range(0, depth, DEPTH):
            length = min(DEPTH, depth - start)
            for step in range(length):
                place = (start + step) * columns + block
                for column in range(0, wide, WIDTH):
                    target = (column // WIDTH * DEPTH + step) * WIDTH
                    if wide - column >= WIDTH:
                        copy_two(b, place + column, panel, target)
                    else:
                        copy_run(b, place + column, panel, target, wide - column)
            # Meanwhile memory brings what the next panels are made of, and where the next rows go.
            ahead, ahead_at = (start + DEPTH, block) if start + DEPTH < depth else (0, block + PANELS * WIDTH)
            share = -(-DEPTH * _ROWS // max(1, count))
            row = 0
            while row < count:
                for step in range(row // _ROWS * share, min((row // _ROWS + 1) * share, DEPTH, depth - ahead)):
                    fetch_to_read(b, (ahead + step) * columns + ahead_at, min(PANELS * WIDTH, end - ahead_at))
                for other in range(row + _ROWS, min(row + 2 * _ROWS, count)):
                    fetch_to_write(c, c_rows[other] + block, wide)
                for column in range(0, wide, WIDTH):
                    wide_tile((a, start, a_rows), (panel, column * DEPTH), (c, block + column, c_rows),
                              (panel, PANELS * DEPTH * WIDTH, _NO_FLOOR), (1, 0, 0, length, WIDTH),
                              (row, min(_ROWS, count - row), min(WIDTH, wide - column), min(1, start)))
                row += _ROWS


@kernel
def multiply_packed(a: Floats, package: Floats, starts: Floats, c: Floats, rows: Integers, floor: np.float32,
                    sizes: Integers) -> None:
    """c[place(n) + o] = max(starts[o] + Σ_k a[place(n) + k] · W[o, k], floor); W as `pack_turned_panels` packed it.

    starts: a number for each output, and a panel's width of zeros behind them. rows: the place of each picture in a and
    in c, [2, pictures]. sizes: inputs, outputs, first and end output (the first begins a panel), first and end picture.
    """
    inputs, outputs, first, end, first_row, end_row = sizes[:6]
    a_rows, c_rows = rows[0], rows[1]
    for start in range(0, inputs, DEPTH):
        length = min(DEPTH, inputs - start)
        lowest = floor if start + length == inputs else _NO_FLOOR
        for column in range(first, end, WIDTH):
            width, live = WIDTH if outputs - column > LANES else LANES, min(WIDTH, outputs - column)
            height = _ROWS if width == WIDTH else _TALL
            panel, begin = column * inputs + start * width, outputs if start > 0 else column
            # Meanwhile memory brings what is multiplied next, a share with each tile.
            after, ahead = (column + WIDTH, start) if column + WIDTH < end else (first, start + length)
            step = WIDTH if outputs - after > LANES else LANES
            ahead_at, most = after * inputs + ahead * step, min(DEPTH, inputs - ahead) * step
            share = -(-most * height // max(1, end_row - first_row))
            row = first_row
            while row < end_row:
                done = (row - first_row) // height * share
                fetch_to_read(package, ahead_at + done, min(share, most - done))
                last = (row, min(height, end_row - row), live, min(1, start))
                if width == WIDTH:
                    wide_tile((a, start, a_rows), (package, panel), (c, column, c_rows), (starts, begin, lowest),
                              (1, 0, 0, length, WIDTH), last)
                else:
                    tall_tile((a, start, a_rows), (package, panel), (c, column, c_rows), (starts, begin, lowest),
                              (1, 0, 0, length, LANES), last)
                row += height


@kernel
def turn(values: Floats, turned: Floats, first: int, end: int, length: int, step: int) -> None:
    """turned[i · step + n] = values[n · length + i] for the rows n from first to end."""
    for row in range(first, end):
        given = values[row * length:(row + 1) * length]
        for index in range(length):
            turned[index * step + row] = given[index]


@kernel
def sum_rows(values: Floats, rows: int, length: int, first: int, end: int, target: Floats, start: int) -> None:
    """target[start + column] = Σ over rows of values[row, column], for the columns first to end."""
    sums = target[start + first:start + end]
    for index in range(end - first):
        sums[index] = np.float32(0)
    for row in range(rows):
        given = values[row * length + first:row * length + end]
        for index in range(end - first):
            sums[index] += given[index]
