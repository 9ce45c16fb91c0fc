"""Winograd's F(4×4, 3×3) between pictures and positions, which lie as [36][tile][channel].

Nothing is padded, cropped, pooled or cut by ReLU beforehand or afterwards: that happens on the way. `sizes` of all
kernels begin with: pictures, tiles down, tiles across, channels, the picture array's start, step to the next position,
the pictures' height and width.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import part
from core.kernels.processor import LANES
from core.kernels.winograd_tiles import (
    read_data,
    read_gated,
    read_gradient,
    read_pooled,
    write_data,
    write_largest,
    write_output,
    write_pooled,
)

Floats = NDArray[np.float32]
Bytes = NDArray[np.int8]
Integers = NDArray[np.int64]


@part
def data_positions(picture: Floats, positions: Floats, sizes: Integers) -> None:
    """The 6×6 patches of pictures, every 4 pixels. Two more sizes: rows of padding above, columns on the left."""
    pictures, down, across, channels, start, step, height, width, top, left = sizes[:10]
    line, place = width * channels, 0
    for number in range(pictures):
        for tile in range(down * across):
            row, column = 4 * (tile // across) - top, 4 * (tile % across) - left
            corner = start + (number * height + row) * line + column * channels
            edges = (-row, height - row, -column, width - column)
            for channel in range(0, channels, LANES):
                read_data((picture, corner + channel, line, channels), (positions, place + channel, step), edges)
            place += channels


@part
def pictures_from_positions(positions: Floats, picture: Floats, sizes: Integers) -> None:
    """The exact reverse of `data_positions`: patches are added up where they overlap. What was there is forgotten."""
    pictures, down, across, channels, start, step, height, width, top, left = sizes[:10]
    line, place = width * channels, 0
    for number in range(pictures):
        for tile in range(down * across):
            row, column = 4 * (tile // across) - top, 4 * (tile % across) - left
            corner = start + (number * height + row) * line + column * channels
            edges = (-row, height - row, -column, width - column)
            new = (int(tile < across), int(tile % across == 0))
            for channel in range(0, channels, LANES):
                write_data((positions, place + channel, step), (picture, corner + channel, line, channels), edges, new)
            place += channels


@part
def output_from_positions(positions: Floats, target: Floats, bias: Floats, floor: np.float32, sizes: Integers) -> None:
    """Products to outputs, max(value + bias, floor)."""
    pictures, down, across, channels, start, step, height, width = sizes[:8]
    line, place = width * channels, 0
    for number in range(pictures):
        for tile in range(down * across):
            row, column = 4 * (tile // across), 4 * (tile % across)
            corner = start + (number * height + row) * line + column * channels
            edges = (0, height - row, 0, width - column)
            for channel in range(0, channels, LANES):
                write_output((positions, place + channel, step), (target, corner + channel, line, channels), edges,
                              (bias, channel, floor))
            place += channels


@part
def pooled_from_positions(positions: Floats, pooled: Floats, winners: Bytes, bias: Floats, floor: np.float32,
                          sizes: Integers) -> None:
    """Products to the largest of each 2×2 outputs, not below `floor`, and which corner it was.

    Height and width are those of `pooled`. Three more sizes: start of winners, their step to the next picture, the
    number of nobody (4 with ReLU, 0 without).
    """
    pictures, down, across, channels, start, step, height, width, won_start, won_step, nobody = sizes[:11]
    line, place = width * channels, 0
    for number in range(pictures):
        for tile in range(down * across):
            row, column = 2 * (tile // across), 2 * (tile % across)
            inside = row * line + column * channels
            corner, won = start + number * height * line + inside, won_start + number * won_step + inside
            edges = (0, height - row, 0, width - column)
            for channel in range(0, channels, LANES):
                write_pooled((positions, place + channel, step), (pooled, corner + channel, line, channels), edges,
                              (bias, channel, floor), (winners, won + channel, nobody))
            place += channels


@part
def largest_from_positions(positions: Floats, pooled: Floats, bias: Floats, floor: np.float32, sizes: Integers) -> None:
    """As `pooled_from_positions`, for those who need not know which corner it was."""
    pictures, down, across, channels, start, step, height, width = sizes[:8]
    line, place = width * channels, 0
    for number in range(pictures):
        for tile in range(down * across):
            row, column = 2 * (tile // across), 2 * (tile % across)
            corner = start + (number * height + row) * line + column * channels
            edges = (0, height - row, 0, width - column)
            for channel in range(0, channels, LANES):
                write_largest((positions, place + channel, step), (pooled, corner + channel, line, channels), edges,
                              (bias, channel, floor))
            place += channels


@part
def gradient_positions(gradient: Floats, positions: Floats, sums: Floats, sizes: Integers) -> None:
    """The 4×4 blocks of an output's gradient. One more size: where the bias's gradient is in `sums`; it is added to."""
    pictures, down, across, channels, start, step, height, width, sums_at = sizes[:9]
    line, place = width * channels, 0
    for number in range(pictures):
        for tile in range(down * across):
            row, column = 4 * (tile // across), 4 * (tile % across)
            corner = start + (number * height + row) * line + column * channels
            edges = (0, height - row, 0, width - column)
            for channel in range(0, channels, LANES):
                read_gradient((positions, place + channel, step), (sums, sums_at + channel),
                               (gradient, corner + channel, line, channels), edges)
            place += channels


@part
def gated_positions(gradient: Floats, output: Floats, positions: Floats, sums: Floats, sizes: Integers) -> None:
    """The same through the ReLU behind the convolution, whose output lies as its gradient does."""
    pictures, down, across, channels, start, step, height, width, sums_at = sizes[:9]
    line, place = width * channels, 0
    for number in range(pictures):
        for tile in range(down * across):
            row, column = 4 * (tile // across), 4 * (tile % across)
            corner = start + (number * height + row) * line + column * channels
            edges = (0, height - row, 0, width - column)
            for channel in range(0, channels, LANES):
                read_gated((positions, place + channel, step), (sums, sums_at + channel),
                            (gradient, corner + channel, line, channels), edges, output)
            place += channels


@part
def unpooled_positions(gradient: Floats, winners: Bytes, positions: Floats, sums: Floats, sizes: Integers) -> None:
    """The same through the 2×2 pool behind the convolution, from the gradient of what was pooled.

    Two more sizes: start of winners, their step to the next picture.
    """
    pictures, down, across, channels, start, step, height, width, sums_at, won_start, won_step = sizes[:11]
    line, place = width * channels, 0
    for number in range(pictures):
        for tile in range(down * across):
            row, column = 2 * (tile // across), 2 * (tile % across)
            inside = row * line + column * channels
            corner, won = start + number * height * line + inside, won_start + number * won_step + inside
            edges = (0, height - row, 0, width - column)
            for channel in range(0, channels, LANES):
                read_pooled((positions, place + channel, step), (sums, sums_at + channel),
                             (gradient, corner + channel, line, channels), edges, (winners, won + channel))
            place += channels
