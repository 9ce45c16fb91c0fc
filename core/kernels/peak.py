"""The most that the register tile gives: products whose numbers all lie in the first-level cache."""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import kernel
from core.kernels.processor import LANES, TILE
from core.kernels.tile import wide_tile

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

DEPTH = 128
ROWS = 8 * TILE.rows
COLUMNS = 2 * LANES
# Multiply-adds of one pass.
MACS = ROWS * DEPTH * COLUMNS

_ROWS, _END = TILE.rows, ROWS
_NO_FLOOR = np.float32(-np.inf)


@kernel
def multiply_repeatedly(a: Floats, b: Floats, c: Floats, zeros: Floats, places: Integers, passes: int) -> None:
    """c [ROWS, COLUMNS] = a [ROWS, DEPTH] · b [DEPTH, COLUMNS], again and again.

    places [2, ROWS] tells where each row lies in a and in c.
    """
    a_rows, c_rows, walk = places[0], places[1], (1, 0, 0, DEPTH, COLUMNS)
    for _ in range(passes):
        row = 0
        while row < _END:
            wide_tile((a, 0, a_rows), (b, 0), (c, 0, c_rows), (zeros, 0, _NO_FLOOR), walk, (row, _ROWS, COLUMNS, 0))
            row += _ROWS
