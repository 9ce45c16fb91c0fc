"""NumPy archives with `x_train`, `y_train`, perhaps `x_test`, `y_test`, `classes`; headers are checked first."""

import math
import re
import sys
import zipfile
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from core.data.dataset import Array
from core.data.raw import LARGEST_SET, Part, Raw, check_bytes, compact, labels_of, named_labels, size
from core.errors import DataError, FileError

KNOWN = ("x_train", "y_train", "x_test", "y_test", "classes")
MOST_MEMBERS = 1_000
# An archive may unpack to this much whatever its size; beyond it, to so many times its packed size.
FREE_BYTES, LARGEST_RATIO = 64_000_000, 200
CHANNELS = (1, 2, 3, 4)
LONGEST_HEADER = 10_000
PLAIN_TYPE = re.compile(r"[<>|=]?[buifU]\d{1,9}")
HEADER = re.compile(r"\{\s*'descr':\s*'([^']{1,40})',\s*'fortran_order':\s*(True|False),\s*"
                    r"'shape':\s*\(\s*((?:\d{1,18}\s*,\s*){0,8}(?:\d{1,18}\s*)?)\),?\s*\}\s*")


def load_npz(path: Path) -> Raw:
    """The pictures of an archive, brought to N×C×H×W; which layout was understood is said."""
    arrays = read_arrays(path, KNOWN)
    for name in ("x_train", "y_train"):
        if name not in arrays:
            raise FileError(f"{path.name} has no array {name}; x_train and y_train are needed "
                            "(x_test, y_test and classes if there are any).")
    if ("x_test" in arrays) != ("y_test" in arrays):
        raise FileError(f"{path.name} has only one of x_test and y_test; give both or none.")
    tested = "x_test" in arrays
    labels = [_labels_2d(arrays[name], name) for name in (("y_train", "y_test") if tested else ("y_train",))]
    numbers, classes = _class_numbers(labels, arrays.get("classes"))
    pixels, scale, said = compact(arrays["x_train"], arrays["x_test"] if tested else None)
    train, note = to_channels_first(pixels[0])
    test = Part(to_channels_first(pixels[1])[0], numbers[1]) if tested else None
    return Raw(f"Pictures in {path.name}", Part(train, numbers[0]), test, scale, classes,
               notes=(*((note,) if note else ()), *said))


