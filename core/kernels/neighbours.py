"""Local response normalisation: each number divided by a power of what its neighbouring channels add up to.

`numbers`: share α/n of a square, offset k, power −β. `sizes`: length of a picture, how many numbers are taken at once,
how many channels before and how many behind count. What is taken at once are a pixel's channels, or those of several
pixels where channels are few: then `masks` has a row for each neighbour, from the first before to the last behind, that
is 1 where it is of the same pixel. `work` is room for 2·width + 2·(before + width + behind) numbers of one thread, zero
at first: squares lie with zeros around them, so that a sum over neighbours need not stop at an edge.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.curves import EXP_LIMIT, exponential, logarithm
from core.kernels.jit import helper, kernel

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

_ZERO = np.float32(0)


@helper
def _add_neighbours(padded: Floats, sums: Floats, masks: Floats, width: int, shifts: int, turned: bool) -> None:
    """sums[i] = Σ padded[i + shift] over shifts, of numbers of the same pixel; `turned`: as the neighbours see it."""
    count = sums.size
    for index in range(count):
        sums[index] = _ZERO
    for shift in range(shifts):
        part = padded[shift:shift + count]
        if masks.size == 0:
            for index in range(count):
                sums[index] += part[index]
        else:
            row = shifts + shift if turned else shift
            mask = masks[row * width:row * width + count]
            for index in range(count):
                sums[index] += part[index] if mask[index] > 0 else _ZERO


@helper
def _totals(x: Floats, squares: Floats, total: Floats, numbers: Floats, masks: Floats, sizes: Integers) -> None:
    """total = k + α/n Σ x² over each channel's neighbours."""
    width, before, behind = sizes[1:4]
    middle = squares[before:before + x.size]
    for channel in range(x.size):
        middle[channel] = x[channel] * x[channel]
    _add_neighbours(squares, total, masks, width, before + behind + 1, False)
    share, offset = numbers[0], numbers[1]
    for channel in range(x.size):
        total[channel] = offset + share * total[channel]


@helper
def _power(total: np.float32, power: np.float32) -> np.float32:
    """total^power; NaN stays."""
    raised = exponential(min(max(power * logarithm(total), -EXP_LIMIT), EXP_LIMIT))
    return raised if total == total else total


@kernel
def normalise_neighbours(values: Floats, target: Floats, work: Floats, numbers: Floats, masks: Floats, sizes: Integers,
                         first: int, end: int) -> None:
    """target = x·total^−β."""
    length, width = sizes[:2]
    squares = work[2 * width:]
    for picture in range(first, end):
        for start in range(picture * length, (picture + 1) * length, width):
            stop = min(start + width, (picture + 1) * length)
            x, y, total = values[start:stop], target[start:stop], work[:stop - start]
            _totals(x, squares, total, numbers, masks, sizes)
            for channel in range(x.size):
                y[channel] = x[channel] * _power(total[channel], numbers[2])


@kernel
def normalise_neighbours_gradient(gradient: Floats, values: Floats, work: Floats, numbers: Floats, masks: Floats,
                                  sizes: Integers, first: int, end: int) -> None:
    """dy becomes dy·total^−β − 2 β α/n x Σ dy·x·total^(−β−1), in place; the sum goes over those x is a neighbour of."""
    length, width, before, behind = sizes[:4]
    around = before + width + behind
    squares, products = work[2 * width:2 * width + around], work[2 * width + around:]
    factor = np.float32(2) * numbers[2] * numbers[0]
    for picture in range(first, end):
        for start in range(picture * length, (picture + 1) * length, width):
            stop = min(start + width, (picture + 1) * length)
            count = stop - start
            x, dy = values[start:stop], gradient[start:stop]
            total, blame, middle = work[:count], work[width:width + count], products[behind:behind + count]
            _totals(x, squares, total, numbers, masks, sizes)
            for channel in range(count):
                scale = _power(total[channel], numbers[2])
                middle[channel] = dy[channel] * x[channel] * scale / total[channel]
                dy[channel] *= scale
            _add_neighbours(products, blame, masks, width, before + behind + 1, True)
            for channel in range(count):
                dy[channel] += factor * x[channel] * blame[channel]
