"""One number in, one number out; picture by picture, so that no result depends on how a batch was cut.

Arrays are flat, a picture is `length` numbers, and the pictures first to end are worked on. Rows are taken as slices:
the compiler makes vectors of a plain loop over a slice, but not of a[base + i].
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.curves import (
    EXP_LIMIT,
    HALF,
    ONE,
    TWO,
    exponential,
    exponential_less_one,
    logarithm_of_one_more,
)
from core.kernels.jit import kernel

Floats = NDArray[np.float32]

# tanh below 0.625, after S. L. Moshier's Cephes library.
_T0, _T1, _T2 = np.float32(-5.70498872745e-3), np.float32(2.06390887954e-2), np.float32(-5.37397155531e-2)
_T3, _T4, _SMALL = np.float32(1.33314422036e-1), np.float32(-3.33332819422e-1), np.float32(0.625)


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
            small = exponential(-min(abs(x), EXP_LIMIT))
            y = (ONE if x >= 0 else small) / (ONE + small)
            made[index] = y if x == x else x


@kernel
def tanh_rows(values: Floats, target: Floats, first: int, end: int, length: int) -> None:
    """target = tanh x = 1 − 2 / (e^2x + 1); a series near zero, where that would cancel."""
    for row in range(first, end):
        given = values[row * length:(row + 1) * length]
        made = target[row * length:(row + 1) * length]
        for index in range(length):
            x = given[index]
            size = min(abs(x), HALF * EXP_LIMIT)
            square = size * size
            near = ((((_T0 * square + _T1) * square + _T2) * square + _T3) * square + _T4) * square * size + size
            far = ONE - TWO / (exponential(TWO * size) + ONE)
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
            slope[index] = slope[index] * y[index] * (ONE - y[index])


@kernel
def tanh_gradient(gradient: Floats, output: Floats, first: int, end: int, length: int) -> None:
    """gradient·(1 − y²); in place."""
    for row in range(first, end):
        slope = gradient[row * length:(row + 1) * length]
        y = output[row * length:(row + 1) * length]
        for index in range(length):
            slope[index] = slope[index] * (ONE - y[index] * y[index])


@kernel
def elu_rows(values: Floats, target: Floats, alpha: np.float32, first: int, end: int, length: int) -> None:
    """target = x above zero, alpha·(e^x − 1) elsewhere."""
    for row in range(first, end):
        given = values[row * length:(row + 1) * length]
        made = target[row * length:(row + 1) * length]
        for index in range(length):
            x = given[index]
            below = alpha * exponential_less_one(-min(abs(x), EXP_LIMIT))
            y = below if x <= 0 else x
            made[index] = y if x == x else x


@kernel
def elu_gradient(gradient: Floats, output: Floats, alpha: np.float32, first: int, end: int, length: int) -> None:
    """gradient where y > 0, gradient·(y + alpha) elsewhere, for alpha·e^x is y + alpha; in place."""
    for row in range(first, end):
        slope = gradient[row * length:(row + 1) * length]
        y = output[row * length:(row + 1) * length]
        for index in range(length):
            slope[index] = slope[index] if y[index] > 0 else slope[index] * (y[index] + alpha)


@kernel
def softplus_rows(values: Floats, target: Floats, lowered: np.float32, first: int, end: int, length: int) -> None:
    """target = ln(1 + e^x) − lowered, as max(x, 0) + ln(1 + e^−|x|), so that nothing overflows."""
    for row in range(first, end):
        given = values[row * length:(row + 1) * length]
        made = target[row * length:(row + 1) * length]
        for index in range(length):
            x = given[index]
            bend = logarithm_of_one_more(exponential(-min(abs(x), EXP_LIMIT)))
            y = (x if x > 0 else np.float32(0)) + bend - lowered
            made[index] = y if x == x else x


@kernel
def softplus_gradient(gradient: Floats, values: Floats, first: int, end: int, length: int) -> None:
    """gradient·1 / (1 + e^−x), the sigmoid of the layer's input; in place."""
    for row in range(first, end):
        slope = gradient[row * length:(row + 1) * length]
        x = values[row * length:(row + 1) * length]
        for index in range(length):
            small = exponential(-min(abs(x[index]), EXP_LIMIT))
            slope[index] = slope[index] * ((ONE if x[index] >= 0 else small) / (ONE + small))
