"""Convolution through register tiles without frames: for strides, whose way back would else be added up in memory.

Forward, output pixels whose windows have the same part inside the picture form a region. Backward, input pixels under
the same taps do: the gradient is gathered, pixel by pixel, from the outputs that saw it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from core.engine.flow import Task
from core.engine.pool import Work
from core.engine.steps.base import Build, Floats
from core.engine.steps.convolution import Place
from core.engine.steps.geometry import Geometry, Integers
from core.engine.steps.in_one_go import ConvolutionInOneGo
from core.engine.steps.sums import ChunkSums
from core.engine.tensor import Tensor
from core.kernels import regions
from core.kernels.processor import LANES
from core.layers.conv2d import Conv2D

# Output pixels worked on together, whose sums for the filters stay in registers: enough that writing these down costs
# little, and few enough that the first pictures of a chunk, which nobody asked for in time, are soon there.
_MANY_PIXELS = 256
# Numbers of the pictures worked on together; the second-level cache holds them and as many that are on their way.
_MOST_NUMBERS = 96 * 1024
# Below, threads may share pictures, which another step knows how to; the choice must not depend on their number.
_FEW_PICTURES = 16


def without_frames(task: Task, build: Build) -> bool:
    """Whether a convolution is done faster here: whole vectors of channels and filters, a stride."""
    layer = task.layer
    assert isinstance(layer, Conv2D)
    if layer.stride == (1, 1) or layer.kernel == (1, 1) or build.batch < _FEW_PICTURES:
        return False
    return all(count % LANES == 0 for count in (task.input_shapes[0][0], layer.filters))


@dataclass(frozen=True)
class _Seen:
    """What a position sees along one axis: a part of the filter, its first tap there that counts, how many do."""

    part: int
    skipped: int
    taps: int


# For each position of one axis what it sees, and where the first pixel lies that it sees.
_Axis = list[tuple[_Seen, int]]


def _forward_axis(shape: Geometry, axis: int) -> _Axis:
    """Output positions; there is one part, the whole filter."""
    found: _Axis = []
    for place in range(shape.out[axis]):
        first = place * shape.stride[axis] - shape.corner[axis]
        skipped, end = max(0, -first), min(shape.kernel[axis], shape.size[axis] - first)
        found.append((_Seen(0, skipped, max(0, end - skipped)), max(0, first)))
    return found


def _backward_axis(shape: Geometry, axis: int) -> _Axis:
    """Input positions; part r has the taps r, r + stride, …, from the last to the first."""
    found: _Axis = []
    stride = shape.stride[axis]
    for place in range(shape.size[axis]):
        part = (place + shape.corner[axis]) % stride
        seen = [(place + shape.corner[axis] - tap) // stride for tap in _taps_of(shape, axis, part)]
        inside = [number for number, each in enumerate(seen) if 0 <= each < shape.out[axis]]
        first = inside[0] if inside else 0
        found.append((_Seen(part, first, len(inside)), seen[first] if inside else 0))
    return found


def _taps_of(shape: Geometry, axis: int, part: int) -> list[int]:
    return list(range(part, shape.kernel[axis], shape.stride[axis]))[::-1]


@dataclass(frozen=True)
class _Side:
    """One direction of the product: a's and c's maps as (width, channels, numbers), how long b's parts are."""

    axes: tuple[_Axis, _Axis]
    source: tuple[int, int, int]
    target: tuple[int, int, int]
    # For each part where it begins in the package, and its taps down and across.
    parts: dict[tuple[int, int], tuple[int, int, int]]

    def tables(self, pictures: int) -> tuple[Integers, Integers]:
        """Places of the rows and the regions, as `multiply_regions` wants them."""
        (width, depth, numbers), (made_width, made_depth, made_numbers) = self.source, self.target
        of_picture = np.arange(pictures)[:, None, None]
        places: list[Integers] = []
        found, begin = [], 0
        rows, columns = (_by_what_they_see(axis) for axis in self.axes)
        for (down, lines), (across, pixels) in product(rows, columns):
            part, taps_down, taps_across = self.parts[down.part, across.part]
            seen = of_picture * numbers + (lines[1][:, None] * width + pixels[1]) * depth
            made = of_picture * made_numbers + (lines[0][:, None] * made_width + pixels[0]) * made_depth
            places.append(np.stack([seen.reshape(-1), made.reshape(-1)]))
            empty = not (down.taps and across.taps)
            skipped = 0 if empty else (down.skipped * taps_across + across.skipped) * depth
            found.append((begin, lines.shape[1] * pixels.shape[1], 0 if empty else down.taps, across.taps * depth, part,
                          taps_down * taps_across * depth, skipped, taps_across * depth))
            begin += seen.size
        return np.ascontiguousarray(np.concatenate(places, axis=1)), np.array(found, np.int64)


def _by_what_they_see(axis: _Axis) -> list[tuple[_Seen, Integers]]:
    """For all that is seen somewhere the positions that see it and the first pixels they see, [2, positions]."""
    found: dict[_Seen, list[tuple[int, int]]] = {}
    for place, (seen, first) in enumerate(axis):
        found.setdefault(seen, []).append((place, first))
    return [(seen, np.array(places, np.int64).T) for seen, places in found.items()]


