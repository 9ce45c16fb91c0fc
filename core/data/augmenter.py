"""Training pictures changed a little in every epoch, so that a network never sees quite the same one twice.

In this order: a window is cut out and scaled back, its colours are moved, it is shifted and mirrored. What happens to
a picture follows from the seed, the epoch and its place in the training part alone: there is no hidden
state, so neither batches, threads nor a resumed training change it, and it can be shown beforehand.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.data.augmentation import COLOURS, Augmentation
from core.data.dataset import Array, Dataset
from core.data.streams import AUGMENTATION, stream
from core.kernels.augmentation import augment_pictures

_PIXELS_AT_ONCE = 4_000_000
_PAIRS = tuple((row, column) for row in range(COLOURS) for column in range(row + 1))
# Each use of chance has its own numbers of a picture, so that switching one on leaves the others alone.
_TOP, _LEFT, _DOWN, _RIGHT, _MIRROR, _NORMAL = range(6)
_NUMBERS = _NORMAL + 2 * COLOURS
# S. Vigna's splitmix64.
_STEP, _A, _B = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, eq=False)
class Draws:
    """What happens to some pictures: `moves` are top and left of the window, shift down and right, and mirrored.

    `tints` are added to the channels; both have one row for each picture.
    """

    moves: Array
    tints: Array


class Augmenter:
    """Changes pictures as `how` says. `shape` is C×H×W; `colours` those of `colour_components`, where they count.

    The window is cut from the picture as the network takes it, that is after it was fitted to the input's size, and
    scaled back bilinearly. Colours are moved without clipping (as in AlexNet); what a shift brings in is 0.
    """

    def __init__(self, how: Augmentation, shape: Sequence[int], seed: int, colours: Array | None = None) -> None:
        self._how, self._seed = how, seed
        self._channels, self._height, self._width = shape
        self._colours = colours if how.rgb_pca and self._channels == COLOURS else None
        self._window = (how.window(self._height), how.window(self._width)) if how.crop else tuple(shape[1:])
        nearest, shares = zip(*(_between(new, old) for new, old in zip(shape[1:], self._window, strict=True)),
                              strict=True)
        self._nearest, self._shares = np.concatenate(nearest).ravel(), np.concatenate(shares)
        # Compiled here, where somebody waits anyway.
        self.apply(np.zeros((1, *shape), np.float32), np.zeros(1, np.int64), 1)

    def apply(self, pictures: Array, places: Array, epoch: int) -> Array:
        """Change float32 pictures (N×C×H×W or flat rows, pixels from 0 to 1) in place, and give them back.

        `places` are their positions in the training part.
        """
        if not pictures.flags.c_contiguous:
            raise ValueError("the pictures must lie in one stretch, to be changed in place")
        draws = self.draws(places, epoch)
        sizes = np.array([len(places), self._channels, self._height, self._width, *self._window], np.int64)
        room = np.empty((self._channels * self._height + 2) * self._width, np.float32)
        augment_pictures(pictures.reshape(-1), draws.moves.ravel(), draws.tints.ravel(), self._nearest, self._shares,
                         sizes, room)
        return pictures

    def draws(self, places: Array, epoch: int) -> Draws:
        """What happens in this epoch to the pictures at these places of the training part."""
        chance, how = uniform(self._seed, epoch, places), self._how
        moves = np.zeros((len(places), 5), np.int64)
        if how.crop:
            room = np.array([self._height - self._window[0] + 1, self._width - self._window[1] + 1])
            moves[:, :2] = np.floor(chance[:, [_TOP, _LEFT]] * room)
        if how.translate:
            most = np.array([how.shift(self._height), how.shift(self._width)])
            moves[:, 2:4] = np.floor(chance[:, [_DOWN, _RIGHT]] * (2 * most + 1)) - most
        if how.reflect:
            moves[:, 4] = chance[:, _MIRROR] < 0.5
        tints = np.zeros((len(places), self._channels), np.float32)
        if self._colours is not None:
            for row, numbers in enumerate(chance[:, _NORMAL:].tolist()):
                alpha = [how.rgb_pca_by * value for value in _normal(numbers)]
                tints[row] = [sum(share * size for share, size in zip(part, alpha, strict=True))
                              for part in self._colours.tolist()]
        return Draws(moves, tints)


def augmenter_for(how: Augmentation, dataset: Dataset, shape: Sequence[int], seed: int) -> Augmenter | None:
    """The augmenter for the training part of a data set fitted to an input, its pictures being C×H×W; None for none."""
    if not how.augments:
        return None
    return Augmenter(how, shape, seed, colour_components(dataset, shape) if how.rgb_pca else None)


def uniform(seed: int, epoch: int, places: Array) -> Array:
    """Random float64 numbers from 0 to below 1, one row for each place; each depends on seed, epoch and place only."""
    key = stream(seed, AUGMENTATION, epoch).integers(0, 2**64, dtype=np.uint64)
    counters = places.astype(np.uint64)[:, None] * np.uint64(_NUMBERS) + np.arange(1, _NUMBERS + 1, dtype=np.uint64)
    mixed: Array = key + counters * _STEP
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _A
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _B
    mixed ^= mixed >> np.uint64(31)
    found: Array = (mixed >> np.uint64(11)) * 2.0**-53
    return found


def _normal(numbers: Sequence[float]) -> list[float]:
    """Standard normal numbers from pairs of uniform ones (Box and Muller 1958)."""
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return [math.sqrt(-2.0 * math.log(1.0 - first)) * math.cos(2.0 * math.pi * second) for first, second in pairs]


def _between(new: int, old: int) -> tuple[Array, Array]:
    """For each of `new` pixels the two of `old` that its centre lies between (new × 2), and the share of the second."""
    place = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    first = np.floor(place).astype(np.int64)
    return np.stack([first, np.minimum(first + 1, old - 1)], 1), (place - first).astype(np.float32)


def colour_components(dataset: Dataset, shape: Sequence[int]) -> Array | None:
    """p·λ of the covariance of red, green and blue over all pixels of the training part, pixels from 0 to 1.

    float64 3×3: column i is the eigenvector p_i times its eigenvalue λ_i, largest first; the sign, which means nothing,
    is such that each column's sum is not negative. None where `shape` (C×H×W) has no three channels.
    """
    if shape[0] != COLOURS:
        return None
    x = dataset.train_x.reshape(-1, *shape)
    total, products = np.zeros(COLOURS), np.zeros((COLOURS, COLOURS))
    step = max(1, _PIXELS_AT_ONCE // math.prod(shape))
    for start in range(0, len(x), step):
        block = x[start:start + step].astype(np.float64) * dataset.scale
        pixels = block.transpose(1, 0, 2, 3).reshape(COLOURS, -1)
        total += pixels.sum(axis=1)
        # Without BLAS, whose sums depend on the number of threads.
        for row, column in _PAIRS:
            products[row, column] += (pixels[row] * pixels[column]).sum()
    count = len(x) * shape[1] * shape[2]
    mean = total / count
    # eigh reads the lower triangle only.
    values, vectors = np.linalg.eigh(products / count - np.outer(mean, mean))
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    found: Array = vectors * np.where(vectors.sum(axis=0) < 0, -1.0, 1.0) * values
    return found
