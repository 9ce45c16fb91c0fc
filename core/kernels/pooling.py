"""Pooling with any window, stride and padding; maps lie as height × width × channels.

`sizes`: height, width, channels; output height and width; window height and width; vertical and horizontal stride;
padding at the top and at the left. Windows are cut where they hang over the picture.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import helper, kernel

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


@helper
def _cut(start: int, length: int, size: int) -> tuple[int, int]:
    """The part of a window that lies on the picture."""
    return max(start, 0), min(start + length, size)


@kernel
def max_pool(maps: Floats, pooled: Floats, winners: NDArray[np.int32], sizes: Integers, first: int, end: int) -> None:
    """The largest number of each window, and its pixel's number; the first of equals wins, and NaN over all."""
    height, width, channels, out_height, out_width, tall, wide, down, right, top, left = sizes[:11]
    for picture in range(first, end):
        for cell in range(out_height * out_width):
            low, high = _cut(cell // out_width * down - top, tall, height)
            near, far = _cut(cell % out_width * right - left, wide, width)
            start = (picture * out_height * out_width + cell) * channels
            best, winner = pooled[start:start + channels], winners[start:start + channels]
            for channel in range(channels):
                best[channel] = -np.inf
                winner[channel] = low * width + near
            for row in range(low, high):
                for column in range(near, far):
                    place = (picture * height * width + row * width + column) * channels
                    given = maps[place:place + channels]
                    pixel = np.int32(row * width + column)
                    for channel in range(channels):
                        value = given[channel]
                        # One or the other, without a branch, so that the loop becomes vectors.
                        above = (value > best[channel]) | (value != value)
                        best[channel] = value if above else best[channel]
                        winner[channel] = pixel if above else winner[channel]


@kernel
def max_pool_gradient(gradient: Floats, winners: NDArray[np.int32], target: Floats, sizes: Integers, first: int,
                      end: int) -> None:
    """The gradient goes to the winner of each window; where windows overlap it adds up."""
    pixels, channels, cells = sizes[0] * sizes[1], sizes[2], sizes[3] * sizes[4]
    for picture in range(first, end):
        maps = target[picture * pixels * channels:(picture + 1) * pixels * channels]
        for index in range(pixels * channels):
            maps[index] = np.float32(0)
        for cell in range(cells):
            start = (picture * cells + cell) * channels
            given, winner = gradient[start:start + channels], winners[start:start + channels]
            for channel in range(channels):
                maps[winner[channel] * channels + channel] += given[channel]


@kernel
def average_pool(maps: Floats, pooled: Floats, shares: Floats, sizes: Integers, first: int, end: int) -> None:
    """The sum of each window times shares[window], one over how many pixels count in it."""
    height, width, channels, out_height, out_width, tall, wide, down, right, top, left = sizes[:11]
    for picture in range(first, end):
        for cell in range(out_height * out_width):
            low, high = _cut(cell // out_width * down - top, tall, height)
            near, far = _cut(cell % out_width * right - left, wide, width)
            start = (picture * out_height * out_width + cell) * channels
            mean = pooled[start:start + channels]
            for channel in range(channels):
                mean[channel] = np.float32(0)
            for row in range(low, high):
                for column in range(near, far):
                    place = (picture * height * width + row * width + column) * channels
                    given = maps[place:place + channels]
                    for channel in range(channels):
                        mean[channel] += given[channel]
            share = shares[cell]
            for channel in range(channels):
                mean[channel] *= share


@kernel
def average_pool_gradient(gradient: Floats, target: Floats, shares: Floats, sizes: Integers, first: int,
                          end: int) -> None:
    """Every pixel of a window gets the same share of the window's gradient."""
    height, width, channels, out_height, out_width, tall, wide, down, right, top, left = sizes[:11]
    for picture in range(first, end):
        maps = target[picture * height * width * channels:(picture + 1) * height * width * channels]
        for index in range(height * width * channels):
            maps[index] = np.float32(0)
        for cell in range(out_height * out_width):
            low, high = _cut(cell // out_width * down - top, tall, height)
            near, far = _cut(cell % out_width * right - left, wide, width)
            start = (picture * out_height * out_width + cell) * channels
            given, share = gradient[start:start + channels], shares[cell]
            for row in range(low, high):
                for column in range(near, far):
                    place = (row * width + column) * channels
                    sums = maps[place:place + channels]
                    for channel in range(channels):
                        sums[channel] += given[channel] * share


@kernel
def global_average(maps: Floats, target: Floats, pixels: int, channels: int, first: int, end: int) -> None:
    """The mean of each channel over all pixels."""
    share = np.float32(1 / pixels)
    for picture in range(first, end):
        mean = target[picture * channels:(picture + 1) * channels]
        for channel in range(channels):
            mean[channel] = np.float32(0)
        for pixel in range(pixels):
            place = (picture * pixels + pixel) * channels
            given = maps[place:place + channels]
            for channel in range(channels):
                mean[channel] += given[channel]
        for channel in range(channels):
            mean[channel] *= share


@kernel
def global_average_gradient(gradient: Floats, target: Floats, pixels: int, channels: int, first: int, end: int) -> None:
    """Every pixel gets the same share."""
    share = np.float32(1 / pixels)
    for picture in range(first, end):
        given = gradient[picture * channels:(picture + 1) * channels]
        for pixel in range(pixels):
            place = (picture * pixels + pixel) * channels
            made = target[place:place + channels]
            for channel in range(channels):
                made[channel] = given[channel] * share
