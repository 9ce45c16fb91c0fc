"""Exponential and logarithm in steps the compiler can make vectors of; only for the kernels of this folder."""

import numpy as np

from core.kernels.jit import helper

ONE, HALF, TWO = np.float32(1), np.float32(0.5), np.float32(2)
EXP_LIMIT = np.float32(87.0)
_LOG2_E = np.float32(1.44269504088896341)
# ln 2 in two parts, so that n·ln 2 is subtracted exactly.
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
# e^r on |r| ≤ ln 2 / 2, after S. L. Moshier's Cephes library.
_E0, _E1, _E2 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3), np.float32(8.3334519073e-3)
_E3, _E4, _E5 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)
# ln(1 + s) − ln(1 − s) = 2 (s + s³/3 + s⁵/5 + …)
_3, _5, _7, _9 = np.float32(1 / 3), np.float32(1 / 5), np.float32(1 / 7), np.float32(1 / 9)
_11, _13, _15 = np.float32(1 / 11), np.float32(1 / 13), np.float32(1 / 15)
_ROOT_HALF = np.int32(0x3F3504F3)  # the bits of √½
_FRACTION = np.int32(23)


@helper
def exponential(x: np.float32) -> np.float32:
    """e^x for −87 ≤ x ≤ 87; 2 units in the last place."""
    whole = np.floor(x * _LOG2_E + HALF)
    rest = x - whole * _LN2_HIGH - whole * _LN2_LOW
    series = ((((_E0 * rest + _E1) * rest + _E2) * rest + _E3) * rest + _E4) * rest + _E5
    power = np.int32((np.int32(whole) + np.int32(127)) << _FRACTION)
    return np.float32((series * rest * rest + rest + ONE) * power.view(np.float32))


@helper
def exponential_less_one(x: np.float32) -> np.float32:
    """e^x − 1 for −87 ≤ x ≤ 87, exact near zero as well."""
    whole = np.floor(x * _LOG2_E + HALF)
    rest = x - whole * _LN2_HIGH - whole * _LN2_LOW
    series = ((((_E0 * rest + _E1) * rest + _E2) * rest + _E3) * rest + _E4) * rest + _E5
    bits = np.int32((np.int32(whole) + np.int32(127)) << _FRACTION)
    power = bits.view(np.float32)
    return np.float32((series * rest * rest + rest) * power + (power - ONE))


@helper
def logarithm(x: np.float32) -> np.float32:
    """ln x for x above 1e-37; 2 units in the last place."""
    bits = np.float32(x).view(np.int32)
    power = np.int32(np.int32(bits - _ROOT_HALF) >> _FRACTION)
    rest = np.int32(bits - np.int32(power << _FRACTION)).view(np.float32)
    s = np.float32((rest - ONE) / (rest + ONE))
    square = s * s
    series = (((_9 * square + _7) * square + _5) * square + _3) * square
    whole = np.float32(power)
    return np.float32(whole * _LN2_LOW + TWO * s * series + TWO * s + whole * _LN2_HIGH)


@helper
def logarithm_of_one_more(t: np.float32) -> np.float32:
    """ln(1 + t) for 0 ≤ t ≤ 1, exact near zero as well."""
    s = t / (TWO + t)
    square = s * s
    series = ((((((_15 * square + _13) * square + _11) * square + _9) * square + _7) * square + _5) * square + _3)
    return np.float32(TWO * s * series * square + TWO * s)
