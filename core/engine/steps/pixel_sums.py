"""The weight gradient of a convolution through register tiles: sums over output pixels, one row for each weight.

A row of the output is summed in groups of pixels that share vectors, and what is left of it in a smaller one. On small
maps the sums go on over the pictures of a chunk before they are written down, for each row of the output.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.engine.steps.bands import Band, turned
from core.engine.steps.base import Build, Floats
from core.engine.steps.geometry import Geometry, Integers
from core.kernels import multiply

# A sum over so few pixels is written down almost as soon as it is begun; over so many pictures it is worth going on.
_FEW_PIXELS, _PICTURES = 4, 4

Place = tuple[Floats, int]


def sums_over_pictures(shape: Geometry, together: int) -> bool:
    """Whether sums go on over pictures, of which so many are at hand together."""
    return shape.pixels <= _FEW_PIXELS and together >= _PICTURES


@dataclass(frozen=True)
class _Walk:
    """One product: which weights, where its rows lie in the frame and in the sums, and where its pixels begin.

    `lines` are the rows of the output.
    """

    weights: Integers
    rows: Integers
    lines: int
    starts: tuple[int, int]
    sizes: list[Integers]


class PixelSums:
    """All products that make the weight gradient of some pictures; `slot` is the step to the sums of the next chunk."""

    def __init__(self, build: Build, shape: Geometry, found: Sequence[Band], slot: int, group: int) -> None:
        self._build, self._shape, self._slot = build, shape, slot
        self._over_pictures = sums_over_pictures(shape, min(build.chunk, group))
        self._walks: list[_Walk] = []
        for band in turned(found, shape):
            first, end = band.rows
            if self._over_pictures and end > first:
                for row in range(first, end):
                    self._add_walks(band, row, 1, row == first)
            else:
                self._add_walks(band, first, end - first, True)

    def _add_walks(self, band: Band, row: int, rows: int, anew: bool) -> None:
        """Whole groups of pixels in these rows of the output, and then what is left of each row."""
        whole, rest = divmod(self._shape.out[1], self._shape.group)
        self._add_walk(band, (row, rows), (0, whole), self._shape.group, anew)
        if rest:
            self._add_walk(band, (row, rows), (whole * self._shape.group, 1), rest, False)

    def _add_walk(self, band: Band, lines: tuple[int, int], groups: tuple[int, int], pixels: int, anew: bool) -> None:
        shape, (row, rows), (column, depth) = self._shape, lines, groups
        across = (shape.kernel[1] + (pixels - 1) * shape.stride[1]) * shape.channels
        taps = np.arange(*band.taps, dtype=np.int64)[:, None]
        numbers = np.arange(across, dtype=np.int64)[None, :]
        weights = (taps * shape.widened + numbers).reshape(-1)
        places = np.stack([(taps * shape.line + numbers).reshape(-1), weights * shape.length])
        down, line = shape.stride[0] * shape.line, shape.out[1] * shape.filters
        right = shape.stride[1] * shape.channels
        pictures = (shape.frame_numbers, shape.pixels * shape.filters)
        segments = (rows, *pictures) if self._over_pictures else (rows, down, line)
        # Idle lanes are written as well, for they are never read; but not those that belong to other pixels.
        lanes = shape.length if pixels == shape.group else pixels * shape.filters
        sizes = self._build.settings(
            0, 0, self._build.chunk, self._slot, 0, pictures[0], 0, pictures[1], 0, 0, *segments, depth,
            shape.group * right, shape.group * shape.filters, lanes, int(anew))
        starts = (row * down + column * right, row * line + column * shape.filters)
        self._walks.append(_Walk(weights, np.ascontiguousarray(places), rows, starts, sizes))

    def add(self, frame: Place, gradient: Place, slots: Floats, zeros: Floats, pictures: tuple[int, int], thread: int,
            some: tuple[int, int] | None = None) -> None:
        """Add what some pictures, (first, how many), give to their chunks; of `some` weights only, (first, end)."""
        first, count = pictures
        for walk in self._walks:
            sizes = walk.sizes[thread]
            sizes[0], sizes[1] = first, first + count
            if self._over_pictures:
                sizes[1], sizes[10] = first + 1, count * walk.lines
            sizes[4], sizes[6] = frame[1] + walk.starts[0], gradient[1] + walk.starts[1]
            sizes[8], sizes[9] = (0, len(walk.weights)) if some is None else np.searchsorted(walk.weights, some)
            multiply.multiply_columns(frame[0], gradient[0], slots, zeros, walk.rows, sizes)
