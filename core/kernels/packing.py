"""Weights of a convolution in the shapes the register tiles want, and gradients back.

Kept weights are [height][width][channels][filters]. Where few filters would leave most lanes of a vector idle, `group`
neighbouring output pixels share one vector: their filters lie side by side, each shifted by its pixel's distance.
`sizes`: filter height, width, channels, filters, group, horizontal stride, row length of the package (padded to lanes).
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import kernel
from core.kernels.processor import LANES
from core.kernels.turning import turn_square
from core.kernels.vector_steps import copy_run, fetch_to_read, fetch_to_write

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

_PANEL = 2 * LANES


@kernel
def pack_filters(weights: Floats, start: int, package: Floats, sizes: Integers) -> None:
    """package[a][(b + g·stride)·channels + c][g·filters + o] = weights[a][b][c][o] for each pixel g of a group."""
    height, width, channels, filters, group, stride, length = sizes[:7]
    run = width * channels
    widened = (width + (group - 1) * stride) * channels
    for row in range(height):
        for pixel in range(group):
            shift = pixel * stride * channels
            for index in range(run):
                copy_run(weights, start + (row * run + index) * filters,
                         package, (row * widened + index + shift) * length + pixel * filters, filters)


@kernel
def pack_bias(bias: Floats, start: int, package: Floats, sizes: Integers) -> None:
    """The bias once per pixel of a group."""
    filters, group = sizes[3], sizes[4]
    for pixel in range(group):
        copy_run(bias, start, package, pixel * filters, filters)


@kernel
def pack_transposed(weights: Floats, start: int, package: Floats, sizes: Integers) -> None:
    """package[a][o][b·channels + c] = weights[a][b][c][o]: filters as the input gradient wants them."""
    height, width, channels, filters = sizes[:4]
    run = width * channels
    block = 16
    for row in range(height):
        for first in range(0, run, block):
            for filter_ in range(filters):
                for index in range(first, min(first + block, run)):
                    package[(row * filters + filter_) * run + index] = weights[start + (row * run + index) * filters
                                                                               + filter_]


@kernel
def pack_panels(weights: Floats, start: int, package: Floats, rows: int, columns: int) -> None:
    """A matrix [rows, columns] as panels of two vectors' width, the last perhaps of one: each can be read straight on.

    Row r of the panel at column p begins at package[p · rows + r · (its width)].
    """
    for panel in range(0, columns, _PANEL):
        step = _PANEL if columns - panel > LANES else LANES
        width = min(_PANEL, columns - panel)
        for row in range(rows):
            copy_run(weights, start + row * columns + panel, package, panel * rows + row * step, width)


@kernel
def pack_turned_panels(weights: Floats, start: int, package: Floats, rows: int, columns: int) -> None:
    """The same for the matrix that has the weights' rows as its columns: weights are [columns, rows] here.

    Squares of numbers are turned where there are whole ones; the last of a row overlap those before.
    """
    for panel in range(0, columns, _PANEL):
        step = _PANEL if columns - panel > LANES else LANES
        for side in range(panel, min(panel + _PANEL, columns), LANES):
            given, target = start + side * rows, panel * rows + side - panel
            if columns - side >= LANES and rows >= LANES:
                for square in range(0, rows, LANES):
                    row = min(square, rows - LANES)
                    turn_square((weights, given + row, rows), (package, target + row * step, step))
            else:
                for column in range(min(LANES, columns - side)):
                    for row in range(rows):
                        package[target + row * step + column] = weights[given + column * rows + row]


@kernel
def unpack_gradient(slots: Floats, used: int, slot_step: int, gradient: Floats, start: int, sizes: Integers) -> None:
    """The sum over slots and over the pixels of a group: the gradient of the kept weights, always in the same order."""
    height, width, channels, filters, group, stride, length = sizes[:7]
    run = width * channels
    widened = (width + (group - 1) * stride) * channels
    for row in range(height):
        for index in range(run):
            target = gradient[start + (row * run + index) * filters:start + (row * run + index + 1) * filters]
            for position in range(filters):
                target[position] = np.float32(0)
            for slot in range(used):
                for pixel in range(group):
                    place = slot * slot_step + (row * widened + index + pixel * stride * channels) * length
                    source = slots[place + pixel * filters:place + (pixel + 1) * filters]
                    for position in range(filters):
                        target[position] += source[position]


@kernel
def sum_slots(slots: Floats, used: int, slot_step: int, target: Floats, start: int, count: int) -> None:
    """target[start + i] = Σ over slots of slots[i], in the order of the slots; a block at a time, for the cache.

    Other threads made most slots, long ago: all of them are asked for some blocks ahead.
    """
    block, ahead = 256, 8 * 256
    for first in range(-ahead, count, block):
        coming = min(block, count - first - ahead)
        for slot in range(used if coming > 0 else 0):
            fetch_to_read(slots, slot * slot_step + first + ahead, coming)
        if coming > 0:
            fetch_to_write(target, start + first + ahead, coming)
        if first >= 0:
            size = min(block, count - first)
            sums = target[start + first:start + first + size]
            for index in range(size):
                sums[index] = np.float32(0)
            for slot in range(used):
                part = slots[slot * slot_step + first:slot * slot_step + first + size]
                for index in range(size):
                    sums[index] += part[index]


@kernel
def add_slot(slot: Floats, target: Floats, count: int, anew: bool) -> None:
    """target[i] += slot[i] for the first numbers; with `anew` what was there is forgotten."""
    source, sums = slot[:count], target[:count]
    if anew:
        for index in range(count):
            sums[index] = source[index]
    else:
        for index in range(count):
            sums[index] += source[index]
