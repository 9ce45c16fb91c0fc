"""Pooling line by line, for maps of few channels: a window's columns first, for a whole row, then these side by side.

`sizes` as in `pooling`. `line` is room for a row of the padded picture; beside the picture it holds what no window
heeds. Numbers that lie side by side are as many as a row has pixels and channels; window by window they would be only
as many as channels.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import helper, kernel

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
Places = NDArray[np.int32]

_ZERO = np.float32(0)


@helper
def _best_of_columns(maps: Floats, line: Floats, rows: Places, start: int, length: int, low: int, high: int) -> None:
    """line = the largest of each column from row `low` on, rows = where it was; the first of equals, NaN over all."""
    for index in range(length):
        line[index], rows[index] = -np.inf, low
    for row in range(low, high):
        given, number = maps[start + row * length:start + (row + 1) * length], np.int32(row)
        for index in range(length):
            value = given[index]
            above = (value > line[index]) | (value != value)
            line[index] = value if above else line[index]
            rows[index] = number if above else rows[index]


@helper
def _keep_best(value: np.float32, row: np.int32, best: Floats, rows: Places, winner: Places, index: int,
               pixel: np.int32) -> None:
    """The larger one; of equals the upper one, and in the same row the one that was there before."""
    above = (value > best[index]) | ((value == best[index]) & (row < rows[index])) | (value != value)
    best[index] = value if above else best[index]
    rows[index] = row if above else rows[index]
    winner[index] = pixel if above else winner[index]


@kernel
def max_pool_lines(maps: Floats, pooled: Floats, winners: Places, line: Floats, rows: Places, columns: Places,
                   sizes: Integers, first: int, end: int) -> None:
    """What `max_pool` finds. `rows` is room for as many numbers as `line`, and behind them for a row of the output.

    columns: for each number of an output row the first column of its window, which may lie left of the picture.
    """
    height, width, channels, out_height, out_width, tall, wide, down, right, top, left = sizes[:11]
    length, span, whole = width * channels, out_width * channels, line.size
    before, found = left * channels, rows[line.size:]
    for index in range(whole):
        line[index], rows[index] = -np.inf, height
    for picture in range(first, end):
        for cell in range(out_height):
            low, high = max(cell * down - top, 0), min(cell * down - top + tall, height)
            _best_of_columns(maps, line[before:], rows[before:], picture * height * length, length, low, high)
            start = (picture * out_height + cell) * span
            best, winner = pooled[start:start + span], winners[start:start + span]
            for index in range(span):
                best[index], found[index] = -np.inf, low
                winner[index] = low * width + max(columns[index], 0)
            for column in range(wide):
                if right == 1 or channels == 1:
                    step = right if channels == 1 else 1
                    given, seen = line[column * channels::step], rows[column * channels:whole:step]
                    for index in range(span):
                        pixel = np.int32(seen[index] * width + columns[index] + column)
                        _keep_best(given[index], seen[index], best, found, winner, index, pixel)
                else:
                    for index in range(span):
                        place = (index // channels * right + column) * channels + index % channels
                        pixel = np.int32(rows[place] * width + columns[index] + column)
                        _keep_best(line[place], rows[place], best, found, winner, index, pixel)


@helper
def _sum_columns(maps: Floats, middle: Floats, start: int, rows: int, squares: bool) -> None:
    """middle = the sum of so many rows, or of their squares."""
    length = middle.size
    for index in range(length):
        middle[index] = _ZERO
    for row in range(rows):
        given = maps[start + row * length:start + (row + 1) * length]
        if squares:
            for index in range(length):
                middle[index] += given[index] * given[index]
        else:
            for index in range(length):
                middle[index] += given[index]


@helper
def _add_column(line: Floats, made: Floats, channels: int, right: int, column: int) -> None:
    """Add to each window's sum its column of that number."""
    if right == 1 or channels == 1:
        seen = line[column * channels::right if channels == 1 else 1]
        for index in range(made.size):
            made[index] += seen[index]
    else:
        for index in range(made.size):
            made[index] += line[(index // channels * right + column) * channels + index % channels]


@kernel
def sum_pool_lines(maps: Floats, pooled: Floats, shares: Floats, line: Floats, sizes: Integers, first: int,
                   end: int) -> None:
    """The sum of each window times shares[window]; where `shares` is empty the root of the sum of its squares."""
    height, width, channels, out_height, out_width, tall, wide, down, right, top, left = sizes[:11]
    length, span, squares = width * channels, out_width * channels, shares.size == 0
    for index in range(line.size):
        line[index] = _ZERO
    middle = line[left * channels:left * channels + length]
    for picture in range(first, end):
        for cell in range(out_height):
            low, high = max(cell * down - top, 0), min(cell * down - top + tall, height)
            _sum_columns(maps, middle, (picture * height + low) * length, high - low, squares)
            start = (picture * out_height + cell) * span
            made = pooled[start:start + span]
            for index in range(span):
                made[index] = _ZERO
            for column in range(wide):
                _add_column(line, made, channels, right, column)
            for index in range(span):
                share = _ZERO if squares else shares[cell * out_width + index // channels]
                made[index] = np.sqrt(made[index]) if squares else made[index] * share


@helper
def _largest_of(given: Floats, room: Floats) -> None:
    """room = max(room, given), NaN over all."""
    for index in range(given.size):
        above = (given[index] > room[index]) | (given[index] != given[index])
        room[index] = given[index] if above else room[index]


@helper
def _sum_of(given: Floats, room: Floats) -> None:
    """room += given."""
    for index in range(given.size):
        room[index] += given[index]


@kernel
def whole_maps(maps: Floats, pooled: Floats, room: Floats, largest: bool, pixels: int, first: int, end: int) -> None:
    """The largest number of each map of so many pixels, NaN over all, or the mean; `room` is for 2ⁿ numbers."""
    step, share = room.size, np.float32(1 / pixels)
    for number in range(first, end):
        size = step
        room[:] = -np.inf if largest else _ZERO
        for start in range(number * pixels, (number + 1) * pixels, step):
            given = maps[start:min(start + step, (number + 1) * pixels)]
            if largest:
                _largest_of(given, room)
            else:
                _sum_of(given, room)
        while size > 1:
            half = size // 2
            if largest:
                _largest_of(room[half:size], room[:half])
            else:
                _sum_of(room[half:size], room[:half])
            size = half
        pooled[number] = room[0] if largest else room[0] * share
