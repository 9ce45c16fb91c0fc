"""Memory of the engine: flat, aligned to cache lines, with room behind it for vectors that read past the end.

On Linux it comes in blocks of huge pages, where arrays lie one behind the other: numbers that are neighbours then are
so in the chips as well, whatever pages a process happens to get, and places need not be looked up page by page. Layers
that wait for memory are up to a fifth faster, and equally fast at every start. No page is there before it is used.
"""

import contextlib
import mmap
import sys
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from core.errors import TrainingError

ALIGNMENT = 64
SLACK = 128
_HUGE_PAGE, _BLOCK = 2 << 20, 64 << 20


class Arena:
    """Hands out arrays and remembers how many bytes they take."""

    def __init__(self) -> None:
        self.bytes = 0
        self._rest = np.zeros(0, np.uint8)

    def floats(self, count: int) -> NDArray[np.float32]:
        """A flat float32 array of zeros; reading some vectors past its end is harmless."""
        return self.array(count, np.float32)

    def array(self, count: int, dtype: DTypeLike) -> NDArray[Any]:
        """A flat array of zeros that begins on a cache line."""
        kind = np.dtype(dtype)
        size = count * kind.itemsize
        try:
            raw = self._room(size + ALIGNMENT + SLACK)
        except (MemoryError, OSError):
            raise TrainingError(f"The engine needs more than {(self.bytes + size) / 1e9:,.1f} GB of memory, which this "
                                f"machine does not give. Choose a smaller batch, or a smaller network.") from None
        start = -raw.ctypes.data % ALIGNMENT
        self.bytes += raw.nbytes
        return raw[start:start + size].view(kind)

    def _room(self, size: int) -> NDArray[np.uint8]:
        """The next zeros of the present block; of a new one where they do not fit."""
        if not hasattr(mmap, "MADV_HUGEPAGE"):
            return np.zeros(size, np.uint8)
        block = self._rest if size <= self._rest.size else _huge_pages(max(size, _BLOCK))
        found, rest = block[:size], block[size:]
        if block is self._rest or rest.size > self._rest.size:
            self._rest = rest
        return found


def _huge_pages(size: int) -> NDArray[np.uint8]:
    """At least so many zeros from the system, which begin with a huge page; they are given back with the last array."""
    assert sys.platform == "linux"
    whole = padded(size, _HUGE_PAGE)
    pages = mmap.mmap(-1, whole + _HUGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(OSError):  # A system without huge pages has others.
        pages.madvise(mmap.MADV_HUGEPAGE)
    raw = np.frombuffer(pages, np.uint8)
    start = -raw.ctypes.data % _HUGE_PAGE
    return raw[start:start + whole]


def padded(count: int, multiple: int) -> int:
    """The next multiple that is not smaller."""
    return -(-count // multiple) * multiple
