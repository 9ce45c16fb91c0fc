"""Layers with a few trained numbers per channel: the numbers themselves, their gradients, and sums per chunk.

Pictures are `length` numbers, pixels × channels. A table has a row for each of a channel's numbers, `width` long: the
channels repeated a few times, so that loops over a stretch of pixels are long enough to pay. `sums` has the same rows
for each chunk of pictures, in double precision. `sizes`: length, width, pictures per chunk; chunks are whole.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import helper, kernel

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]

_ZERO, _ONE = np.float32(0), np.float32(1)


@helper
def _begun(sums: Doubles, picture: int, per_chunk: int, count: int) -> int:
    """Where the `count` sums of a picture's chunk begin; they are zero where the chunk begins."""
    place = picture // per_chunk * count
    if picture % per_chunk == 0:
        for index in range(place, place + count):
            sums[index] = 0.0
    return place


@kernel
def sloped_rows(values: Floats, target: Floats, table: Floats, sizes: Integers, first: int, end: int) -> None:
    """target = x above zero, slope·x elsewhere. table: slope."""
    length, width = sizes[:2]
    slope = table[:width]
    for picture in range(first, end):
        for start in range(picture * length, (picture + 1) * length, width):
            stop = min(start + width, (picture + 1) * length)
            x, y = values[start:stop], target[start:stop]
            for index in range(stop - start):
                y[index] = x[index] if x[index] > 0 else slope[index] * x[index]


@kernel
def sloped_gradient(gradient: Floats, values: Floats, table: Floats, sums: Doubles, sizes: Integers, first: int,
                    end: int) -> None:
    """sums = Σ dy·x where x is not above zero; there dy becomes slope·dy, in place. table: slope."""
    length, width, per_chunk = sizes[:3]
    slope = table[:width]
    for picture in range(first, end):
        place = _begun(sums, picture, per_chunk, width)
        products = sums[place:place + width]
        for start in range(picture * length, (picture + 1) * length, width):
            stop = min(start + width, (picture + 1) * length)
            x, dy = values[start:stop], gradient[start:stop]
            for index in range(stop - start):
                below = _ZERO if x[index] > 0 else x[index]
                products[index] += np.float64(dy[index]) * np.float64(below)
                dy[index] = dy[index] if x[index] > 0 else slope[index] * dy[index]


@kernel
def scaled_rows(values: Floats, target: Floats, table: Floats, sizes: Integers, first: int, end: int) -> None:
    """target = factor·x + shift. table: factor, shift."""
    length, width = sizes[:2]
    factor, shift = table[:width], table[width:2 * width]
    for picture in range(first, end):
        for start in range(picture * length, (picture + 1) * length, width):
            stop = min(start + width, (picture + 1) * length)
            x, y = values[start:stop], target[start:stop]
            for index in range(stop - start):
                y[index] = factor[index] * x[index] + shift[index]


@kernel
def scaled_gradient(gradient: Floats, values: Floats, table: Floats, sums: Doubles, sizes: Integers, first: int,
                    end: int) -> None:
    """sums = Σ dy·x and then Σ dy; dy becomes factor·dy, in place. table: factor, shift."""
    length, width, per_chunk = sizes[:3]
    factor = table[:width]
    for picture in range(first, end):
        place = _begun(sums, picture, per_chunk, 2 * width)
        both = sums[place:place + 2 * width]
        products, plain = both[:width], both[width:]
        for start in range(picture * length, (picture + 1) * length, width):
            stop = min(start + width, (picture + 1) * length)
            x, dy = values[start:stop], gradient[start:stop]
            for index in range(stop - start):
                products[index] += np.float64(dy[index]) * np.float64(x[index])
                plain[index] += np.float64(dy[index])
                dy[index] = factor[index] * dy[index]


@kernel
def hinged_rows(values: Floats, target: Floats, table: Floats, sizes: Integers, first: int, end: int) -> None:
    """target = max(x, 0) + Σ slope·max(offset − x, 0) over hinges. table: all slopes, all offsets. sizes[3]: hinges."""
    length, width, hinges = sizes[0], sizes[1], sizes[3]
    for picture in range(first, end):
        for start in range(picture * length, (picture + 1) * length, width):
            stop = min(start + width, (picture + 1) * length)
            x, y = values[start:stop], target[start:stop]
            for index in range(stop - start):
                y[index] = _ZERO if x[index] <= 0 else x[index]
            for hinge in range(hinges):
                slope = table[hinge * width:(hinge + 1) * width]
                offset = table[(hinges + hinge) * width:(hinges + hinge + 1) * width]
                for index in range(stop - start):
                    over = offset[index] - x[index]
                    y[index] += slope[index] * (over if over > 0 else _ZERO)


@kernel
def hinged_gradient(gradient: Floats, values: Floats, table: Floats, factors: Floats, sums: Doubles, sizes: Integers,
                    first: int, end: int) -> None:
    """sums = Σ dy·max(offset − x, 0) of each hinge, then Σ dy·slope where it is open; dy becomes dx, in place.

    table and sizes as for `hinged_rows`; `factors` is room for `width` numbers.
    """
    length, width, per_chunk, hinges = sizes[:4]
    for picture in range(first, end):
        place = _begun(sums, picture, per_chunk, 2 * hinges * width)
        rows = sums[place:place + 2 * hinges * width]
        for start in range(picture * length, (picture + 1) * length, width):
            stop = min(start + width, (picture + 1) * length)
            x, dy = values[start:stop], gradient[start:stop]
            for index in range(stop - start):
                factors[index] = _ONE if x[index] > 0 else _ZERO
            for hinge in range(hinges):
                slope = table[hinge * width:(hinge + 1) * width]
                offset = table[(hinges + hinge) * width:(hinges + hinge + 1) * width]
                to_slope = rows[hinge * width:(hinge + 1) * width]
                to_offset = rows[(hinges + hinge) * width:(hinges + hinge + 1) * width]
                for index in range(stop - start):
                    over = offset[index] - x[index]
                    passed = np.float64(dy[index]) if over > 0 else 0.0
                    to_slope[index] += passed * np.float64(over)
                    to_offset[index] += passed * np.float64(slope[index])
                    factors[index] -= slope[index] if over > 0 else _ZERO
            for index in range(stop - start):
                dy[index] *= factors[index]


@kernel
def gather_sums(sums: Doubles, chunks: int, target: Floats, start: int, sizes: Integers) -> None:
    """target[start:] = some rows of the sums, over all chunks and all repetitions of a channel, always in one order.

    sizes: rows of a chunk, width, channels, first row, how many rows.
    """
    rows, width, channels, first, count = sizes[:5]
    for row in range(count):
        for channel in range(channels):
            total = 0.0
            for chunk in range(chunks):
                place = (chunk * rows + first + row) * width
                for repeated in range(place + channel, place + width, channels):
                    total += sums[repeated]
            target[start + row * channels + channel] = np.float32(total)
