"""A folder of IDX files, the format of MNIST and its relatives: four files, gzipped or not."""

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from core.data.dataset import Array
from core.data.raw import Part, Raw, check_bytes, labels_of
from core.data.sources.binary import open_bytes
from core.errors import DataError, FileError

# Third byte of the file: the values are unsigned bytes. The fourth is the number of axes.
UNSIGNED_BYTE = 8
FILES = {"train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
         "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")}
KINDS = {3: "pictures", 1: "labels"}


def has_idx(folder: Path) -> bool:
    """Whether the folder has the training pictures of an IDX set, or anything else named like one of its files."""
    return any(_find(folder, name) for names in FILES.values() for name in names)


def load_idx(folder: Path) -> Raw:
    """The pictures of a folder with MNIST's four file names (test files may be missing), N×1×H×W uint8."""
    pictures, labels = (_find(folder, name) for name in FILES["train"])
    if pictures is None or labels is None:
        missing = FILES["train"][0 if pictures is None else 1]
        raise FileError(f"{folder.name} has no {missing}(.gz); MNIST's file names are expected.")
    test = [_find(folder, name) for name in FILES["test"]]
    if test.count(None) == 1:
        raise FileError(f"{folder.name} has no {FILES['test'][test.index(None)]}(.gz) to go with the other test file.")
    with ThreadPoolExecutor(2) as pool:
        later = pool.submit(_part, test[0], test[1]) if test[0] and test[1] else None
        train = _part(pictures, labels)
        return Raw(f"Pictures in {folder.name}", train, later.result() if later else None)


def read_idx(path: Path, axes: int) -> Array:
    """One IDX file with `axes` axes of unsigned bytes; its header is checked against its size before it is unpacked."""
    with open_bytes(path) as stream:
        header = stream.read(4 + 4 * axes)
        if len(header) < 4 + 4 * axes or header[:2] != b"\0\0":
            raise FileError(f"{path.name} is not an IDX file. The files of MNIST begin with two zero bytes.")
        if header[2] != UNSIGNED_BYTE or header[3] != axes:
            raise FileError(f"{path.name} holds type {header[2]} in {header[3]} axes; {KINDS[axes]} are unsigned bytes "
                            f"(type 8) in {axes}.")
        shape = tuple(int(n) for n in np.frombuffer(header, ">u4", offset=4))
        wanted = math.prod(shape)
        if wanted > stream.most:
            raise FileError(f"{path.name} is too short for the {shape[0]:,} {KINDS[axes]} its header names. "
                            "Fetch or copy it again.")
        check_bytes(wanted, f"{path.name} with {shape[0]:,} {KINDS[axes]}")
        content = stream.read(wanted + 1)
    if len(content) != wanted:
        more = "more" if len(content) > wanted else "fewer"
        raise FileError(f"{path.name} has {more} bytes than the {shape[0]:,} {KINDS[axes]} its header names; "
                        "it is damaged. Fetch or copy it again.")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _part(pictures: Path, labels: Path) -> Part:
    x, y = read_idx(pictures, 3), read_idx(labels, 1)
    if len(x) != len(y):
        raise DataError(f"{pictures.name} has {len(x):,} pictures but {labels.name} {len(y):,} labels; "
                        "each picture needs one.")
    return Part(x[:, None], labels_of(y, labels.name))


def _find(folder: Path, name: str) -> Path | None:
    """The file of that name in any of its usual spellings."""
    for stem in (name, name.replace("-idx", ".idx")):
        for suffix in ("", ".gz"):
            if (folder / (stem + suffix)).is_file():
                return folder / (stem + suffix)
    return None
