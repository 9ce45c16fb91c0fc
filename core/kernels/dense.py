"""What a dense layer needs besides matrix products: the gradient of the bias."""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import kernel

Floats = NDArray[np.float32]


@kernel
def sum_rows(values: Floats, rows: int, length: int, first: int, end: int, target: Floats, start: int) -> None:
    """target[start + column] = Σ over rows of values[row, column], for the columns first to end."""
    sums = target[start + first:start + end]
    for index in range(end - first):
        sums[index] = np.float32(0)
    for row in range(rows):
        given = values[row * length + first:row * length + end]
        for index in range(end - first):
            sums[index] += given[index]
