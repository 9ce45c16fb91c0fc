"""Random numbers from counters: each depends on keys, picture and place alone, so threads do not matter."""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import helper, kernel

Floats = NDArray[np.float32]

_A, _B = np.uint32(0x7FEB352D), np.uint32(0x846CA68B)
_STEP = np.uint32(0x9E3779B9)
_SIXTEEN, _FIFTEEN = np.uint32(16), np.uint32(15)


@helper
def _mixed(number: np.uint32) -> np.uint32:
    """A permutation of the 32-bit numbers that looks random (Chris Wellons' lowbias32)."""
    x = np.uint32(number ^ (number >> _SIXTEEN))
    x = np.uint32(x * _A)
    x = np.uint32(x ^ (x >> _FIFTEEN))
    x = np.uint32(x * _B)
    return np.uint32(x ^ (x >> _SIXTEEN))


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
