"""A folder with one sub-folder of pictures per class, as cameras and scanners leave them."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from core.data.dataset import Array
from core.data.decode import SUFFIXES, decode, picture_size
from core.data.pictures import fit_pictures
from core.data.raw import Part, Raw, check_bytes, size
from core.errors import DataError, FileError

LARGEST_SIDE = 256
MOST_PICTURES = 500_000
WORKERS = min(4, os.cpu_count() or 1)
Result = TypeVar("Result")
Shape = tuple[int, int, int]


@dataclass(frozen=True)
class _File:
    path: Path
    label: int
    test: bool


def is_picture_folder(folder: Path) -> bool:
    """Whether there are files named like pictures in sub-folders, directly or inside `train`."""
    return any(next(_pictures(child), None) for root in (folder, folder / "train") for child in _folders(root))


def load_folder(folder: Path) -> Raw:
    """The pictures as N×C×H×W uint8, grey only if all are; classes are the sorted names of the sub-folders.

    `train` and `test` inside are the parts. Pictures take the commonest size (at most 256 on a side); others are
    fitted to it. Files that cannot be read are left out and named; links that lead outside are not followed.
    """
    parted = bool(_folders(folder / "train"))
    tested = parted and bool(_folders(folder / "test"))
    root = folder / "train" if parted else folder
    classes = tuple(child.name for child in _folders(root))
    files = list(_walk(root, classes, test=False))
    files += _walk(folder / "test", classes, test=True) if tested else []
    files, pixels, notes = _read_all(files)
    if not files:
        raise FileError(f"{folder.name} has no pictures that can be read. Put them in one sub-folder per class.")
    labels = np.array([file.label for file in files], np.int64)
    for_test = np.array([file.test for file in files], bool)
    test = Part(pixels[for_test], labels[for_test]) if tested else None
    return Raw(f"Pictures in {folder.name}", Part(pixels[~for_test], labels[~for_test]), test, classes=classes,
               notes=notes)


def _folders(root: Path) -> list[Path]:
    """The sub-folders by name; hidden ones and those that systems leave behind are no classes."""
    if not root.is_dir():
        return []
    found = (child for child in root.iterdir() if child.is_dir() and not child.name.startswith((".", "__")))
    return sorted(found, key=lambda child: child.name)


def _pictures(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file():
            yield path


def _walk(root: Path, classes: tuple[str, ...], *, test: bool) -> Iterator[_File]:
    inside = root.resolve()
    count = 0
    for child in _folders(root):
        if child.name not in classes:
            raise DataError(f"The test folder has a class {child.name!r} that the training folder does not have.")
        for path in sorted(_pictures(child)):
            count += 1
            if count > MOST_PICTURES:
                raise DataError(f"{root.name} has more than {MOST_PICTURES:,} pictures; use fewer.")
            if path.resolve().is_relative_to(inside):
                yield _File(path, classes.index(child.name), test)


def _read_all(files: list[_File]) -> tuple[list[_File], Array, tuple[str, ...]]:
    """The files that could be read, their pixels, and what to say. Headers first, so that memory is known before."""
    with ThreadPoolExecutor(WORKERS) as pool:
        sizes = list(pool.map(lambda file: _attempt(picture_size, file.path), files))
        bad = {file.path: found for file, found in zip(files, sizes, strict=True) if isinstance(found, FileError)}
        files = [file for file in files if file.path not in bad]
        shape, notes = _common_shape([found for found in sizes if not isinstance(found, FileError)])
        check_bytes(len(files) * int(np.prod(shape)), f"{len(files):,} pictures of {size(shape)}")
        pixels = np.zeros((len(files), *shape), np.uint8)

        def place(number: int) -> tuple[str, ...] | FileError:
            # Fitted at once: the full pictures of a camera would fill the memory.
            picture = _attempt(decode, files[number].path)
            if isinstance(picture, FileError):
                return picture
            values = picture.pixels if picture.pixels.dtype == np.uint8 else np.rint(picture.pixels / 257)
            pixels[number] = fit_pictures(values[None].astype(np.uint8, copy=False), shape)[0][0]
            return picture.notes

        outcomes = list(pool.map(place, range(len(files))))
    good = [number for number, outcome in enumerate(outcomes) if not isinstance(outcome, FileError)]
    bad |= {files[number].path: outcome for number, outcome in enumerate(outcomes) if isinstance(outcome, FileError)}
    notes += sorted({note for outcome in outcomes if not isinstance(outcome, FileError) for note in outcome})
    if bad:
        notes.append(f"{len(bad):,} of {len(good) + len(bad):,} pictures could not be read and were left out: "
                     f"{', '.join(path.name for path in list(bad)[:3])}{' …' if len(bad) > 3 else '.'}")
    return [files[number] for number in good], pixels[good], tuple(notes)


def _attempt(read: Callable[[Path], Result], path: Path) -> Result | FileError:
    """What `read` gives, or why the file cannot be read: one bad file must not stop the others."""
    try:
        return read(path)
    except FileError as error:
        return error


def _common_shape(sizes: list[Shape]) -> tuple[Shape, list[str]]:
    """Channels, height and width for all: colour if any picture has it, the commonest size, not too large."""
    if not sizes:
        return (1, 1, 1), []
    counts = Counter(found[1:] for found in sizes)
    # Equally common sizes: the smallest, so that the result does not depend on the order of the files.
    height, width = min(counts, key=lambda found: (-counts[found], found[0] * found[1], found))
    shrink = max(1.0, max(height, width) / LARGEST_SIDE)
    height, width = max(1, round(height / shrink)), max(1, round(width / shrink))
    channels = max(found[0] for found in sizes)
    notes = []
    if len(counts) > 1 or shrink > 1:
        notes.append(f"Pictures of {len(counts)} sizes are fitted to {height}×{width}." if len(counts) > 1 else
                     f"The pictures are scaled down to {height}×{width}.")
    if channels == 3 and any(found[0] == 1 for found in sizes):
        notes.append("Grey pictures are repeated in all 3 channels.")
    return (channels, height, width), notes
