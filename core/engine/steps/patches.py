"""Convolution whose windows are copied out one by one: for dilated filters on maps that become small.

A frame would be larger than all windows together, and its columns would have to be sorted. Copied out, a window is one
row of a matrix: both ways are one product, and the weight gradient is a sum over the rows of several pictures.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.engine.flow import Task
from core.engine.pool import Work
from core.engine.steps.base import NO_FLOOR, Build
from core.engine.steps.convolution import CACHE_FLOATS, Convolution, Place
from core.engine.steps.geometry import Geometry, Integers
from core.engine.steps.spread import base_of, reach_apart
from core.engine.steps.sums import ChunkSums
from core.engine.tensor import Floats, Tensor
from core.kernels import maps, multiply, packing, spreading
from core.layers.base import Shape
from core.layers.conv2d import Conv2D

# Numbers of all windows for each number of a frame up to which copying windows out costs no more than it saves.
_WORTH = 1.5
# Rows of a product from which on register tiles are full, and read each weight seldom enough.
_ENOUGH = 48


@dataclass(frozen=True)
class Patches(Geometry):
    """A convolution whose frame has a row of numbers for each output pixel: what its window sees."""

    dilation: tuple[int, int]

    @classmethod
    def by_windows(cls, layer: Conv2D, shape: Shape) -> "Patches":
        """The geometry of a layer without groups."""
        return cls(**base_of(layer, shape), dilation=reach_apart(layer))

    @property
    def padded(self) -> bool:
        """Windows are always copied."""
        return True

    @property
    def group(self) -> int:
        """Each output pixel has a row of its own."""
        return 1

    @property
    def depth(self) -> int:
        """Numbers under one filter."""
        return self.kernel[0] * self.run

    @property
    def frame_numbers(self) -> int:
        """Numbers of all windows of a picture."""
        return self.pixels * self.depth

    def runs(self) -> Integers:
        """What windows take from a picture: (place there, place among all windows, how many neighbours), [runs, 3]."""
        found: list[tuple[int, int, int]] = []
        for pixel, (row, column) in enumerate(np.ndindex(*self.out)):
            for tap, (down, across) in enumerate(np.ndindex(*self.kernel)):
                y = row * self.stride[0] + down * self.dilation[0] - self.corner[0]
                x = column * self.stride[1] + across * self.dilation[1] - self.corner[1]
                if 0 <= y < self.size[0] and 0 <= x < self.size[1]:
                    start = (y * self.size[1] + x) * self.channels
                    _join(found, (start, pixel * self.depth + tap * self.channels, self.channels))
        return np.array(found, np.int64).reshape(-1, 3)


def _join(found: list[tuple[int, int, int]], run: tuple[int, int, int]) -> None:
    """Add a run, or lengthen the last one where both go on there."""
    start, place, count = found[-1] if found else (-1, -1, 0)
    if (start + count, place + count) == run[:2]:
        found[-1] = (start, place, count + run[2])
    else:
        found.append(run)


def few_windows(task: Task) -> bool:
    """Whether all windows together are hardly more than a frame would be."""
    layer = task.layer
    assert isinstance(layer, Conv2D)
    shape = Geometry.of(layer, task.input_shapes[0])
    return layer.groups == 1 and shape.pixels * shape.kernel[0] * shape.run <= _WORTH * shape.frame_numbers


class PatchConvolution(Convolution):
    """Conv2D without groups, with dilation."""

    shape: Patches

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        assert isinstance(task.layer, Conv2D)
        shape = Patches.by_windows(task.layer, task.input_shapes[0])
        fitting = CACHE_FLOATS // max(shape.pixels * shape.filters, shape.frame_numbers)
        super().__init__(task, source, output, build, shape,
                         min(build.chunk, max(fitting, -(-_ENOUGH // shape.pixels))))
        self._runs, rows = shape.runs(), np.arange(self.group * shape.pixels, dtype=np.int64)
        self._copying = build.settings(0, 0, source.size, shape.frame_numbers)
        self._packing = np.array([*shape.kernel, shape.channels, shape.filters, 1, shape.stride[1], shape.length])
        self._filters = build.arena.floats(shape.depth * shape.length)
        self._rows = np.stack([rows * shape.depth, rows * shape.filters])
        self._forward = build.settings(1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, shape.depth, shape.length,
                                       shape.filters, 0)
        if build.learns:
            self._plan_backward()

    def _plan_backward(self) -> None:
        shape, build = self.shape, self.build
        self._transposed = build.arena.floats(shape.depth * shape.filters)
        self._rows_back, self._zeros = self._rows[::-1].copy(), build.arena.floats(max(shape.run, shape.length))
        self._backward = build.settings(1, 0, 0, 0, 0, 0, 0, 0, shape.kernel[0], shape.run, shape.filters * shape.run,
                                        1, 0, 0, shape.filters, shape.run, shape.run, 0)
        weights = np.arange(shape.depth, dtype=np.int64)
        self._weight_rows = np.stack([weights, weights * shape.length])
        self._alike = shape.length == shape.filters
        self.sums = ChunkSums(build, shape.depth * shape.length, self._alike)
        self._columns = build.settings(0, 0, build.chunk, self.sums.step, 0, 0, 0, 0, 0, shape.depth, 1, 0, 0, 0,
                                       shape.depth, shape.filters, shape.filters, 1)

    def groups(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Never pictures of two chunks, so that sums do not depend on where a range begins."""
        chunk = self.build.chunk
        for begin in range(first, end, chunk):
            yield from super().groups(begin, min(end, begin + chunk))

    def _framed(self, start: int, count: int, thread: int) -> Place:
        """The windows of the pictures; what lies on padding is zero and stays so."""
        sizes = self._copying[thread]
        sizes[0], sizes[1] = count, start * self.source.size
        spreading.copy_runs(self.source.values, self._frames[thread], self._runs, sizes)
        return self._frames[thread], 0

    def pack(self, weights: Floats, start: int) -> None:
        """Pack the filters."""
        packing.pack_filters(weights, start, self._filters, self._packing)

    def pack_back(self) -> None:
        """Transpose the filters."""
        packing.pack_transposed(self.build.parameters.weights, self.weight.start, self._transposed, self._packing)

    def convolve(self, frame: Place, target: Place, count: int, floor: np.float32, thread: int) -> None:
        """Each window is a row of a matrix product."""
        sizes = self._forward[thread]
        sizes[1], sizes[3], sizes[7] = frame[1], target[1], count * self.shape.pixels
        multiply.multiply_rows(frame[0], self._filters, target[0], self.bias, self._rows, floor, sizes)

    def add_weights(self, frame: Place, gradient: Place, pictures: tuple[int, int], thread: int) -> None:
        """Sum over the windows of these pictures, one row for each weight of a filter."""
        sizes, (first, count) = self._columns[thread], pictures
        sizes[0], sizes[1], sizes[4], sizes[6] = first, first + 1, frame[1], gradient[1]
        sizes[13] = count * self.shape.pixels
        multiply.multiply_columns(frame[0], gradient[0], self.sums.array(thread), self._zeros, self._weight_rows, sizes)

    def _send_back(self, target: Floats, gradient: Place, pictures: tuple[int, int], thread: int) -> None:
        """The gradients of the windows, added where these lie."""
        windows, sizes, (start, count) = self.build.scratch.array("frame", thread), self._copying[thread], pictures
        self.add_inputs(gradient, (windows, 0), count, thread)
        maps.clear(target, start * self.source.size, (start + count) * self.source.size)
        sizes[0], sizes[1] = count, start * self.source.size
        spreading.add_runs(windows, target, self._runs, sizes)

    def add_inputs(self, gradient: Place, frame: Place, count: int, thread: int) -> None:
        """Each output pixel's gradient times the transposed filters."""
        sizes = self._backward[thread]
        sizes[1], sizes[3], sizes[7] = gradient[1], frame[1], count * self.shape.pixels
        multiply.multiply_rows(gradient[0], self._transposed, frame[0], self._zeros, self._rows_back, NO_FLOOR, sizes)

    def gathering(self) -> list[Work]:
        """Add up the slots."""
        return self.sums.works() if self._alike else [self._unpack]

    def _unpack(self, thread: int) -> None:
        packing.unpack_gradient(self.sums.found, self.sums.used, self.shape.depth * self.shape.length,
                                self.build.parameters.gradients, self.weight.start, self._packing)
