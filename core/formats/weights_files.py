"""Weights alone: safetensors and npz, arrays named `layer.parameter`; neither can carry a program."""

import io
import zipfile
from collections.abc import Mapping
from typing import BinaryIO

import numpy as np

from core.errors import FormatError
from core.formats.base import Format
from core.formats.json_text import GENERATOR, parse
from core.layers.base import Array
from core.project import Project, complete_weights

LARGEST_HEADER = 1_000_000
MOST_ARRAYS = 10_000
_LENGTH = 8
_FLOATS = ("F64", "F32", "F16")
_WHOLE = ("I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8")
# A fixed time, so that the same weights give the same file.
EPOCH = (1980, 1, 1, 0, 0, 0)


def to_safetensors(arrays: Mapping[str, Array], metadata: Mapping[str, str] | None = None) -> bytes:
    """Arrays as safetensors; the bytes depend on names and values only."""
    from safetensors.numpy import save

    return bytes(save({name: np.asarray(array, order="C") for name, array in arrays.items()},
                      dict(metadata) if metadata else None))


def from_safetensors(data: bytes, what: str) -> dict[str, Array]:
    """The arrays in a safetensors file's bytes, all finite; FormatError in one sentence."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    _check_header(data, what)
    try:
        arrays: dict[str, Array] = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
        raise FormatError(f"{what} is not a proper safetensors file; it is damaged.") from error
    for name, array in arrays.items():
        check_finite(name, array, what)
    return arrays


def check_finite(name: str, array: Array, what: str) -> None:
    """Refuse NaN and infinity."""
    if not np.isfinite(array).all():
        raise FormatError(f"{what} holds numbers in {name[:80]} that are not finite (NaN or infinite).")


def _check_header(data: bytes, what: str) -> None:
    """Limits that the library does not have: size of the header, number of arrays, kinds of numbers."""
    length = int.from_bytes(data[:_LENGTH], "little")
    if len(data) < _LENGTH or length > len(data) - _LENGTH:
        raise FormatError(f"{what} is cut off; the file is damaged.")
    if length > LARGEST_HEADER:
        raise FormatError(f"{what} has a table of contents of {length / 1e6:,.1f} MB; at most 1 MB is read.")
    header = parse(data[_LENGTH:_LENGTH + length], f"The table of contents of {what}")
    if len(header) > MOST_ARRAYS + 1:
        raise FormatError(f"{what} holds {len(header):,} arrays; at most {MOST_ARRAYS:,} are read.")
    for name, entry in header.items():
        kind = entry.get("dtype") if isinstance(entry, dict) else None
        if name != "__metadata__" and kind not in _FLOATS + _WHOLE:
            raise FormatError(f"{what} holds {name[:80]} as {str(kind)[:20]}; numbers of 16, 32 or 64 bits are read.")


def to_npz(arrays: Mapping[str, Array], file: BinaryIO) -> None:
    """Arrays as an uncompressed npz with fixed times, which `numpy.load` opens."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asarray(arrays[name], order="C"), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", EPOCH)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, buffer.getvalue())


def _write_safetensors(project: Project, file: BinaryIO) -> None:
    file.write(to_safetensors(complete_weights(project), {"generator": GENERATOR}))


def _write_npz(project: Project, file: BinaryIO) -> None:
    to_npz(complete_weights(project), file)


FORMATS_HERE = (
    Format("safetensors", "Weights (safetensors)", ".safetensors",
           "All weights, PyTorch-shaped, named layer.parameter.", _write_safetensors),
    Format("npz", "Weights (NumPy)", ".npz", "All weights as NumPy arrays, named layer.parameter.", _write_npz),
)
