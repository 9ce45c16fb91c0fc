"""Tensors of ONNX files: sizes are compared with the bytes that are there before an array is made."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from core.errors import FormatError
from core.formats.onnx_reading.wire import BYTES, VARINT, Field, fields, message, shown, signed, signed_list, text
from core.layers.base import Array

MOST_AXES = 8
FLOAT, INT64 = 1, 7
TYPES: dict[int, str] = {1: "<f4", 2: "u1", 3: "i1", 4: "<u2", 5: "<i2", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2",
                         11: "<f8", 12: "<u4", 13: "<u8"}
# Where numbers lie that are not raw bytes: the field, and the type it is written in.
_LISTS = {4: "<f4", 10: "<f8"}
_WHOLE = (5, 7, 11)
Outside = Callable[[dict[str, str], int, str], memoryview]


@dataclass
class Tensor:
    """A tensor as the file has it; `outside` says where its numbers lie if not here."""

    name: str = ""
    dims: list[int] = field(default_factory=list)
    type: int = 0
    raw: memoryview | None = None
    listed: list[memoryview] = field(default_factory=list)
    listed_type: str = ""
    whole: list[int] = field(default_factory=list)
    outside: dict[str, str] = field(default_factory=dict)
    is_outside: bool = False

    @property
    def title(self) -> str:
        """The name, short enough for a sentence."""
        return shown(self.name) or "a constant"

    @property
    def bytes(self) -> int:
        """How many bytes the numbers take; FormatError for sizes or a type that cannot be."""
        if len(self.dims) > MOST_AXES or min(self.dims, default=0) < 0:
            raise FormatError(f"{self.title} has impossible sizes ({len(self.dims)} axes); the file is damaged.")
        if self.type not in TYPES:
            raise FormatError(f"{self.title} holds numbers of a kind (type {self.type}) that is not read; export the "
                              f"model with float32.")
        total = np.dtype(TYPES[self.type]).itemsize
        for length in self.dims:
            total *= length
        return total

    def array(self, read_outside: Outside) -> Array:
        """The numbers, a view of the file where they are raw; FormatError where sizes and bytes disagree."""
        wanted, kind = self.bytes, np.dtype(TYPES[self.type])
        if self.is_outside:
            return np.frombuffer(read_outside(self.outside, wanted, self.title), kind).reshape(self.dims)
        if self.raw is not None:
            self._agree(len(self.raw), wanted)
            return np.frombuffer(self.raw, kind).reshape(self.dims)
        if self.listed:
            part = np.concatenate([np.frombuffer(view, self.listed_type) for view in self.listed])
            self._agree(part.size * kind.itemsize, wanted)
            return part.astype(kind).reshape(self.dims)
        self._agree(len(self.whole) * kind.itemsize, wanted)
        return self._from_whole(kind)

    def _from_whole(self, kind: np.dtype[np.generic]) -> Array:
        if kind == np.dtype("<f2"):
            # Half floats are listed as the whole number of their bits.
            return np.array([value & 0xFFFF for value in self.whole], "<u2").view("<f2").reshape(self.dims)
        try:
            return np.array(self.whole, kind).reshape(self.dims)
        except OverflowError as error:
            raise FormatError(f"{self.title} holds numbers outside of their type; the file is damaged.") from error

    def _agree(self, found: int, wanted: int) -> None:
        if found != wanted:
            raise FormatError(f"{self.title} claims {wanted:,} bytes but has {found:,}; the file is damaged.")


def read_tensor(view: memoryview) -> Tensor:
    """A TensorProto."""
    tensor = Tensor()
    for number, kind, value in fields(view):
        _take(tensor, number, kind, value)
    return tensor


def _take(tensor: Tensor, number: int, kind: int, value: Field) -> None:
    if number == 1:
        tensor.dims += signed_list(kind, value)
    elif number == 2:
        tensor.type = signed(value)
    elif number in _LISTS:
        if kind == VARINT or isinstance(value, int):
            raise FormatError("Numbers of a tensor are laid out in a way that ONNX does not have; the file is damaged.")
        size = np.dtype(_LISTS[number]).itemsize
        if kind == BYTES and len(value) % size:
            raise FormatError("The numbers of a tensor are cut off; the file is damaged.")
        tensor.listed.append(value)
        tensor.listed_type = _LISTS[number]
    elif number in _WHOLE:
        tensor.whole += signed_list(kind, value)
    elif number == 8:
        tensor.name = text(kind, value)
    elif number == 9:
        tensor.raw = message(kind, value)
    elif number == 13:
        entry = {key: text(each, content) for key, each, content in fields(message(kind, value))}
        tensor.outside[entry.get(1, "")] = entry.get(2, "")
    elif number == 14:
        tensor.is_outside = signed(value) == 1
