"""Weights that lie in a second file: read by us alone, from the model's own folder, through no link, sizes checked."""

import os
import stat
from pathlib import Path
from typing import NoReturn

from core.errors import FormatError
from core.formats.reported import Report, read_in_pieces

LARGEST = 4_000_000_000


class Beside:
    """Reads the second files of one model; each is opened once. `folder` is None where the model has no folder.

    `report(done, total)` is told how many bytes of a large one are read.
    """

    def __init__(self, folder: Path | None, report: Report | None = None) -> None:
        self._folder, self._report = folder, report
        self._files: dict[str, memoryview] = {}

    def read(self, where: dict[str, str], wanted: int, title: str) -> memoryview:
        """The `wanted` bytes of a tensor; FormatError in one sentence for any place outside the folder or the file."""
        location = where.get("location", "")
        if location not in self._files:
            self._files[location] = memoryview(self._content(location, title))
        content = self._files[location]
        offset, length = _whole(where, "offset", 0, title), _whole(where, "length", wanted, title)
        if length != wanted or offset > len(content) - length:
            raise FormatError(f"{title} should take {wanted:,} bytes from byte {offset:,} of {location[:80]!r}, which "
                              f"holds {len(content):,}; one of the two files is damaged.")
        return content[offset:offset + length]

    def _content(self, location: str, title: str) -> bytes | bytearray:
        if self._folder is None:
            raise FormatError(f"{title} lies in another file, {location[:80]!r}, but the model was read without its "
                              f"folder.")
        path = _inside(self._folder, location, title)
        if path.exists() and not path.is_file():
            _refuse(location, "is no file")
        try:
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
                             | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            raise FormatError(f"The weights in {location[:80]!r} cannot be read: {error.strerror}. Put that file "
                              f"beside the model.") from error
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
                _refuse(location, "is no plain file of its own")
            left = LARGEST - sum(len(content) for content in self._files.values())
            if found.st_size > left:
                _refuse(location, f"is larger than the {LARGEST / 1e9:.0f} GB that are read")
            return read_in_pieces(file, found.st_size, self._report)


def _inside(folder: Path, location: str, title: str) -> Path:
    """The path of a second file, which must lie in the model's folder or below it, and be reached without links."""
    parts = location.split("/")
    strange = any(part in ("", ".", "..") for part in parts) or any(each in location for each in ("\\", "\0", ":"))
    if strange or Path(location).is_absolute():
        raise FormatError(f"{title} points to {location[:80]!r}; weights are only read from the model's own folder.")
    path = folder
    for part in parts:
        path = path / part
        if path.is_symlink():
            _refuse(location, "is reached through a link")
    return path


def _refuse(location: str, why: str) -> NoReturn:
    raise FormatError(f"The weights in {location[:80]!r} are not read: it {why}.")


def _whole(where: dict[str, str], key: str, default: int, title: str) -> int:
    written = where.get(key, "")
    if not written:
        return default
    if not (written.isascii() and written.isdigit() and len(written) < 16):
        raise FormatError(f"{title} has the {key} {written[:40]!r}, which is no place in a file; the file is damaged.")
    return int(written)
