"""A data set: pictures with their classes in a training and a test part, kept as compactly as they came."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core.data.streams import PARTS, stream
from core.errors import DataError

Array = npt.NDArray[Any]
PartName = Literal["train", "test"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Pictures N×C×H×W (uint8 or float32) and int64 class numbers, in two parts.

    A network sees pixel × `scale`, float32 from 0 to 1. `notes` are what a user should be told once, such as how the
    test part was chosen. The arrays are shared and never written to.
    """

    name: str
    title: str
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    train_x: Array
    train_y: Array
    test_x: Array
    test_y: Array
    scale: float = 1.0
    source: str = ""
    licence: str = ""
    notes: tuple[str, ...] = ()

    def part(self, part: PartName) -> tuple[Array, Array]:
        """The stored pictures and labels of one part."""
        return (self.train_x, self.train_y) if part == "train" else (self.test_x, self.test_y)

    def pictures(self, part: PartName, indices: Any) -> Array:
        """The pictures at `indices`, float32 N×C×H×W from 0 to 1; a single number gives C×H×W."""
        return to_float(self.part(part)[0][indices], self.scale)

    def renamed(self, name: str, title: str) -> "Dataset":
        """The same pictures under another name."""
        return dataclasses.replace(self, name=name, title=title)


@dataclass(frozen=True, eq=False)
class Split:
    """Which pictures of the training part train and which validate, as int64 positions."""

    train: Array
    validation: Array


def to_float(x: Array, scale: float, out: Array | None = None) -> Array:
    """Stored pixels as float32: x × scale, correctly rounded because the divisor 1 / scale (255, 16) is whole."""
    divisor = np.float32(round(1 / scale, 6))
    return np.divide(x, divisor, out=out, dtype=np.float32)


def split(dataset: Dataset, fraction: float, seed: int) -> Split:
    """A share of the training part set aside for validation.

    One seeded permutation of all pictures, first the validation, then the rest; the shares of the classes are left to
    chance. 0 sets nothing aside; otherwise at least one picture validates and one trains.
    """
    count = len(dataset.train_y)
    if not 0 <= fraction < 1:
        raise DataError(f"The share for validation must be from 0 to below 1, not {fraction:g}.")
    if fraction and count < 2:
        raise DataError("Validation needs at least 2 training pictures; set its share to 0.")
    aside = set_aside(count, fraction)
    order = stream(seed, PARTS, "validation").permutation(count)
    return Split(np.sort(order[aside:]), np.sort(order[:aside]))


def set_aside(count: int, fraction: float) -> int:
    """How many of `count` training pictures validate."""
    return max(0, min(max(round(count * fraction), 1), count - 1)) if fraction else 0
