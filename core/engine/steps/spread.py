"""Frames for convolutions with groups or dilation: numbers that a filter takes together are put next to each other.

A frame has planes of rows. Each row holds the columns sorted by their remainder, `phases` at a time: under a dilation
of 2 a filter then finds all its columns among the even or among the odd ones, side by side.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.engine.arena import padded
from core.engine.steps.base import Build
from core.engine.steps.geometry import Geometry, Integers
from core.engine.tensor import Floats, Tensor
from core.kernels import spreading
from core.kernels.processor import LANES
from core.layers.base import Shape
from core.layers.conv2d import Conv2D

Places = NDArray[np.int32]

# Weights that a group has for each pixel of its filters: up to so many each lane gets a channel of its own. Each number
# is then copied to a place for each filter, so from there on register tiles are faster, however empty they are.
_FEW_WEIGHTS = 16


def reach_apart(layer: Conv2D) -> tuple[int, int]:
    """The dilation that counts: a filter of one row or column has none."""
    down, across = (apart if size > 1 else 1 for apart, size in zip(layer.dilation, layer.kernel, strict=True))
    return down, across


def small_groups(layer: Conv2D, channels: int) -> bool:
    """Whether the groups are so small that each output channel should have a lane of its own."""
    return layer.groups > 1 and channels // layer.groups * (layer.filters // layer.groups) <= _FEW_WEIGHTS


@dataclass(frozen=True)
class Spread(Geometry):
    """A convolution whose pictures are spread over a frame. `channels` are those of one group.

    `pitch` is the distance of neighbouring columns, `together` how many output pixels share a vector. Without `copied`
    the picture itself is the frame. So many groups are `joined` in a plane.
    """

    dilation: tuple[int, int]
    groups: int
    planes: int
    phases: int
    pitch: int
    together: int
    copied: bool = True
    joined: int = 1

    @classmethod
    def by_groups(cls, layer: Conv2D, shape: Shape, numbers: int) -> "Spread":
        """A plane for as many groups as fill a vector with so many numbers each, columns sorted by the dilation."""
        dilation, joined = reach_apart(layer), max(1, min(layer.groups, LANES // numbers))
        return cls(**base_of(layer, shape), dilation=dilation, groups=layer.groups, planes=-(-layer.groups // joined),
                   phases=dilation[1], pitch=joined * (shape[0] // layer.groups), together=1, joined=joined)

    @classmethod
    def by_lanes(cls, layer: Conv2D, shape: Shape) -> "Spread":
        """A plane for each channel of a group, in which every output channel finds its own input."""
        together = max(1, LANES // layer.filters)
        found = cls(**base_of(layer, shape), dilation=reach_apart(layer), groups=layer.groups,
                    planes=shape[0] // layer.groups, phases=layer.stride[1] if together > 1 else 1,
                    pitch=layer.filters if together > 1 else padded(layer.filters, LANES), together=together)
        plain = layer.groups == layer.filters == shape[0] and found.frame == found.size and together == 1
        # A vector then reaches into the next pixel, where its lanes do not count.
        return replace(found, pitch=layer.filters, copied=False) if plain else found

    @property
    def padded(self) -> bool:
        """Whether pictures are copied: unless they lie already as a frame would."""
        return self.copied

    @property
    def group(self) -> int:
        """Where pixels share a vector, that is arranged in the frame."""
        return 1

    @property
    def columns(self) -> int:
        """Columns of one phase."""
        return -(-self.frame[1] // self.phases)

    @property
    def line(self) -> int:
        """Numbers in one row of a plane."""
        return self.phases * self.columns * self.pitch

    @property
    def plane(self) -> int:
        """Numbers in one plane."""
        return self.frame[0] * self.line

    @property
    def frame_numbers(self) -> int:
        """Numbers in the frame."""
        return self.planes * self.plane

    @property
    def outputs(self) -> int:
        """Filters of a group."""
        return self.filters // self.groups

    @property
    def run(self) -> int:
        """Neighbouring numbers in a plane that one row of a filter covers."""
        return self.kernel[1] * self.pitch

    @property
    def drop(self) -> int:
        """Numbers from one row that a filter looks at to the next."""
        return self.dilation[0] * self.line

    @property
    def members(self) -> list[tuple[int, int]]:
        """The groups in each plane: first and end. The last plane may have fewer."""
        return [(first, min(first + self.joined, self.groups)) for first in range(0, self.groups, self.joined)]

    def column(self, number: Integers) -> Integers:
        """Where columns of the padded picture lie in a row."""
        found: Integers = (number % self.phases * self.columns + number // self.phases) * self.pitch
        return found

    def spreading(self) -> tuple[Integers, Integers]:
        """Where the rows and the columns of the picture lie in a plane."""
        rows = (np.arange(self.size[0], dtype=np.int64) + self.corner[0]) * self.line
        return rows, self.column(np.arange(self.size[1], dtype=np.int64) + self.corner[1])

    def windows(self, every: int = 1) -> Integers:
        """Where the window of every so many output pixels of a row begins, row by row."""
        rows = np.arange(self.out[0], dtype=np.int64)[:, None] * self.stride[0] * self.line
        columns = np.arange(0, self.out[1], every, dtype=np.int64)[None, :] * self.stride[1]
        return np.ascontiguousarray((rows + self.column(columns)).reshape(-1))

    def outputs_at(self, every: int = 1) -> Integers:
        """Where every so many output pixels of a row lie in the output, row by row."""
        rows = np.arange(self.out[0], dtype=np.int64)[:, None] * self.out[1]
        columns = np.arange(0, self.out[1], every, dtype=np.int64)[None, :]
        return np.ascontiguousarray(((rows + columns) * self.filters).reshape(-1))

    def taps(self) -> Integers:
        """Where the number under each weight of a filter lies, seen from the window's beginning: [rows, columns]."""
        rows = np.arange(self.kernel[0], dtype=np.int64)[:, None] * self.dilation[0] * self.line
        found: Integers = rows + self.column(np.arange(self.kernel[1], dtype=np.int64) * self.dilation[1])[None, :]
        return found


