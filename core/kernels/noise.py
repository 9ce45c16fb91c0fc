"""Random numbers from counters: each depends on keys, picture and place alone, so threads do not matter."""

import numpy as np
from numpy.typing import NDArray

from core.kernels.curves import HALF, ONE, TWO, logarithm
from core.kernels.jit import helper, kernel

Floats = NDArray[np.float32]

_A, _B = np.uint32(0x7FEB352D), np.uint32(0x846CA68B)
_STEP = np.uint32(0x9E3779B9)
_SIXTEEN, _FIFTEEN, _FIRST_BIT = np.uint32(16), np.uint32(15), np.uint32(1)
_TO_ONE, _HALF_TO_ONE = np.float32(2.0**-32), np.float32(2.0**-31)
_SPLIT, _ROOT_TWO = np.float32(5), np.float32(1.4142135623730951)
# √2 ⁻¹·normal quantile: the inverse error function in single precision (Mike Giles, 2012), near its middle …
_M = tuple(np.float32(number) for number in (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503, -0.00417768164,
    0.246640727, 1.50140941))
# … and in its tails.
_T = tuple(np.float32(number) for number in (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
    1.00167406, 2.83297682))
_MIDDLE, _ROOT_MIDDLE = np.float32(2.5), np.float32(3)


@helper
def _mixed(number: np.uint32) -> np.uint32:
    """A permutation of the 32-bit numbers that looks random (Chris Wellons' lowbias32)."""
    x = np.uint32(number ^ (number >> _SIXTEEN))
    x = np.uint32(x * _A)
    x = np.uint32(x ^ (x >> _FIFTEEN))
    x = np.uint32(x * _B)
    return np.uint32(x ^ (x >> _SIXTEEN))


@helper
def _series(c: tuple[np.float32, ...], x: np.float32) -> np.float32:
    """c₀x⁸ + c₁x⁷ + … + c₈."""
    high = (((c[0] * x + c[1]) * x + c[2]) * x + c[3]) * x + c[4]
    return np.float32((((high * x + c[5]) * x + c[6]) * x + c[7]) * x + c[8])


@helper
def _normal(drawn: np.uint32) -> np.float32:
    """A number with mean 0 and deviation 1: √2·erf⁻¹ of a uniform one, as far as 6 deviations out.

    The lowest bit is the sign; the others say how much of the bell lies further out.
    """
    outside = (np.float32(np.uint32(drawn >> _FIRST_BIT)) + HALF) * _HALF_TO_ONE
    depth = -logarithm(outside * (TWO - outside))
    near = _series(_M, depth - _MIDDLE)
    far = _series(_T, np.float32(np.sqrt(max(depth, _MIDDLE))) - _ROOT_MIDDLE)
    size = (near if depth < _SPLIT else far) * (ONE - outside) * _ROOT_TWO
    return np.float32(-size if np.uint32(drawn & _FIRST_BIT) != 0 else size)


@kernel
def dropout_rows(values: Floats, keys: NDArray[np.uint32], scale: np.float32, first: int, end: int,
                 length: int) -> None:
    """values·scale where the place's random number is not below keys[2], else 0; in place.

    keys: two keys of this step and layer, and rate·2³². The gradient goes through the same function with the same keys.
    """
    least = keys[2]
    for row in range(first, end):
        inner = _mixed(np.uint32(keys[0] + np.uint32(np.uint32(row) * _STEP)))
        outer = np.uint32(keys[1] ^ inner)
        kept = values[row * length:(row + 1) * length]
        for index in range(length):
            drawn = _mixed(np.uint32(_mixed(np.uint32(np.uint32(index) + inner)) ^ outer))
            kept[index] = kept[index] * scale if drawn >= least else np.float32(0)


@kernel
def normal_rows(values: Floats, target: Floats, keys: NDArray[np.uint32], deviation: np.float32, first: int, end: int,
                length: int) -> None:
    """target = values + deviation·ε, ε normal and drawn anew for each number. keys: two keys of this step and layer."""
    for row in range(first, end):
        inner = _mixed(np.uint32(keys[0] + np.uint32(np.uint32(row) * _STEP)))
        outer = np.uint32(keys[1] ^ inner)
        given, made = values[row * length:(row + 1) * length], target[row * length:(row + 1) * length]
        for index in range(length):
            drawn = _mixed(np.uint32(_mixed(np.uint32(np.uint32(index) + inner)) ^ outer))
            made[index] = given[index] + deviation * _normal(drawn)


@kernel
def random_slope_rows(values: Floats, target: Floats, keys: NDArray[np.uint32], low: np.float32, span: np.float32,
                      first: int, end: int, length: int) -> None:
    """target = values above zero, values·slope elsewhere; slopes are drawn evenly from low to low + span.

    keys: two keys of this step and layer.
    """
    for row in range(first, end):
        inner = _mixed(np.uint32(keys[0] + np.uint32(np.uint32(row) * _STEP)))
        outer = np.uint32(keys[1] ^ inner)
        given, made = values[row * length:(row + 1) * length], target[row * length:(row + 1) * length]
        for index in range(length):
            drawn = _mixed(np.uint32(_mixed(np.uint32(np.uint32(index) + inner)) ^ outer))
            slope = low + span * (np.float32(drawn) * _TO_ONE)
            made[index] = given[index] if given[index] > 0 else slope * given[index]


@kernel
def random_slope_gradient(gradient: Floats, values: Floats, keys: NDArray[np.uint32], low: np.float32,
                          span: np.float32, first: int, end: int, length: int) -> None:
    """gradient·slope where the layer's input is not above zero, with the slopes of `random_slope_rows`; in place.

    A function of its own: where an array comes in twice, the compiler makes no vectors.
    """
    for row in range(first, end):
        inner = _mixed(np.uint32(keys[0] + np.uint32(np.uint32(row) * _STEP)))
        outer = np.uint32(keys[1] ^ inner)
        passed, sign = gradient[row * length:(row + 1) * length], values[row * length:(row + 1) * length]
        for index in range(length):
            drawn = _mixed(np.uint32(_mixed(np.uint32(np.uint32(index) + inner)) ^ outer))
            slope = low + span * (np.float32(drawn) * _TO_ONE)
            passed[index] = passed[index] if sign[index] > 0 else slope * passed[index]
