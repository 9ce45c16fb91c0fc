"""Local response normalisation: each number divided by a power of what its neighbouring channels add up to.

`numbers`: share α/n of a square, offset k, power −β. `sizes`: length of a picture, channels, how many channels before
and how many behind count. `work` is room for 2·channels + 2·(before + channels + behind) numbers of one thread, zero at
first: squares lie with zeros around them, so that a sum over neighbours need not stop at an edge.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.curves import EXP_LIMIT, exponential, logarithm
from core.kernels.jit import helper, kernel

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

_ZERO = np.float32(0)


@helper
def _totals(x: Floats, squares: Floats, total: Floats, numbers: Floats, before: int, behind: int) -> None:
    """total = k + α/n Σ x² over each channel's neighbours."""
    channels = x.size
    middle = squares[before:before + channels]
    for channel in range(channels):
        middle[channel] = x[channel] * x[channel]
        total[channel] = _ZERO
    for shift in range(before + behind + 1):
        part = squares[shift:shift + channels]
        for channel in range(channels):
            total[channel] += part[channel]
    share, offset = numbers[0], numbers[1]
    for channel in range(channels):
        total[channel] = offset + share * total[channel]


@helper
def _power(total: np.float32, power: np.float32) -> np.float32:
    """total^power; NaN stays."""
    raised = exponential(min(max(power * logarithm(total), -EXP_LIMIT), EXP_LIMIT))
    return raised if total == total else total


@kernel
def normalise_neighbours(values: Floats, target: Floats, work: Floats, numbers: Floats, sizes: Integers, first: int,
                         end: int) -> None:
    """target = x·total^−β."""
    length, channels, before, behind = sizes[:4]
    total, squares = work[:channels], work[2 * channels:]
    for start in range(first * length, end * length, channels):
        x, y = values[start:start + channels], target[start:start + channels]
        _totals(x, squares, total, numbers, before, behind)
        for channel in range(channels):
            y[channel] = x[channel] * _power(total[channel], numbers[2])


@kernel
def normalise_neighbours_gradient(gradient: Floats, values: Floats, work: Floats, numbers: Floats, sizes: Integers,
                                  first: int, end: int) -> None:
    """dy becomes dy·total^−β − 2 β α/n x Σ dy·x·total^(−β−1), in place; the sum goes over those x is a neighbour of."""
    length, channels, before, behind = sizes[:4]
    around = before + channels + behind
    total, blame = work[:channels], work[channels:2 * channels]
    squares, products = work[2 * channels:2 * channels + around], work[2 * channels + around:]
    factor = np.float32(2) * numbers[2] * numbers[0]
    middle = products[behind:behind + channels]
    for start in range(first * length, end * length, channels):
        x, dy = values[start:start + channels], gradient[start:start + channels]
        _totals(x, squares, total, numbers, before, behind)
        for channel in range(channels):
            scale = _power(total[channel], numbers[2])
            middle[channel] = dy[channel] * x[channel] * scale / total[channel]
            dy[channel] *= scale
            blame[channel] = _ZERO
        for shift in range(before + behind + 1):
            part = products[shift:shift + channels]
            for channel in range(channels):
                blame[channel] += part[channel]
        for channel in range(channels):
            dy[channel] += factor * x[channel] * blame[channel]
