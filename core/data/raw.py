"""What every source delivers, and the checks that turn it into a `Dataset`."""

from dataclasses import dataclass, field

import numpy as np

from core.data.dataset import Array, Dataset
from core.data.streams import PARTS, stream
from core.errors import DataError, FileError

# Pixels of one data set, in bytes as stored; checked before anything is allocated.
LARGEST_SET = 2_000_000_000
MOST_CLASSES = 10_000
LONGEST_NAME = 100
ROUND_SCALES = (1, 16, 255, 65_535)


@dataclass(frozen=True, eq=False)
class Part:
    """Pictures N×C×H×W and their class numbers, not yet checked against each other."""

    x: Array
    y: Array


@dataclass(frozen=True, eq=False)
class Raw:
    """What a source found. Without `classes` the numbers are the names; without `test` a part is split off."""

    title: str
    train: Part
    test: Part | None
    scale: float = 1 / 255
    classes: tuple[str, ...] = ()
    source: str = ""
    licence: str = ""
    notes: tuple[str, ...] = field(default=())


def finish(name: str, raw: Raw, seed: int) -> Dataset:
    """A checked data set: lengths agree, labels are classes, pixels are finite, both parts have pictures."""
    notes = list(raw.notes)
    _check(raw.train, "training part")
    if raw.test is None:
        train, test = _split_off(raw.train, seed)
        notes.append(f"There is no test part: every sixth picture of a permutation (seed {seed}) is the test part, "
                     f"{len(test.y):,} of {len(raw.train.y):,}.")
    else:
        train, test = raw.train, raw.test
        _check(test, "test part")
        if train.x.shape[1:] != test.x.shape[1:]:
            raise DataError(f"The training pictures are {size(train.x.shape[1:])} but the test pictures are "
                            f"{size(test.x.shape[1:])}; both parts need the same size.")
    classes = tuple(_shown(name) for name in raw.classes) or tuple(
        str(number) for number in range(1 + max(train.y.max(), test.y.max())))
    notes += _check_classes(train.y, test.y, classes)
    for array in (train.x, train.y, test.x, test.y):
        array.flags.writeable = False
    return Dataset(name, raw.title, tuple(int(n) for n in train.x.shape[1:]), classes, train.x, train.y, test.x,
                   test.y, raw.scale, raw.source, raw.licence, tuple(notes))


def size(shape: tuple[int, ...]) -> str:
    """A shape in words: "3×32×32"."""
    return "×".join(str(int(n)) for n in shape)


def check_bytes(count: int, what: str) -> None:
    """Refuse pixels that would not fit, before they are allocated."""
    if count > LARGEST_SET:
        raise DataError(f"{what} would need {count / 1e6:,.0f} MB; at most {LARGEST_SET / 1e6:,.0f} MB of pixels are "
                        "loaded. Use fewer or smaller pictures.")


def labels_of(values: Array, where: str) -> Array:
    """Class numbers as int64, from whole numbers of any type; fractions, negatives and absurd numbers are refused."""
    flat = values.reshape(-1)
    if flat.dtype.kind == "f" and not np.array_equal(flat, np.rint(flat)):
        raise DataError(f"{where}: a label is not a whole number.")
    if flat.dtype.kind not in "buif":
        raise DataError(f"{where}: the labels are {flat.dtype}, not whole numbers.")
    if len(flat) and (flat.min() < 0 or flat.max() >= MOST_CLASSES):
        bad = flat.min() if flat.min() < 0 else flat.max()
        raise DataError(f"{where}: the label {bad:,.0f} is out of range; classes are numbered from 0 to "
                        f"{MOST_CLASSES - 1:,} at most.")
    return flat.astype(np.int64)


def named_labels(names: list[str], where: str) -> tuple[Array, tuple[str, ...]]:
    """Class numbers for labels given as words; the classes are the sorted words."""
    classes, numbers = np.unique(np.asarray(names, dtype=np.str_), return_inverse=True)
    if len(classes) > MOST_CLASSES:
        raise DataError(f"{where}: {len(classes):,} different labels; at most {MOST_CLASSES:,} classes are possible.")
    return numbers.reshape(-1).astype(np.int64), tuple(str(name) for name in classes)


def compact(x: Array, other: Array | None = None) -> tuple[list[Array], float, tuple[str, ...]]:
    """Pixels in their smallest form, their scale, and what to say about it.

    Whole numbers up to 1, 16, 255 or 65,535 are taken to fill that range. Fractions from 0 to 1 stay; up to 255 they
    are divided by 255; anything else (negative, larger) is data prepared by someone and stays as it is.
    """
    arrays = [x] if other is None else [x, other]
    for array in arrays:
        if array.dtype.kind not in "buif":
            raise DataError(f"The pixels are {array.dtype}; numbers are needed.")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise DataError("Some pixels are not numbers (NaN or infinite); replace them first.")
    low = min((array.min() for array in arrays if array.size), default=0)
    high = max((array.max() for array in arrays if array.size), default=0)
    whole = all(array.dtype.kind != "f" or np.array_equal(array, np.rint(array)) for array in arrays)
    if low < 0 or high > ROUND_SCALES[-1] or (not whole and high > 255):
        note = f"The pixel values run from {low:g} to {high:g} and are used as they are."
        return [array.astype(np.float32) for array in arrays], 1.0, (note,)
    if not whole:
        return [array.astype(np.float32) for array in arrays], 1.0 if high <= 1 else 1 / 255, ()
    top = next(step for step in ROUND_SCALES if high <= step) if high else 255
    notes = () if top in (1, 255) else (f"The pixel values run from {low:g} to {high:g}; {top:,} counts as full.",)
    kind = np.uint8 if top <= 255 else np.float32
    return [array.astype(kind, copy=False) for array in arrays], 1 / top, notes


def _shown(name: str) -> str:
    """A class name as one short line: nothing that would disturb a terminal or a table."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:LONGEST_NAME]


def _check(part: Part, where: str) -> None:
    if len(part.x) != len(part.y):
        raise DataError(f"The {where} has {len(part.x):,} pictures but {len(part.y):,} labels; each picture needs one.")
    if not len(part.x):
        raise DataError(f"The {where} has no pictures.")
    if part.x.ndim != 4 or 0 in part.x.shape:
        raise FileError(f"The {where} has pictures of size {size(part.x.shape[1:])}; at least one pixel is needed.")


def _split_off(part: Part, seed: int) -> tuple[Part, Part]:
    count = len(part.y)
    if count < 2:
        raise DataError("There is only one picture and no test part; at least 2 pictures are needed.")
    order = stream(seed, PARTS, "test").permutation(count)
    chosen = np.zeros(count, bool)
    chosen[order[::6]] = True
    return Part(part.x[~chosen], part.y[~chosen]), Part(part.x[chosen], part.y[chosen])


def _check_classes(train_y: Array, test_y: Array, classes: tuple[str, ...]) -> list[str]:
    highest = int(max(train_y.max(), test_y.max()))
    if highest >= len(classes):
        raise DataError(f"A label is {highest} but there are only {len(classes)} classes, numbered from 0.")
    missing = np.flatnonzero(np.bincount(train_y, minlength=len(classes)) == 0)
    if not len(missing):
        return []
    names = ", ".join(classes[number] for number in missing[:5]) + (" …" if len(missing) > 5 else "")
    return [f"{len(missing)} of {len(classes)} classes have no training pictures: {names}."]
