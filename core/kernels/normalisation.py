"""Batch normalisation: sums per channel for each chunk of pictures, then the numbers themselves.

Pictures are `length` numbers, pixels × channels. Tables and sums are `width` numbers long, the channels repeated a few
times: the loops over a stretch of pixels are then long enough to pay, and who adds the repetitions up has the channels.
Sums are kept in double precision, so a large mean does not swallow the variance.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import kernel

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]


@kernel
def channel_sums(values: Floats, sums: Doubles, sizes: Integers, first: int, end: int) -> None:
    """sums[chunk] = Σ x and then Σ x². sizes: length, width, pictures per chunk; chunks are whole."""
    length, width, per_chunk = sizes[:3]
    for picture in range(first, end):
        place = picture // per_chunk * 2 * width
        plain, squares = sums[place:place + width], sums[place + width:place + 2 * width]
        if picture % per_chunk == 0:
            for index in range(width):
                plain[index] = 0.0
                squares[index] = 0.0
        for start in range(picture * length, (picture + 1) * length, width):
            given = values[start:min(start + width, (picture + 1) * length)]
            for index in range(given.size):
                x = np.float64(given[index])
                plain[index] += x
                squares[index] += x * x


@kernel
def gradient_sums(gradient: Floats, values: Floats, table: Floats, sums: Doubles, sizes: Integers, first: int,
                  end: int) -> None:
    """sums[chunk] = Σ dy and then Σ dy·x̂, x̂ = (x − mean)·scale. table: mean, scale. sizes as for `channel_sums`."""
    length, width, per_chunk = sizes[:3]
    mean, scale = table[:width], table[width:2 * width]
    for picture in range(first, end):
        place = picture // per_chunk * 2 * width
        plain, products = sums[place:place + width], sums[place + width:place + 2 * width]
        if picture % per_chunk == 0:
            for index in range(width):
                plain[index] = 0.0
                products[index] = 0.0
        for start in range(picture * length, (picture + 1) * length, width):
            stop = min(start + width, (picture + 1) * length)
            x, dy = values[start:stop], gradient[start:stop]
            for index in range(stop - start):
                slope = np.float64(dy[index])
                plain[index] += slope
                products[index] += slope * ((x[index] - mean[index]) * scale[index])


@kernel
def normalise(values: Floats, target: Floats, table: Floats, floor: np.float32, sizes: Integers, first: int,
              end: int) -> None:
    """target = max((x − mean)·factor + shift, floor): floor 0 is ReLU, −infinity none.

    table: mean, factor, shift. sizes: length, width.
    """
    length, width = sizes[:2]
    mean, factor, shift = table[:width], table[width:2 * width], table[2 * width:3 * width]
    for picture in range(first, end):
        for start in range(picture * length, (picture + 1) * length, width):
            stop = min(start + width, (picture + 1) * length)
            x, y = values[start:stop], target[start:stop]
            for index in range(stop - start):
                value = (x[index] - mean[index]) * factor[index] + shift[index]
                y[index] = floor if value <= floor else value


@kernel
def normalise_gradient(gradient: Floats, values: Floats, table: Floats, sizes: Integers, first: int, end: int) -> None:
    """(dy − offset − (x − mean)·slope)·factor in place of dy. table: mean, factor, offset, slope. sizes: length, width.

    With offset = Σdy/n and slope = scale·Σdy·x̂/n this is the gradient through the batch's own mean and variance.
    """
    length, width = sizes[:2]
    mean, factor = table[:width], table[width:2 * width]
    offset, slope = table[2 * width:3 * width], table[3 * width:4 * width]
    for picture in range(first, end):
        for start in range(picture * length, (picture + 1) * length, width):
            stop = min(start + width, (picture + 1) * length)
            x, dy = values[start:stop], gradient[start:stop]
            for index in range(stop - start):
                centred = x[index] - mean[index]
                dy[index] = (dy[index] - offset[index] - centred * slope[index]) * factor[index]
