"""Reading packed bytes with the expected size in hand: nothing is unpacked beyond it."""

import zlib
from pathlib import Path
from typing import BinaryIO, Self

from core.errors import FileError

GZIP = b"\x1f\x8b"
# Deflate cannot shrink data further than this.
LARGEST_RATIO = 1_040
CHUNK = 1 << 20


def open_bytes(path: Path) -> "ByteStream":
    """The content of a file, unpacked where it is gzipped; FileError where it cannot be opened."""
    try:
        return ByteStream(path, path.open("rb"), path.stat().st_size)
    except OSError as error:
        raise FileError(f"{path.name} cannot be opened: {error.strerror or error}.") from None


class ByteStream:
    """Bytes of one file in order, gzipped or not, never more in memory than was asked for."""

    def __init__(self, path: Path, file: BinaryIO, size: int) -> None:
        self._path, self._file = path, file
        packed = file.read(2) == GZIP
        file.seek(0)
        self._unpacker = zlib.decompressobj(31) if packed else None
        self.most = size * LARGEST_RATIO if packed else size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, count: int) -> bytes:
        """Exactly `count` bytes; fewer only at the end of the file."""
        try:
            return self._file.read(count) if self._unpacker is None else self._unpack(count)
        except zlib.error:
            raise FileError(f"{self._path.name} is damaged: it cannot be unpacked. Fetch or copy it again.") from None
        except OSError as error:
            raise FileError(f"{self._path.name} cannot be read: {error.strerror or error}.") from None

    def _unpack(self, count: int) -> bytes:
        pieces: list[bytes] = []
        while count > 0 and self._unpacker is not None and not self._unpacker.eof:
            packed = self._unpacker.unconsumed_tail or self._file.read(CHUNK)
            if not packed:
                break
            pieces.append(self._unpacker.decompress(packed, count))
            count -= len(pieces[-1])
        return b"".join(pieces)