def base_of(layer: Conv2D, shape: Shape) -> dict[str, Any]:
    """What does not depend on how a frame is laid out."""
    found = Geometry.of(layer, shape)
    return {"channels": shape[0] // layer.groups, "size": found.size, "frame": found.frame, "corner": found.corner,
            "kernel": found.kernel, "stride": found.stride, "filters": found.filters, "out": found.out}


class Spreading:
    """Where every number of a map goes in a frame: the tables of `spread_maps` and `collect_maps`.

    `channels` [planes, numbers of a pixel] says which of the map's channels is where. Where a whole row stays together
    it counts as one pixel.
    """

    def __init__(self, rows: Integers, columns: Integers, channels: Places, numbers: int) -> None:
        planes, count = channels.shape
        neighbours = bool((np.diff(channels, axis=1) == 1).all())
        if planes == 1 and neighbours and count == numbers and (np.diff(columns) == count).all():
            numbers, count = numbers * len(columns), count * len(columns)
            channels, columns = np.zeros((1, count), np.int32), columns[:1]
        self.rows, self.columns = np.ascontiguousarray(rows), np.ascontiguousarray(columns)
        self.channels: Places = np.ascontiguousarray(channels, np.int32).reshape(-1)
        self._planes, self._count, self._numbers, self._neighbours = planes, count, numbers, neighbours

    def sizes(self, frame_numbers: int, plane: int) -> tuple[int, ...]:
        """The kernels' settings, for frames of that size."""
        return (0, 0, self._numbers, frame_numbers, self._planes, plane, self._count, int(self._neighbours))


class Frames:
    """How pictures get into the frames of `Spread.by_groups` and back. The last plane may have fewer groups."""

    def __init__(self, shape: Spread, source: Tensor, build: Build) -> None:
        self._source, self._parts = source, []
        rows, columns = shape.spreading()
        whole = shape.groups // shape.joined
        for first, planes, members in ((0, whole, shape.joined), (whole, 1, shape.groups - whole * shape.joined)):
            if planes and members:
                channels = np.arange(planes * members * shape.channels, dtype=np.int32) + first * shape.pitch
                table = Spreading(rows + first * shape.plane, columns, channels.reshape(planes, -1), source.channels)
                sizes = build.settings(*table.sizes(shape.frame_numbers, shape.plane))
                self._parts.append((table, sizes))

    def fill(self, frame: Floats, start: int, count: int, thread: int) -> None:
        """So many pictures of the source, from `start` on, go into frames; what lies on padding is not touched."""
        for table, settings in self._parts:
            sizes = settings[thread]
            sizes[0], sizes[1] = count, start * self._source.size
            spreading.spread_maps(self._source.values, frame, table.rows, table.columns, table.channels, sizes)

    def collect(self, frame: Floats, target: Floats, start: int, count: int, thread: int) -> None:
        """Frames go to where so many pictures lie in an array like the source, from `start` on."""
        for table, settings in self._parts:
            sizes = settings[thread]
            sizes[0], sizes[1] = count, start * self._source.size
            spreading.collect_maps(frame, target, table.rows, table.columns, table.channels, sizes)
