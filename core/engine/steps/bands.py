"""Matrix products of convolutions over several pictures at once, and without the rows of filters that see only padding.

Maps become small in deep networks: one picture's pixels would leave most of a register tile idle. And the larger the
filter on a small map, the more of it lies on padding, which is zero and need not be multiplied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.engine.steps.base import Build, Floats
from core.engine.steps.geometry import Geometry, Integers
from core.kernels import multiply

# Rows of a product from which on the last tile hardly counts.
_ENOUGH = 96
# Skipping costs a product for each band; it must save such a share of the work.
_WORTH = 0.08

Place = tuple[Floats, int]


@dataclass(frozen=True)
class Band:
    """Neighbouring output rows, for which these rows of a filter lie on the picture: both `first` to `end`."""

    rows: tuple[int, int]
    taps: tuple[int, int]


def bands(shape: Geometry, apart: int = 1) -> list[Band]:
    """All output rows, under a dilation of `apart`; in one band with whole filters where little padding is seen."""
    whole, tall, size = shape.out[0], shape.kernel[0], shape.size[0]
    starts = np.arange(whole) * shape.stride[0] - shape.corner[0]
    lows = np.clip(-(starts // apart), 0, tall)
    highs = np.maximum(lows, np.clip(-((starts - size) // apart), 0, tall))
    if (highs - lows).sum() > (1 - _WORTH) * whole * tall:
        return [Band((0, whole), (0, tall))]
    return [Band(rows, (int(lows[rows[0]]), int(highs[rows[0]]))) for rows in _runs(np.stack([lows, highs]))]


def turned(found: Sequence[Band], shape: Geometry) -> list[Band]:
    """The same the other way round: neighbouring rows of a filter that meet the picture for the same output rows."""
    first = np.full(shape.kernel[0], shape.out[0])
    end = np.zeros(shape.kernel[0], np.int64)
    for band in found:
        for tap in range(*band.taps):
            first[tap], end[tap] = min(first[tap], band.rows[0]), max(end[tap], band.rows[1])
    first = np.minimum(first, end)
    return [Band((int(first[taps[0]]), int(end[taps[0]])), taps) for taps in _runs(np.stack([first, end]))]


def _runs(columns: Integers) -> list[tuple[int, int]]:
    """Where neighbouring columns are the same: first and end of each stretch."""
    edges = [0, *(np.flatnonzero((np.diff(columns) != 0).any(axis=0)) + 1).tolist(), columns.shape[1]]
    return [(first, end) for first, end in pairwise(edges) if end > first]


class Sweep:
    """One product of `multiply_rows`: the same rows of some pictures, of as many at a time as fill register tiles.

    `places` are those of one picture's rows in a and in c, `steps` the distances of pictures in both; a is read from
    `offset` on, or with `side` 1 c written; `walk` is what `multiply_rows` wants from its blocks on.
    """

    def __init__(self, build: Build, places: Integers, steps: tuple[int, int], offset: int, group: int,
                 walk: tuple[int, ...], side: int = 0) -> None:
        self._count = places.shape[1]
        self._together = max(1, min(group, -(-_ENOUGH // max(1, self._count))))
        pictures = np.arange(self._together)[None, :, None] * np.array(steps)[:, None, None]
        self._rows: Integers = np.ascontiguousarray((pictures + places[:, None, :]).reshape(2, -1), np.int64)
        self._offsets = (offset, 0) if side == 0 else (0, offset)
        a_step, c_step = (self._together * step for step in steps)
        self._sizes = build.settings(0, 0, a_step, 0, c_step, 0, 0, 0, *walk)

    def run(self, a: Place, b: Floats, c: Place, bias: Floats, floor: np.float32, count: int, thread: int) -> None:
        """The product for so many pictures, from those places on."""
        whole, rest = divmod(count, self._together)
        self._multiply(a, b, c, (bias, floor), (0, whole), (0, self._together * self._count), thread)
        self._multiply(a, b, c, (bias, floor), (whole, 1), (0, rest * self._count), thread)

    def run_some(self, a: Place, b: Floats, c: Place, bias: Floats, floor: np.float32, rows: tuple[int, int],
                 thread: int) -> None:
        """The product for some rows, first and end, of one picture."""
        self._multiply(a, b, c, (bias, floor), (0, 1), rows, thread)

    def _multiply(self, a: Place, b: Floats, c: Place, start: tuple[Floats, np.float32], pictures: tuple[int, int],
                  rows: tuple[int, int], thread: int) -> None:
        (before, count), sizes = pictures, self._sizes[thread]
        if not count or rows[1] <= rows[0]:
            return
        sizes[0], sizes[1] = count, a[1] + self._offsets[0] + before * sizes[2]
        sizes[3] = c[1] + self._offsets[1] + before * sizes[4]
        sizes[6], sizes[7] = rows
        multiply.multiply_rows(a[0], b, c[0], start[0], self._rows, start[1], sizes)
