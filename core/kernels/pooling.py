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


@kernel
def length_pool(maps: Floats, pooled: Floats, sizes: Integers, first: int, end: int) -> None:
    """The root of the sum of squares of each window."""
    height, width, channels, out_height, out_width, tall, wide, down, right, top, left = sizes[:11]
    for picture in range(first, end):
        for cell in range(out_height * out_width):
            low, high = _cut(cell // out_width * down - top, tall, height)
            near, far = _cut(cell % out_width * right - left, wide, width)
            start = (picture * out_height * out_width + cell) * channels
            made = pooled[start:start + channels]
            for channel in range(channels):
                made[channel] = np.float32(0)
            for row in range(low, high):
                for column in range(near, far):
                    place = (picture * height * width + row * width + column) * channels
                    given = maps[place:place + channels]
                    for channel in range(channels):
                        made[channel] += given[channel] * given[channel]
            for channel in range(channels):
                made[channel] = np.sqrt(made[channel])


@kernel
def length_pool_gradient(gradient: Floats, maps: Floats, pooled: Floats, target: Floats, sizes: Integers, first: int,
                         end: int) -> None:
    """Every pixel of a window gets dy·x / y, and nothing where the whole window is 0; `gradient` is used up."""
    height, width, channels, out_height, out_width, tall, wide, down, right, top, left = sizes[:11]
    for picture in range(first, end):
        base = picture * height * width * channels
        for index in range(base, base + height * width * channels):
            target[index] = np.float32(0)
        for cell in range(out_height * out_width):
            low, high = _cut(cell // out_width * down - top, tall, height)
            near, far = _cut(cell % out_width * right - left, wide, width)
            start = (picture * out_height * out_width + cell) * channels
            share, length = gradient[start:start + channels], pooled[start:start + channels]
            for channel in range(channels):
                share[channel] = np.float32(0) if length[channel] == 0 else share[channel] / length[channel]
            for row in range(low, high):
                for column in range(near, far):
                    place = base + (row * width + column) * channels
                    sums, given = target[place:place + channels], maps[place:place + channels]
                    for channel in range(channels):
                        sums[channel] += share[channel] * given[channel]


@kernel
def weighted_pool(maps: Floats, pooled: Floats, weights: Floats, sizes: Integers, first: int, end: int) -> None:
    """Each number of a window times the weight of its place, added up. weights: window height × width."""
    height, width, channels, out_height, out_width, tall, wide, down, right, top, left = sizes[:11]
    for picture in range(first, end):
        for cell in range(out_height * out_width):
            above, before = cell // out_width * down - top, cell % out_width * right - left
            low, high = _cut(above, tall, height)
            near, far = _cut(before, wide, width)
            start = (picture * out_height * out_width + cell) * channels
            sums = pooled[start:start + channels]
            for channel in range(channels):
                sums[channel] = np.float32(0)
            for row in range(low, high):
                for column in range(near, far):
                    place = (picture * height * width + row * width + column) * channels
                    given, weight = maps[place:place + channels], weights[(row - above) * wide + column - before]
                    for channel in range(channels):
                        sums[channel] += weight * given[channel]


@kernel
def weighted_pool_gradient(gradient: Floats, target: Floats, weights: Floats, sizes: Integers, first: int,
                           end: int) -> None:
    """Every pixel of a window gets the share of its place's weight."""
    height, width, channels, out_height, out_width, tall, wide, down, right, top, left = sizes[:11]
    for picture in range(first, end):
        base = picture * height * width * channels
        for index in range(base, base + height * width * channels):
            target[index] = np.float32(0)
        for cell in range(out_height * out_width):
            above, before = cell // out_width * down - top, cell % out_width * right - left
            low, high = _cut(above, tall, height)
            near, far = _cut(before, wide, width)
            start = (picture * out_height * out_width + cell) * channels
            given = gradient[start:start + channels]
            for row in range(low, high):
                for column in range(near, far):
                    place = base + (row * width + column) * channels
                    sums, weight = target[place:place + channels], weights[(row - above) * wide + column - before]
                    for channel in range(channels):
                        sums[channel] += weight * given[channel]


@kernel
def channel_max(values: Floats, pooled: Floats, winners: NDArray[np.int32], size: int, start: int, end: int) -> None:
    """pooled[start:end] = the largest of each `size` neighbouring numbers, and which; the first of equals wins."""
    best, winner = pooled[start:end], winners[start:end]
    for number in range(size):
        given = values[start * size + number:end * size:size]
        for index in range(end - start):
            value = given[index]
            above = (number == 0) | (value > best[index]) | (value != value)
            best[index] = value if above else best[index]
            winner[index] = np.int32(number) if above else winner[index]


@kernel
def channel_max_gradient(gradient: Floats, winners: NDArray[np.int32], target: Floats, size: int, start: int,
                         end: int) -> None:
    """The gradient goes to the winners, 0 to the others."""
    given, winner = gradient[start:end], winners[start:end]
    for number in range(size):
        made = target[start * size + number:end * size:size]
        for index in range(end - start):
            made[index] = given[index] if winner[index] == number else np.float32(0)


@kernel
def channel_average(values: Floats, pooled: Floats, size: int, start: int, end: int) -> None:
    """pooled[start:end] = the mean of each `size` neighbouring numbers."""
    share, mean = np.float32(1 / size), pooled[start:end]
    for index in range(end - start):
        mean[index] = np.float32(0)
    for number in range(size):
        given = values[start * size + number:end * size:size]
        for index in range(end - start):
            mean[index] += given[index]
    for index in range(end - start):
        mean[index] *= share


@kernel
def channel_average_gradient(gradient: Floats, target: Floats, size: int, start: int, end: int) -> None:
    """Every number gets the same share."""
    share, given = np.float32(1 / size), gradient[start:end]
    for number in range(size):
        made = target[start * size + number:end * size:size]
        for index in range(end - start):
            made[index] = given[index] * share
