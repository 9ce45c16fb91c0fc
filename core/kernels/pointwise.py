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
    streaming_wide_tile,
    totalling_low_tile,
    totalling_wide_tile,
)
from core.kernels.vector_steps import fetch_pixels, settle

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
# An array and where something begins in it; the same with a table of where its rows lie from there.
Place = tuple[Floats, int]
Rows = tuple[Floats, int, Integers]
# The gradient and where the next part of it begins, the output and where that of it does, numbers in a row of it.
Ahead = tuple[Floats, int, Floats, int, int]
# Where the present part of the gradient and of the output begins; sums per channel and where they begin.
Gate = tuple[int, int, Floats, int]

_ROWS, _TALL, _WIDTH = TILE.rows, TILE.tall_rows, 2 * LANES
_NO_FLOOR = np.float32(-np.inf)

# What `pointwise_gradients` makes of the gradient it is given.
AS_GIVEN, GATED, SUMMED = 0, 1, 2


@helper
def multiply_pixels(a: Rows, b: Floats, c: Rows, cut: tuple[Floats, np.float32], sizes: tuple[int, int, int],
                    ahead: tuple[Floats, int, int, int]) -> None:
    """c [pixels, columns] = max(a [pixels, depth] · b + bias, floor); b lies in panels, `cut` are bias and floor.

    `sizes` are pixels, depth, columns. Meanwhile memory is asked for what comes next: rows of an array, (array, place,
    numbers in a row), and those of c, of which the fourth is the place.
    """
    (pixels, depth, columns), (bias, floor), (next_a, next_at, next_row, next_c_at) = sizes, cut, ahead
    panels = -(-columns // _WIDTH)
    for column in range(0, columns, _WIDTH):
        panel = column // _WIDTH * depth
        if columns - column > LANES:
            pace, c_pace = -(-_ROWS * next_row // (panels * depth)), -(-_ROWS * columns // (panels * depth))
            for row in range(0, pixels, _ROWS):
                fetching_wide_tile(
                    a, (b, column * depth), (c[0], c[1] + column, c[2]), (bias, column, floor),
                    (1, 0, 0, depth, _WIDTH), (row, min(_ROWS, pixels - row), min(_WIDTH, columns - column), 0),
                    (next_a, next_at + row * next_row + panel * pace, pace,
                     c[0], next_c_at + row * columns + panel * c_pace, c_pace))
        else:
            pace, c_pace = -(-_TALL * next_row // (panels * depth)), -(-_TALL * columns // (panels * depth))
            for row in range(0, pixels, _TALL):
                fetching_tall_tile(
                    a, (b, column * depth), (c[0], c[1] + column, c[2]), (bias, column, floor),
                    (1, 0, 0, depth, LANES), (row, min(_TALL, pixels - row), columns - column, 0),
                    (next_a, next_at + row * next_row + panel * pace, pace,
                     c[0], next_c_at + row * columns + panel * c_pace, c_pace))


@helper
def _stream_products(a: Rows, b: Floats, c: Rows, cut: tuple[Floats, np.float32], sizes: tuple[int, int, int],
                     ahead: int) -> None:
    """As `multiply_pixels`, but c is streamed: it has whole panels and is far too large for the caches.

    Meanwhile memory is asked for the next rows of a, from `ahead` on.
    """
    (pixels, depth, columns), (bias, floor) = sizes, cut
    for column in range(0, columns, _WIDTH):
        # Each panel asks for its part of every row: a number in each step, or every so many.
        pace = -(-_ROWS * _WIDTH // columns)
        for row in range(0, pixels, _ROWS):
            streaming_wide_tile(
                a, (b, column * depth), (c[0], c[1] + column, c[2]), (bias, column, floor),
                (1, 0, 0, depth, _WIDTH), (row, min(_ROWS, pixels - row), _WIDTH, 0),
                (a[0], ahead + row * depth + column // _WIDTH * depth * pace, pace))


@helper
def _sum(x: Rows, made: Place, slot: Rows, zeros: Floats, sizes: tuple[int, int, int, int], lies: tuple[int, int, int],
         ahead: Ahead, mode: int, gate: Gate) -> None:
    """slot [channels, filters] (+)= xᵀ · made over all pixels; `sizes` are pixels, channels, filters, keep.

    `lies` tells where pixels lie in x: how many are in a row, from row to row, and from one to the next.
    The first tile of each panel adds up `made`, and where it is gated makes it: what of the gradient has an output
    above zero. Meanwhile memory is asked for what comes next of the gradient and, in rows of so many numbers, of the
    output.
    """
    (pixels, channels, filters, keep), (given, ask, output, ask_output, next_row) = sizes, ahead
    (columns, down, across), panels = lies, -(-filters // _WIDTH)
    walk = (-(-pixels // columns), down, columns * filters, min(pixels, columns), filters, across)
    # The last panel first: what it writes in `made` behind its lanes is another panel's, or the next pixel's.
    for column in range((panels - 1) * _WIDTH, -1, -_WIDTH):
        width, first = min(_WIDTH, filters - column), 0 if mode == AS_GIVEN else _ROWS
        tall = -(-channels // _TALL) * _TALL < -(-channels // _ROWS) * _ROWS + _ROWS // 2
        tiles = panels * -(-channels // (_TALL if tall and width <= LANES else _ROWS))
        pace, output_pace, top = -(-filters // tiles), -(-next_row // tiles), (0, min(_ROWS, channels), width, keep)
        if mode == GATED and width > LANES:
            totalling_wide_tile(
                x, (given, gate[0] + column), (slot[0], slot[1] + column, slot[2]), (zeros, 0, _NO_FLOOR), walk, top,
                (given, ask, pace, output, ask_output, output_pace),
                (output, gate[1] + column, made[0], made[1] + column, gate[2], gate[3] + column))
        elif mode == GATED:
            totalling_low_tile(
                x, (given, gate[0] + column), (slot[0], slot[1] + column, slot[2]), (zeros, 0, _NO_FLOOR), walk, top,
                (given, ask, pace, output, ask_output, output_pace),
                (output, gate[1] + column, made[0], made[1] + column, gate[2], gate[3] + column))
        elif mode == SUMMED and width > LANES:
            totalling_wide_tile(
                x, (made[0], made[1] + column), (slot[0], slot[1] + column, slot[2]), (zeros, 0, _NO_FLOOR), walk, top,
                (given, ask, pace, output, ask_output, output_pace), (gate[2], gate[3] + column))
        elif mode == SUMMED:
            totalling_low_tile(
                x, (made[0], made[1] + column), (slot[0], slot[1] + column, slot[2]), (zeros, 0, _NO_FLOOR), walk, top,
                (given, ask, pace, output, ask_output, output_pace), (gate[2], gate[3] + column))
        if first:
            ask, ask_output = ask + pixels * pace, ask_output + pixels * output_pace
        if width > LANES:
            for row in range(first, channels, _ROWS):
                asking_wide_tile(
                    x, (made[0], made[1] + column), (slot[0], slot[1] + column, slot[2]), (zeros, 0, _NO_FLOOR), walk,
                    (row, min(_ROWS, channels - row), width, keep), (given, ask, pace, output, ask_output, output_pace))
                ask, ask_output = ask + pixels * pace, ask_output + pixels * output_pace
        elif tall:
            for row in range(first, channels, _TALL):
                asking_tall_tile(
                    x, (made[0], made[1] + column), (slot[0], slot[1] + column, slot[2]), (zeros, 0, _NO_FLOOR), walk,
                    (row, min(_TALL, channels - row), width, keep), (given, ask, pace, output, ask_output, output_pace))
                ask, ask_output = ask + pixels * pace, ask_output + pixels * output_pace
        else:
            for row in range(first, channels, _ROWS):
                asking_low_tile(
                    x, (made[0], made[1] + column), (slot[0], slot[1] + column, slot[2]), (zeros, 0, _NO_FLOOR), walk,
                    (row, min(_ROWS, channels - row), width, keep), (given, ask, pace, output, ask_output, output_pace))
                ask, ask_output = ask + pixels * pace, ask_output + pixels * output_pace


@kernel
def pointwise(x: Floats, filters: Floats, out: Floats, bias: Floats, rows: Integers, floor: np.float32,
              sizes: Integers) -> None:
    """out [pixels, filters] = max(x [pixels, channels] · filters + bias, floor); `filters` lie in panels.

    rows: number times channels and number times filters for each pixel of a block. sizes: where x and out begin,
    pixels, channels, filters, pixels of a block, whether out is streamed: then it begins on a cache line, and filters
    are whole panels.
    """
    x_at, out_at, pixels, channels, count, block, streams = sizes[:7]
    for first in range(0, pixels, block):
        here, place, target = min(block, pixels - first), x_at + first * channels, out_at + first * count
        if streams != 0:
            _stream_products((x, place, rows[0]), filters, (out, target, rows[1]), (bias, floor),
                             (here, channels, count), place + here * channels)
        else:
            multiply_pixels((x, place, rows[0]), filters, (out, target, rows[1]), (bias, floor),
                            (here, channels, count), (x, place + here * channels, channels, target + here * count))
    if streams != 0:
        settle()


@kernel
def pointwise_gradients(arrays: tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats],
                        rows: Integers, weight_rows: Integers, sizes: Integers) -> None:
    """The way back, block by block: through the gate of ReLU, to the weights' and the bias's slots and to the input.

    arrays: the given gradient [pixels, filters], the output, x [pixels, channels], the filters turned [filters,
    channels] in panels, room for a block of gradients, the slots of the weights and those of the bias, the gradient
    of x, zeros. rows: as those of `pointwise`, exchanged; weight_rows: each channel's number and its row in a slot.
    sizes: first and end picture, pictures per slot, pixels of a picture, channels, filters, pixels of a block, what
    becomes of the given gradient (AS_GIVEN, GATED, SUMMED: added up per channel only, to slots that are cleared
    first), whether the weights learn and whether the input wants a gradient; whether the given gradient begins with
    the first picture, not with that of the batch; the steps from a slot to the next of weights and bias. Where pixels
    lie in x: numbers of a picture, pixels of a row, from row to row, and from one to the next; blocks are whole rows,
    but for a last one; how many pictures may follow each other in a block.
    """
    given, output, x, turned, room, slots, sums, target, zeros = arrays
    first_picture, end_picture, per_slot, pixels, channels, filters, block, mode, learns, sends = sizes[:10]
    apart, slot_step, sum_step, x_numbers, columns, down, across, together = sizes[10:18]
    picture, output_row = first_picture, filters if mode == GATED else 0
    given_at = -first_picture * pixels * filters if apart else 0
    if learns:
        # Nobody has asked for what the first block needs.
        fetch_pixels(x, first_picture * x_numbers, (min(block, pixels), columns, down, across), channels)
    while picture < end_picture:
        slot = picture // per_slot
        stop, keep = min(end_picture, (slot + 1) * per_slot, picture + together), min(1, picture % per_slot)
        if mode != AS_GIVEN and not keep:
            sums[slot * sum_step:(slot + 1) * sum_step] = np.float32(0)
        end = stop * pixels
        for start in range(picture * pixels, end, block):
            here, output_here, here_at = min(block, end - start), start * filters, start * channels
            x_at = picture * x_numbers + (start - picture * pixels) // columns * down
            coming = x_at + here // columns * down if start + here < end else stop * x_numbers
            place = given_at + output_here
            made, made_at = given, place
            if mode == GATED:
                made, made_at = room, 0
            if mode == GATED and not learns:
                gate_pixels(given, output, (place, output_here), room, 0, sums, slot * sum_step, np.float32(0), here,
                            filters)
            elif mode == SUMMED and not learns:
                sum_pixels(given, place, sums, slot * sum_step, here, filters)
            if learns:
                if across != channels:
                    fetch_pixels(x, coming, (here, columns, down, across), channels)
                _sum((x, x_at, weight_rows[0]), (made, made_at), (slots, slot * slot_step, weight_rows[1]), zeros,
                     (here, channels, filters, keep), (columns, down, across),
                     (given, place + here * filters, output, output_here + here * output_row, output_row),
                     mode, (place, output_here, sums, slot * sum_step))
            if sends:
                multiply_pixels((made, made_at, rows[0]), turned, (target, here_at, rows[1]), (zeros, _NO_FLOOR),
                                (here, filters, channels),
                                (x, coming, channels if across == channels else 0, here_at + here * channels))
            keep = 1
        picture = stop
