"""A zip with few, known members: written the same way every time, read with every limit checked first."""

import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import BinaryIO

from core.errors import FormatError

# No times, one mode, one system: the same content gives the same bytes on every computer.
_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_MODE = 0o644 << 16

_END, _END_64 = b"PK\x05\x06", b"PK\x06\x07"
_END_SIZE, _END_64_SIZE = 22, 20
_HEADER_SIZE = 30
LARGEST_SUM = 2_000_000_000
LARGEST_RATIO = 200
_SMALL = 65_536
_ENCRYPTED = 1

_ZIP_ERRORS = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError, ValueError, OverflowError,
               NotImplementedError, RuntimeError, LookupError, OSError, MemoryError)


def write_container(file: BinaryIO, members: Mapping[str, bytes]) -> None:
    """Write members in the given order, uncompressed (weights hardly shrink, and reading needs no trust)."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system, entry.external_attr = _UNIX, _MODE
            archive.writestr(entry, content)


def read_container(file: BinaryIO, limits: Mapping[str, int], what: str) -> dict[str, bytes]:
    """The members by name. `limits` are the names that may occur, with the most bytes of each.

    FormatError in one sentence for anything else: other names, names twice, lying sizes, too much, damage.
    """
    damaged = FormatError(f"{what} is damaged or cut off; it is no complete guibuilder project.")
    try:
        promised = _check_end(file, damaged)
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) != promised:
                raise damaged
            _check_entries(entries, limits, what)
            _check_places(entries, archive.start_dir, damaged)
            return {entry.filename: _content(archive, entry, damaged) for entry in entries}
    except _ZIP_ERRORS as error:
        raise damaged from error


def _check_end(file: BinaryIO, damaged: FormatError) -> int:
    """The number of members promised by a list that is short and plain.

    A library reads as many as the list claims before we can count them, and misses one without a word where the lengths
    in another one's entry lie.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_SIZE - _END_64_SIZE))
    tail = file.read(_END_SIZE + _END_64_SIZE)
    end = tail[-_END_SIZE:]
    if len(end) < _END_SIZE or not end.startswith(_END) or not end.endswith(b"\0\0"):
        raise damaged
    if tail.startswith(_END_64) or int.from_bytes(end[12:16], "little") > _SMALL:
        raise damaged
    file.seek(0)
    return int.from_bytes(end[10:12], "little")


def _check_entries(entries: list[zipfile.ZipInfo], limits: Mapping[str, int], what: str) -> None:
    names = [entry.filename for entry in entries]
    for entry in entries:
        if entry.filename not in limits:
            raise FormatError(f"{what} holds {entry.filename[:60]!r}, which no project of ours has; it is not opened.")
        if names.count(entry.filename) > 1:
            raise FormatError(f"{what} holds {entry.filename} twice; it is damaged.")
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FormatError(f"{what} is packed in a way that guibuilder does not write; it is not opened.")
        too_dense = entry.file_size > LARGEST_RATIO * entry.compress_size + _SMALL
        if too_dense or entry.file_size > limits[entry.filename]:
            raise FormatError(f"{what} claims {entry.file_size / 1e6:,.0f} MB for {entry.filename}; it is not opened.")
    if sum(entry.file_size for entry in entries) > LARGEST_SUM:
        raise FormatError(f"{what} holds more than {LARGEST_SUM / 1e9:.0f} GB; it is not opened.")


def _check_places(entries: list[zipfile.ZipInfo], end: int, damaged: FormatError) -> None:
    """No two members may share bytes, and none may reach into the list of members."""
    free_from = 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        if entry.header_offset < free_from:
            raise damaged
        free_from = entry.header_offset + _HEADER_SIZE + len(entry.orig_filename) + entry.compress_size
        if free_from > end:
            raise damaged


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, damaged: FormatError) -> bytes:
    if entry.compress_type == zipfile.ZIP_STORED and entry.file_size != entry.compress_size:
        raise damaged
    with archive.open(entry) as member:
        content = member.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise damaged
    return content
