"""Memory of the engine: flat, aligned to cache lines, with room behind it for vectors that read past the end."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from core.errors import TrainingError

ALIGNMENT = 64
SLACK = 128


class Arena:
    """Hands out arrays and remembers how many bytes they take."""

    def __init__(self) -> None:
        self.bytes = 0

    def floats(self, count: int) -> NDArray[np.float32]:
        """A flat float32 array of zeros; reading some vectors past its end is harmless."""
        return self.array(count, np.float32)

    def array(self, count: int, dtype: DTypeLike) -> NDArray[Any]:
        """A flat array of zeros that begins on a cache line."""
        kind = np.dtype(dtype)
        size = count * kind.itemsize
        try:
            raw = np.zeros(size + ALIGNMENT + SLACK, np.uint8)
        except MemoryError:
            raise TrainingError(f"The engine needs more than {(self.bytes + size) / 1e9:,.1f} GB of memory, which this "
                                f"machine does not give. Choose a smaller batch, or a smaller network.") from None
        start = -raw.ctypes.data % ALIGNMENT
        self.bytes += raw.nbytes
        return raw[start:start + size].view(kind)


def padded(count: int, multiple: int) -> int:
    """The next multiple that is not smaller."""
    return -(-count // multiple) * multiple