def to_channels_first(x: Array) -> tuple[Array, str]:
    """Pictures of any usual layout as N×C×H×W, and how they were understood where that had to be guessed."""
    if x.ndim == 3:
        return x[:, None], ""
    if x.ndim == 2:
        for channels in (1, 3):
            side = math.isqrt(x.shape[1] // channels)
            if side and channels * side * side == x.shape[1]:
                shape = (channels, side, side)
                return x.reshape(-1, *shape), f"Rows of {x.shape[1]:,} numbers are read as pictures {size(shape)}."
        raise DataError(f"Rows of {x.shape[1]:,} numbers are not square pictures; store them as N×H×W or N×C×H×W.")
    if x.ndim != 4:
        raise DataError(f"Pictures are N×H×W, N×H×W×C or N×C×H×W, but these are {size(x.shape)}.")
    if _last_is_channels(x.shape):
        note = f"The layout is read as pictures × height × width × {x.shape[3]} channels."
        return np.ascontiguousarray(np.moveaxis(x, -1, 1)), note
    return x, f"The layout is read as pictures × {x.shape[1]} channels × height × width."


def _last_is_channels(shape: tuple[int, ...]) -> bool:
    """The axis with a usual number of channels; where both or neither have one, the reading with square pictures."""
    first, last = shape[1] in CHANNELS, shape[3] in CHANNELS
    if first != last:
        return last
    return shape[1] == shape[2] and shape[2] != shape[3]


def _labels_2d(labels: Array, name: str) -> Array:
    if labels.ndim == 1 or (labels.ndim == 2 and labels.shape[1] == 1):
        return labels.reshape(-1)
    raise DataError(f"{name} is {size(labels.shape)}; one label per picture is needed.")


def _class_numbers(labels: list[Array], named: Array | None) -> tuple[list[Array], tuple[str, ...]]:
    """Labels as numbers, and the names of the classes where the file gives some."""
    if all(array.dtype.kind == "U" for array in labels):
        numbers, classes = named_labels([str(name) for array in labels for name in array], "labels")
        return [numbers[:len(labels[0])], numbers[len(labels[0]):]], classes
    numbers_only = [labels_of(array, "labels") for array in labels]
    if named is None:
        return numbers_only, ()
    if named.dtype.kind != "U" or named.ndim != 1:
        raise DataError("The array classes must be a list of names.")
    return numbers_only, tuple(str(name)[:200] for name in named)


def read_arrays(path: Path, known: Collection[str], weight: int = 10) -> dict[str, Array]:
    """The `known` arrays of an archive; other entries are not looked at. FileError in one sentence.

    An array may take the limit of a data set, over `weight` where it holds no pictures.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries, names = archive.infolist(), {f"{name}.npy" for name in known}
            wanted = [entry for entry in entries if entry.filename in names]
            if len(entries) > MOST_MEMBERS or len({entry.filename for entry in wanted}) < len(wanted):
                raise FileError(f"{path.name} is not an archive of arrays: it has too many or doubled entries.")
            _check_sizes(path, wanted)
            return {entry.filename[:-4]: _array(path, archive, entry, weight) for entry in wanted}
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, KeyError, ValueError, TypeError, MemoryError):
        raise FileError(f"{path.name} is damaged or not an .npz archive. Save it again with numpy.savez.") from None
    except OSError as error:
        raise FileError(f"{path.name} cannot be opened: {error.strerror or error}.") from None


def _check_sizes(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    # Floats are stored as bytes afterwards, so the archive may be larger than the set.
    if unpacked > 4 * LARGEST_SET:
        raise FileError(f"{path.name} would unpack to {unpacked / 1e6:,.0f} MB; at most {4 * LARGEST_SET / 1e6:,.0f} "
                        "MB are read.")
    if unpacked > max(FREE_BYTES, LARGEST_RATIO * packed):
        raise FileError(f"{path.name} would unpack to {unpacked // max(packed, 1):,} times its size; that is no "
                        "honest archive of pictures.")


@dataclass(frozen=True)
class _Header:
    shape: tuple[int, ...]
    fortran: bool
    type: str


def _array(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, weight: int) -> Array:
    """One array; its header must describe exactly the bytes that the archive has for it."""
    with archive.open(entry) as stream:
        header = _header(stream)
        if not PLAIN_TYPE.fullmatch(header.type):
            raise FileError(f"{entry.filename} in {path.name} holds values of type {header.type!r}; only numbers and "
                            "plain text are read.")
        dtype = np.dtype(header.type)
        count = math.prod(header.shape)
        length = count * dtype.itemsize
        if stream.tell() + length != entry.file_size:
            raise FileError(f"{entry.filename} in {path.name} is said to be {size(header.shape)} {dtype}, but "
                            f"has {entry.file_size - stream.tell():,} bytes instead of {length:,}.")
        check_bytes(count if entry.filename.startswith("x_") else weight * length, f"{entry.filename} in {path.name}")
        values = np.frombuffer(stream.read(length), dtype)
    values = values.astype(dtype.newbyteorder("="), copy=False)
    if dtype.kind == "U" and count:
        # What is no proper text fails here, not when it is shown; Python aborts on letters beyond Unicode.
        if values.view(np.uint32).max() > sys.maxunicode:
            raise ValueError("no text")
        "".join(values.tolist()).encode()
    return values.reshape(header.shape[::-1]).T if header.fortran else values.reshape(header.shape)


def _header(stream: IO[bytes]) -> _Header:
    """The header of a .npy member, as NumPy's format 1.0 and 2.0 say; read by a pattern, not as Python text."""
    start = stream.read(8)
    width = {b"\x01\x00": 2, b"\x02\x00": 4}.get(start[6:])
    if start[:6] != b"\x93NUMPY" or width is None:
        raise ValueError("no header")
    length = int.from_bytes(stream.read(width), "little")
    found = HEADER.fullmatch(stream.read(length).decode("latin-1")) if length <= LONGEST_HEADER else None
    if found is None:
        raise ValueError("no plain header")
    shape = tuple(int(number) for number in found[3].replace(" ", "").split(",") if number)
    return _Header(shape, found[2] == "True", found[1])
