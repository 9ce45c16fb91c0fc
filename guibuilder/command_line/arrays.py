"""Arrays in and out of files: `.npy` read with its size checked first, written whole or not at all."""

import io
import math
import tokenize
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core.errors import DataError, FileError
from core.formats.atomic import write_atomically
from core.formats.weights_files import to_npz
from core.layers.base import Array, Shape, describe

_LONGEST_HEADER = 10_000
_NO_ARRAY = (ValueError, EOFError, TypeError, SyntaxError, OverflowError, RecursionError, MemoryError,
             tokenize.TokenError)
_READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read_npy(path: Path) -> Array:
    """An array of numbers from a `.npy` file; FileError in one sentence where it is not one, before any memory goes."""
    try:
        with path.open("rb") as file:
            shape, _, kind = _header(file, path)
            wanted = math.prod(shape) * kind.itemsize
            if kind.hasobject or kind.kind not in "biuf":
                raise FileError(f"{path} holds {kind}, not plain numbers.")
            if wanted > path.stat().st_size - file.tell():
                raise FileError(f"{path} is cut off: it names {describe(shape)} numbers but does not hold them.")
            file.seek(0)
            array: Array = np.load(file, allow_pickle=False)
            return array
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}.") from error
    except _NO_ARRAY as error:
        raise FileError(f"{path} is not a NumPy array file (.npy).") from error


def read_pictures(path: Path, shape: Shape) -> Array:
    """Pictures N×C×H×W (or N×K) as float32, of the shape a network takes; they are taken as they are."""
    x = read_npy(path)
    if x.ndim != len(shape) + 1 or tuple(x.shape[1:]) != tuple(shape):
        raise DataError(f"{path} holds {size_of(x)}, but the network takes any number of {describe(shape)}.")
    if not len(x):
        raise DataError(f"{path} holds no picture.")
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(x, dtype=np.float32)


def size_of(array: Array) -> str:
    """The shape of an array in words; a single number has none."""
    return describe(array.shape) if array.ndim else "a single number"


def write_npy(path: Path, array: Array) -> None:
    """Write one array."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array, order="C"), allow_pickle=False)
    write_atomically(path, lambda file: file.write(buffer.getvalue()))


def write_npz(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write several arrays by name."""
    write_atomically(path, lambda file: to_npz(arrays, file))


def _header(file: BinaryIO, path: Path) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(file)
    if version not in _READERS:
        raise FileError(f"{path} is a NumPy file of an unknown version.")
    return _READERS[version](file, max_header_size=_LONGEST_HEADER)
