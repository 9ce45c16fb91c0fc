"""Convolutions of one pixel: matrix products of all pixels with the filters, and their gradients.

Pixels are taken in blocks that stay in the second-level cache; each is used for all that it is needed for. While one
block is worked on, the products ask memory for what the next one needs, a cache line or less in each of their steps.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.gating import gate_pixels, sum_pixels
from core.kernels.jit import helper, kernel
from core.kernels.processor import LANES, TILE
from core.kernels.tile import (
    asking_low_tile,
    asking_tall_tile,
    asking_wide_tile,
    fetching_tall_tile,
    fetching_wide_tile,
)

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

_ROWS, _TALL, _WIDTH = TILE.rows, TILE.tall_rows, 2 * LANES
_NO_FLOOR = np.float32(-np.inf)

# What `pointwise_gradients` makes of the gradient it is given.
AS_GIVEN, GATED, SUMMED = 0, 1, 2


@helper
def _multiply(a: Floats, a_at: int, b: Floats, c: Floats, c_at: int, bias: Floats, floor: np.float32, rows: Integers,
              sizes: tuple[int, int, int], next_a: Floats, next_at: int, next_row: int, next_c_at: int) -> None:
    """c [pixels, columns] = a [pixels, depth] · b, which lies in panels; `sizes` are pixels, depth, columns.

    Meanwhile memory is asked for rows of `next_row` numbers of `next_a` and for those of c where the next ones go.
    """
    pixels, depth, columns = sizes
    panels = -(-columns // _WIDTH)
    for column in range(0, columns, _WIDTH):
        panel = column // _WIDTH * depth
        if columns - column > LANES:
            pace, c_pace = -(-_ROWS * next_row // (panels * depth)), -(-_ROWS * columns // (panels * depth))
            for row in range(0, pixels, _ROWS):
                fetching_wide_tile(
                    (a, a_at, rows[0]), (b, column * depth), (c, c_at + column, rows[1]), (bias, column, floor),
                    (1, 0, 0, depth, _WIDTH), (row, min(_ROWS, pixels - row), min(_WIDTH, columns - column), 0),
                    (next_a, next_at + row * next_row + panel * pace, pace,
                     c, next_c_at + row * columns + panel * c_pace, c_pace))
        else:
            pace, c_pace = -(-_TALL * next_row // (panels * depth)), -(-_TALL * columns // (panels * depth))
            for row in range(0, pixels, _TALL):
                fetching_tall_tile(
                    (a, a_at, rows[0]), (b, column * depth), (c, c_at + column, rows[1]), (bias, column, floor),
                    (1, 0, 0, depth, LANES), (row, min(_TALL, pixels - row), columns - column, 0),
                    (next_a, next_at + row * next_row + panel * pace, pace,
                     c, next_c_at + row * columns + panel * c_pace, c_pace))


@helper
def _sum(x: Floats, x_at: int, made: Floats, made_at: int, slots: Floats, slot_at: int, keep: int, zeros: Floats,
         rows: Integers, sizes: tuple[int, int, int], given: Floats, output: Floats, next_at: tuple[int, int],
         next_row: int) -> None:
    """slots [channels, filters] (+)= xᵀ · made over all pixels; `sizes` are pixels, channels, filters.

    Meanwhile memory is asked for what comes next of the gradient and, in rows of `next_row` numbers, of the output.
    """
    pixels, channels, filters = sizes
    panels = -(-filters // _WIDTH)
    walk, ask, ask_output = (1, 0, 0, pixels, filters, channels), next_at[0], next_at[1]
    for column in range(0, filters, _WIDTH):
        if filters - column > LANES:
            tiles = panels * -(-channels // _ROWS)
            pace, output_pace = -(-filters // tiles), -(-next_row // tiles)
            for row in range(0, channels, _ROWS):
                asking_wide_tile(
                    (x, x_at, rows[0]), (made, made_at + column), (slots, slot_at + column, rows[1]),
                    (zeros, 0, _NO_FLOOR), walk,
                    (row, min(_ROWS, channels - row), min(_WIDTH, filters - column), keep),
                    (given, ask, pace, output, ask_output, output_pace))
                ask, ask_output = ask + pixels * pace, ask_output + pixels * output_pace
        elif -(-channels // _TALL) * _TALL < -(-channels // _ROWS) * _ROWS + _ROWS // 2:
            tiles = panels * -(-channels // _TALL)
            pace, output_pace = -(-filters // tiles), -(-next_row // tiles)
            for row in range(0, channels, _TALL):
                asking_tall_tile(
                    (x, x_at, rows[0]), (made, made_at + column), (slots, slot_at + column, rows[1]),
                    (zeros, 0, _NO_FLOOR), walk, (row, min(_TALL, channels - row), filters - column, keep),
                    (given, ask, pace, output, ask_output, output_pace))
                ask, ask_output = ask + pixels * pace, ask_output + pixels * output_pace
        else:
            tiles = panels * -(-channels // _ROWS)
            pace, output_pace = -(-filters // tiles), -(-next_row // tiles)
            for row in range(0, channels, _ROWS):
                asking_low_tile(
                    (x, x_at, rows[0]), (made, made_at + column), (slots, slot_at + column, rows[1]),
                    (zeros, 0, _NO_FLOOR), walk, (row, min(_ROWS, channels - row), filters - column, keep),
                    (given, ask, pace, output, ask_output, output_pace))
                ask, ask_output = ask + pixels * pace, ask_output + pixels * output_pace


@kernel
def pointwise(x: Floats, filters: Floats, out: Floats, bias: Floats, rows: Integers, floor: np.float32,
              sizes: Integers) -> None:
    """out [pixels, filters] = max(x [pixels, channels] · filters + bias, floor); `filters` lie in panels.

    rows: number times channels and number times filters for each pixel of a block. sizes: where x and out begin,
    pixels, channels, filters, pixels of a block.
    """
    x_at, out_at, pixels, channels, count, block = sizes[:6]
    for first in range(0, pixels, block):
        here, place, target = min(block, pixels - first), x_at + first * channels, out_at + first * count
        _multiply(x, place, filters, out, target, bias, floor, rows, (here, channels, count),
                  x, place + here * channels, channels, target + here * count)


@kernel
def pointwise_gradients(arrays: tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats],
                        rows: Integers, weight_rows: Integers, sizes: Integers) -> None:
    """The way back, block by block: through the gate of ReLU, to the weights' and the bias's slots and to the input.

    arrays: the given gradient [pixels, filters], the output, x [pixels, channels], the filters turned [filters,
    channels] in panels, room for a block of gradients, the slots of the weights and those of the bias, the gradient
    of x, zeros. rows: as those of `pointwise`, exchanged; weight_rows: each channel's number and its row in a slot.
    sizes: first and end picture, pictures per slot, pixels of a picture, channels, filters, pixels of a block, what
    becomes of the given gradient (AS_GIVEN, GATED, SUMMED: added up per channel only), whether the weights learn and
    whether the input wants a gradient; where the given gradient, output, x and the gradient of x begin; the steps from
    a slot to the next of weights and bias.
    """
    given, output, x, turned, room, slots, sums, target, zeros = arrays
    first_picture, end_picture, per_slot, pixels, channels, filters, block, mode, learns, sends = sizes[:10]
    given_at, output_at, x_at, target_at, slot_step, sum_step = sizes[10:16]
    picture, output_row = first_picture, filters if mode == GATED else 0
    while picture < end_picture:
        slot = picture // per_slot
        stop, keep = min(end_picture, (slot + 1) * per_slot), min(1, picture % per_slot)
        begin = (picture - first_picture) * pixels
        end = (stop - first_picture) * pixels
        for start in range(begin, end, block):
            here, place, place_x = min(block, end - start), given_at + start * filters, x_at + start * channels
            made, made_at = given, place
            if mode == GATED:
                gate_pixels(given, output, (place, output_at + start * filters), room, 0, sums, slot * sum_step,
                            np.float32(0), here, filters)
                made, made_at = room, 0
            elif mode == SUMMED:
                sum_pixels(given, place, sums, slot * sum_step, here, filters)
            if learns:
                _sum(x, place_x, made, made_at, slots, slot * slot_step, keep, zeros, weight_rows,
                     (here, channels, filters), given, output,
                     (place + here * filters, output_at + (start + here) * output_row), output_row)
            if sends:
                here_at = target_at + start * channels
                _multiply(made, made_at, turned, target, here_at, zeros, _NO_FLOOR, rows, (here, filters, channels),
                          x, place_x + here * channels, channels, here_at + here * channels)
            keep = 1
        picture = stop
