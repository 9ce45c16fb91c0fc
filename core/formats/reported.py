"""A file that tells how much of it is read, for those who wait."""

import io
from collections.abc import Callable
from typing import Any, BinaryIO, cast

Report = Callable[[int, int], None]
PIECE = 8_000_000


class Reported(io.BufferedIOBase):
    """A file open for reading whose `report(done, total)` is told after every few megabytes."""

    def __init__(self, file: BinaryIO, report: Report) -> None:
        super().__init__()
        self._file, self.report = file, report
        self.name = file.name

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def seekable(self) -> bool:
        """Any place can be read."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place; gives where that is."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._file.tell()

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes."""
        return self._file.read(-1 if size is None else size)

    def readinto(self, buffer: Any, /) -> int:
        """Fill as much memory as there are bytes; gives how many."""
        return cast("io.BufferedReader", self._file).readinto(buffer)


def read_in_pieces(file: BinaryIO, size: int, report: Report | None) -> bytearray | bytes:
    """The next `size` bytes or as many as there are, in one block of memory that is filled piece by piece."""
    if report is None or size <= PIECE:
        return file.read(size)
    found = bytearray(size)
    view, done = memoryview(found), 0
    while done < size:
        count = cast("io.BufferedReader", file).readinto(view[done:done + PIECE])
        if not count:
            return bytes(view[:done])
        done += count
        report(done, size)
    return found
