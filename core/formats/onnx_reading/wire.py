"""Protocol-buffer messages, read field by field with every length checked before anything is sliced.

Nothing is copied: a field of bytes is a view into the file. Source: "Encoding", the documentation of Protocol Buffers.
"""

import struct
from collections.abc import Iterator

VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5
_MOST_BITS = 70
_SIGN, _WRAP = 1 << 63, 1 << 64
Field = int | memoryview


class WireError(ValueError):
    """Bytes that are no message."""


def fields(view: memoryview) -> Iterator[tuple[int, int, Field]]:
    """(number, kind, content) of each field in order: whole numbers for VARINT, else a view of the bytes."""
    place, end = 0, len(view)
    while place < end:
        tag, place = varint(view, place)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise WireError("a field has the number 0")
        if kind == VARINT:
            value, place = varint(view, place)
            yield number, kind, value
            continue
        if kind == BYTES:
            length, place = varint(view, place)
        elif kind in (FIXED_32, FIXED_64):
            length = 4 if kind == FIXED_32 else 8
        else:
            raise WireError(f"a field is of the unknown kind {kind}")
        if length > end - place:
            raise WireError("a field is longer than what is left")
        yield number, kind, view[place:place + length]
        place += length


def varint(view: memoryview, place: int) -> tuple[int, int]:
    """A whole number of seven bits a byte, and the place behind it."""
    value, shift = 0, 0
    while True:
        if place >= len(view) or shift >= _MOST_BITS:
            raise WireError("a number does not end")
        byte = view[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value % _WRAP, place
        shift += 7


def signed(value: Field) -> int:
    """A field of VARINT as int64."""
    if not isinstance(value, int):
        raise WireError("a whole number is missing")
    return value - _WRAP if value & _SIGN else value


def signed_list(kind: int, value: Field) -> list[int]:
    """The numbers of a repeated int64, packed into bytes or one by one."""
    if kind == VARINT:
        return [signed(value)]
    if kind != BYTES or isinstance(value, int):
        raise WireError("whole numbers are missing")
    found, place = [], 0
    while place < len(value):
        number, place = varint(value, place)
        found.append(signed(number))
    return found


def message(kind: int, value: Field) -> memoryview:
    """The bytes of a field that must be bytes: a text, a message, raw numbers."""
    if kind != BYTES or isinstance(value, int):
        raise WireError("a part is missing")
    return value


def text(kind: int, value: Field) -> str:
    """A field of text; what is no UTF-8 is replaced, for names must only differ."""
    return bytes(message(kind, value)).decode("utf-8", "replace")


def shown(name: str) -> str:
    """A text of a file for a sentence: printable, and not longer than 80 characters."""
    return "".join(each if each.isprintable() else "?" for each in name[:80])


def real(kind: int, value: Field) -> float:
    """A field of float32."""
    if kind != FIXED_32 or isinstance(value, int):
        raise WireError("a number is missing")
    return float(struct.unpack("<f", value)[0])
