"""One number in, one number out; picture by picture, so that no result depends on how a batch was cut.

Arrays are flat, a picture is `length` numbers, and the pictures first to end are worked on. Rows are taken as slices:
the compiler makes vectors of a plain loop over a slice, but not of a[base + i].
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import helper, kernel

Floats = NDArray[np.float32]

_ONE, _HALF, _TWO = np.float32(1), np.float32(0.5), np.float32(2)
_LOG2_E = np.float32(1.44269504088896341)
# ln 2 in two parts, so that n·ln 2 is subtracted exactly.
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_EXP_LIMIT = np.float32(87.0)
# e^r on |r| ≤ ln 2 / 2 and tanh below 0.625, after S. L. Moshier's Cephes library.
_E0, _E1, _E2 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3), np.float32(8.3334519073e-3)
_E3, _E4, _E5 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)
_T0, _T1, _T2 = np.float32(-5.70498872745e-3), np.float32(2.06390887954e-2), np.float32(-5.37397155531e-2)
_T3, _T4, _SMALL = np.float32(1.33314422036e-1), np.float32(-3.33332819422e-1), np.float32(0.625)


@helper
def _exponential(x: np.float32) -> np.float32:
    """e^x for −87 ≤ x ≤ 87, in steps the compiler can make vectors of; 2 units in the last place."""
    whole = np.floor(x * _LOG2_E + _HALF)
    rest = x - whole * _LN2_HIGH - whole * _LN2_LOW
    series = ((((_E0 * rest + _E1) * rest + _E2) * rest + _E3) * rest + _E4) * rest + _E5
    power = np.int32((np.int32(whole) + np.int32(127)) << np.int32(23))
    return np.float32((series * rest * rest + rest + _ONE) * power.view(np.float32))


@kernel
def add_rows(values: Floats, target: Floats, first: int, end: int, length: int) -> None:
    """target += values."""
    for row in range(first, end):
        given = values[row * length:(row + 1) * length]
        sums = target[row * length:(row + 1) * length]
        for index in range(length):
            sums[index] += given[index]


@kernel
def copy_rows(values: Floats, target: Floats, first: int, end: int, length: int) -> None:
    """target = values."""
    for row in range(first, end):
        given = values[row * length:(row + 1) * length]
        made = target[row * length:(row + 1) * length]
        for index in range(length):
            made[index] = given[index]


@kernel
def gate_rows(gradient: Floats, output: Floats, first: int, end: int, length: int) -> None:
    """gradient = gradient where output > 0, else 0: back through ReLU, in place."""
    for row in range(first, end):
        passed = gradient[row * length:(row + 1) * length]
        made = output[row * length:(row + 1) * length]
        for index in range(length):
            passed[index] = passed[index] if made[index] > 0 else np.float32(0)


@kernel
def floor_rows(values: Floats, first: int, end: int, length: int) -> None:
    """values = max(values, 0), in place; NaN stays."""
    for row in range(first, end):
        made = values[row * length:(row + 1) * length]
        for index in range(length):
            made[index] = np.float32(0) if made[index] <= 0 else made[index]


@kernel
def sum_two(one: Floats, other: Floats, target: Floats, floor: np.float32, first: int, end: int, length: int) -> None:
    """target = max(one + other, floor): floor 0 is ReLU, −infinity none."""
    for row in range(first, end):
        left = one[row * length:(row + 1) * length]
        right = other[row * length:(row + 1) * length]
        made = target[row * length:(row + 1) * length]
        for index in range(length):
            total = left[index] + right[index]
            made[index] = floor if total <= floor else total


@kernel
def leaky_rows(values: Floats, target: Floats, alpha: np.float32, first: int, end: int, length: int) -> None:
    """target = x above zero, alpha·x elsewhere; ReLU for alpha 0, and NaN goes through."""
    for row in range(first, end):
        given = values[row * length:(row + 1) * length]
        made = target[row * length:(row + 1) * length]
        for index in range(length):
            x = given[index]
            made[index] = alpha * x if x <= 0 else x


@kernel
def sigmoid_rows(values: Floats, target: Floats, first: int, end: int, length: int) -> None:
    """target = 1 / (1 + e^−x), from e^−|x| so that nothing overflows."""
    for row in range(first, end):
        given = values[row * length:(row + 1) * length]
        made = target[row * length:(row + 1) * length]
        for index in range(length):
            x = given[index]
            small = _exponential(-min(abs(x), _EXP_LIMIT))
            y = (_ONE if x >= 0 else small) / (_ONE + small)
            made[index] = y if x == x else x


@kernel
def tanh_rows(values: Floats, target: Floats, first: int, end: int, length: int) -> None:
    """target = tanh x = 1 − 2 / (e^2x + 1); a series near zero, where that would cancel."""
    for row in range(first, end):
        given = values[row * length:(row + 1) * length]
        made = target[row * length:(row + 1) * length]
        for index in range(length):
            x = given[index]
            size = min(abs(x), _HALF * _EXP_LIMIT)
            square = size * size
            near = ((((_T0 * square + _T1) * square + _T2) * square + _T3) * square + _T4) * square * size + size
            far = _ONE - _TWO / (_exponential(_TWO * size) + _ONE)
            y = near if size < _SMALL else far
            y = y if x > 0 else -y
            made[index] = y if x == x else x


@kernel
def leaky_gradient(gradient: Floats, values: Floats, alpha: np.float32, first: int, end: int, length: int) -> None:
    """gradient·alpha where the layer's input (or ReLU's output) is not above zero; in place."""
    for row in range(first, end):
        slope = gradient[row * length:(row + 1) * length]
        x = values[row * length:(row + 1) * length]
        for index in range(length):
            slope[index] = slope[index] if x[index] > 0 else alpha * slope[index]


@kernel
def sigmoid_gradient(gradient: Floats, output: Floats, first: int, end: int, length: int) -> None:
    """gradient·y·(1 − y); in place."""
    for row in range(first, end):
        slope = gradient[row * length:(row + 1) * length]
        y = output[row * length:(row + 1) * length]
        for index in range(length):
            slope[index] = slope[index] * y[index] * (_ONE - y[index])


@kernel
def tanh_gradient(gradient: Floats, output: Floats, first: int, end: int, length: int) -> None:
    """gradient·(1 − y²); in place."""
    for row in range(first, end):
        slope = gradient[row * length:(row + 1) * length]
        y = output[row * length:(row + 1) * length]
        for index in range(length):
            slope[index] = slope[index] * (_ONE - y[index] * y[index])