class RegionConvolution(ConvolutionInOneGo):
    """Conv2D without dilation or groups, with a stride; whole vectors of channels and filters."""

    adds_inputs = False

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        assert isinstance(task.layer, Conv2D)
        shape = Geometry.of(task.layer, task.input_shapes[0]).unframed()
        together = min(_MANY_PIXELS // shape.pixels, _MOST_NUMBERS // (shape.inputs + shape.pixels * shape.filters))
        super().__init__(task, source, output, build, shape, min(build.chunk, max(1, together)))
        self._weights = shape.kernel[0] * shape.run * shape.filters
        self._plan_forward()
        if build.learns:
            self._plan_weights()
            self._plan_backward()

    def groups(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Never pictures of two chunks, so that sums do not depend on where a range begins."""
        chunk = self.build.chunk
        for begin in range(first, end, chunk):
            yield from super().groups(begin, min(end, begin + chunk))

    def _plan_forward(self) -> None:
        shape, build = self.shape, self.build
        parts = {(0, 0): (0, *shape.kernel)}
        side = _Side((_forward_axis(shape, 0), _forward_axis(shape, 1)), (shape.size[1], shape.channels, shape.inputs),
                     (shape.out[1], shape.filters, self.map_numbers), parts)
        self.filters = build.arena.floats(self._weights)
        self.forward_tables = side.tables(self.group)
        self.forward_sizes = np.array([self.group, shape.inputs, self.map_numbers, shape.line, shape.filters], np.int64)

    def _plan_backward(self) -> None:
        shape, build = self.shape, self.build
        parts, taps, begin = {}, [], 0
        for part in product(range(shape.stride[0]), range(shape.stride[1])):
            down, across = (_taps_of(shape, axis, part[axis]) for axis in (0, 1))
            rows = len(down) * len(across) * shape.filters
            parts[part] = (begin, len(down), len(across))
            taps += [(row * shape.kernel[1] + column, begin, rows, number * shape.filters)
                     for number, (row, column) in enumerate(product(down, across))]
            begin += rows * shape.channels
        side = _Side((_backward_axis(shape, 0), _backward_axis(shape, 1)),
                     (shape.out[1], shape.filters, self.map_numbers), (shape.size[1], shape.channels, shape.inputs),
                     parts)
        self._taps = np.array(taps, np.int64)
        self.turned = build.arena.floats(self._weights if self.target is not None else 0)
        self._backward_tables = side.tables(self.group)
        self.zeros = build.arena.floats(shape.channels)
        self._backward = np.array(
            [build.chunk, self.group, shape.pixels, shape.filters, shape.out[1], shape.channels, self.mode(),
             int(not self.frozen), int(self.target is not None), shape.inputs, self.sums.step, self._bias_step,
             max(1, _MANY_PIXELS // shape.pixels)], np.int64)

    def _plan_weights(self) -> None:
        shape, build = self.shape, self.build
        spans = [[_span(_forward_axis(shape, axis), tap, shape, axis) for tap in range(shape.kernel[axis])]
                 for axis in (0, 1)]
        found = [((down[1] * shape.size[1] + across[1]) * shape.channels,
                  (down[0] * shape.out[1] + across[0]) * shape.filters, down[2], across[2], number)
                 for number, (down, across) in enumerate(product(*spans))]
        # One that sees all pixels comes first.
        self._spans = np.array(sorted(found, key=lambda span: -span[2] * span[3]), np.int64)
        self.sums = ChunkSums(build, self._weights, True)
        self._summing_weights = np.array(
            [shape.inputs, shape.stride[0] * shape.line, shape.stride[1] * shape.channels, self.map_numbers,
             shape.out[1] * shape.filters, shape.filters, shape.channels, shape.filters], np.int64)

    def pack(self, weights: Floats, start: int) -> None:
        """Filters in panels."""
        shape = self.shape
        regions.pack_panels(weights, start, self.filters, shape.kernel[0] * shape.run, shape.filters)

    def pack_back(self) -> None:
        """Parts of the filters, transposed, in panels."""
        regions.pack_swapped(self.build.parameters.weights, self.weight.start, self.turned, self._taps,
                             self.shape.channels, self.shape.filters)

    def convolve(self, frame: Place, target: Place, count: int, floor: np.float32, thread: int) -> None:
        """Each output pixel is a row of a matrix product."""
        regions.convolve_regions(frame[0], self.filters, target[0], self.bias, *self.forward_tables, floor,
                                 self.forward_sizes, count, frame[1], target[1])

    def multiply_back(self, first: int, count: int, thread: int) -> None:
        """All sums of some pictures in one call; each input pixel gathers from the outputs that saw it."""
        given_at = 0 if self.pool else first * self.map_numbers
        regions.region_gradients(self.arrays[thread], self._spans, *self._backward_tables, self._summing_weights,
                                 self._backward, first, count, given_at)

    def gathering(self) -> list[Work]:
        """Add up the slots, which lie as the weights do."""
        return self.sums.works()


def _span(axis: _Axis, tap: int, shape: Geometry, number: int) -> tuple[int, int, int]:
    """The outputs along an axis that have a tap inside: the first, where it lies in the input, how many."""
    found = [place for place, (seen, _) in enumerate(axis) if seen.skipped <= tap < seen.skipped + seen.taps]
    if not found:
        return 0, 0, 0
    return found[0], found[0] * shape.stride[number] - shape.corner[number] + tap, len(found)
