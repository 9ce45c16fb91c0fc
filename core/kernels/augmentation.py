"""Training pictures cut, scaled back, tinted, shifted and mirrored, each by its own numbers, in place."""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import helper, kernel

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

_ONE = np.float32(1)


@helper
def _scaled_row(picture: Floats, line: Floats, mixed: Floats, row: int, corner: int, width: int, window: int,
                nearest: Integers, shares: Floats, height: int) -> None:
    """line = one row of the window scaled back: first between two rows of the picture, then along them."""
    upper = corner + nearest[2 * row] * width
    lower = corner + nearest[2 * row + 1] * width
    above, below, share = picture[upper:upper + window], picture[lower:lower + window], shares[row]
    for index in range(window):
        mixed[index] = above[index] * (_ONE - share) + below[index] * share
    for index in range(width):
        share = shares[height + index]
        line[index] = (mixed[nearest[2 * (height + index)]] * (_ONE - share)
                       + mixed[nearest[2 * (height + index) + 1]] * share)


@helper
def _placed_row(line: Floats, made: Floats, right: int, mirrored: int, tint: np.float32) -> None:
    """made = the tinted line shifted to the right, mirrored where asked, 0 where it comes from outside."""
    width = made.size
    first, end = max(0, right), min(width, width + right)
    for index in range(width):
        made[index] = np.float32(0)
    if mirrored:
        for index in range(first, end):
            made[width - 1 - index] = line[index - right] + tint
    else:
        for index in range(first, end):
            made[index] = line[index - right] + tint


@kernel
def augment_pictures(pictures: Floats, moves: Integers, tints: Floats, nearest: Integers, shares: Floats,
                     sizes: Integers, room: Floats) -> None:
    """Change pictures in place: a window scaled back (bilinear), tinted per channel, shifted with zeros, mirrored.

    pictures: flat, each channels × height × width. moves: per picture the window's top and left, the shift down and
    right, and 1 for mirrored. tints: per picture and channel. sizes: pictures, channels, height, width, and the
    window's height and width. nearest: for each row, then for each column, the two pixels of the window that it lies
    between; shares: how much of the second. room: a picture and two rows.
    """
    count, channels, height, width, high, wide = sizes[:6]
    size = channels * height * width
    scratch, line, mixed = room[:size], room[size:size + width], room[size + width:size + 2 * width]
    scaled = high < height or wide < width
    for number in range(count):
        picture = pictures[number * scratch.size:(number + 1) * scratch.size]
        for index in range(scratch.size):
            scratch[index] = picture[index]
        top, left, down, right, mirrored = moves[number * 5:number * 5 + 5]
        for channel in range(channels):
            tint, start = tints[number * channels + channel], channel * height * width
            for row in range(height):
                made = picture[start + row * width:start + (row + 1) * width]
                source = row - down
                if source < 0 or source >= height:
                    for index in range(width):
                        made[index] = np.float32(0)
                elif scaled:
                    _scaled_row(scratch, line, mixed, source, start + top * width + left, width, wide, nearest, shares,
                                height)
                    _placed_row(line, made, right, mirrored, tint)
                else:
                    _placed_row(scratch[start + source * width:start + (source + 1) * width], made, right, mirrored,
                                tint)
