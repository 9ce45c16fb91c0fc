"""Convolution with large groups, or with dilation: an ordinary one through register tiles for each group.

The frame makes it ordinary: each group has a plane, and under dilation the columns that go together are neighbours.
"""

from math import gcd

import numpy as np

from core.engine.arena import padded
from core.engine.flow import Task
from core.engine.pool import Work
from core.engine.steps.base import NO_FLOOR, Build
from core.engine.steps.convolution import CACHE_FLOATS, Convolution, Place
from core.engine.steps.spread import Spread, Spreading
from core.engine.steps.sums import ChunkSums
from core.engine.tensor import Floats, Tensor
from core.kernels import maps, multiply, spreading
from core.kernels.processor import LANES
from core.layers.conv2d import Conv2D


class SplitConvolution(Convolution):
    """Conv2D with dilation, or with groups of more than a few channels and filters."""

    shape: Spread

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        assert isinstance(task.layer, Conv2D)
        shape = Spread.by_groups(task.layer, task.input_shapes[0])
        group = CACHE_FLOATS // max(shape.pixels * shape.filters, shape.frame_numbers)
        super().__init__(task, source, output, build, shape, group)
        channels = np.arange(source.channels, dtype=np.int32).reshape(shape.groups, -1)
        self._spreading = Spreading(*shape.spreading(), channels, source.channels)
        self._spread = build.settings(*self._spreading.sizes(shape.frame_numbers, shape.plane))
        self._length = padded(shape.outputs, LANES)
        self._weights_of = self._places_of_weights()
        self._plan_forward()
        if build.learns:
            self._plan_backward()

    def _places_of_weights(self) -> np.ndarray:
        """Where each weight lies, [groups, rows of a filter, columns · channels, filters of a group]."""
        shape = self.shape
        lines = np.arange(shape.kernel[0] * shape.run).reshape(shape.kernel[0], shape.run, 1)
        filters = np.arange(shape.filters).reshape(shape.groups, 1, 1, shape.outputs)
        return lines * shape.filters + filters

    def _plan_forward(self) -> None:
        shape, build = self.shape, self.build
        table = np.full((*self._weights_of.shape[:3], self._length), -1, np.int32)
        table[..., :shape.outputs] = self._weights_of
        self._packing = table.reshape(-1)
        self._package = shape.kernel[0] * shape.run * self._length
        self._filters = build.arena.floats(shape.groups * self._package)
        self._rows = np.stack([shape.windows(), shape.outputs_at()])
        self._forward = build.settings(
            0, 0, shape.frame_numbers, 0, self.map_numbers, 0, 0, shape.pixels, 1, 0, 0, shape.kernel[0],
            shape.dilation[0] * shape.line, shape.run * self._length, shape.run, self._length, shape.outputs, 0)

    def _plan_backward(self) -> None:
        shape, build = self.shape, self.build
        self._packing_back: np.ndarray = np.ascontiguousarray(self._weights_of.swapaxes(2, 3), np.int32).reshape(-1)
        self._package_back = shape.kernel[0] * shape.outputs * shape.run
        self._transposed = build.arena.floats(shape.groups * self._package_back)
        self._zeros = build.arena.floats(max(shape.run, shape.filters) + 2 * LANES)
        self._rows_back = np.ascontiguousarray(self._rows[::-1])
        self._scatter = build.settings(
            0, 0, self.map_numbers, 0, shape.frame_numbers, 0, 0, shape.pixels, shape.kernel[0],
            shape.dilation[0] * shape.line, shape.outputs * shape.run, 1, 0, 0, shape.outputs, shape.run, shape.run, 1)
        lines = (shape.taps()[:, :1] + np.arange(shape.run)[None, :]).reshape(-1)
        self._weight_rows = np.stack([lines, np.arange(len(lines), dtype=np.int64) * self._length])
        self._slot_step = shape.groups * self._package
        self.sums = ChunkSums(build, self._slot_step, False)
        places = np.arange(self._slot_step).reshape(*self._weights_of.shape[:3], self._length)[..., :shape.outputs]
        self._gathering = np.empty(self._weights_of.size, np.int32)
        self._gathering[self._weights_of.reshape(-1)] = places.reshape(-1)
        self._columns = [self._walk(first) for first in range(self._period)]

    @property
    def _period(self) -> int:
        """Every how many output pixels of a row the windows begin in the same phase."""
        return self.shape.phases // gcd(self.shape.phases, self.shape.stride[1])

    def _walk(self, first: int) -> list[np.ndarray]:
        """The weight gradient's walk over every period-th output column, `first` being the first."""
        shape, build, period = self.shape, self.build, self._period
        step = period * shape.stride[1] // shape.phases * shape.pitch
        return build.settings(
            0, 0, build.chunk, self.sums.step, 0, shape.frame_numbers, 0, self.map_numbers,
            0, self._weight_rows.shape[1], shape.out[0], shape.stride[0] * shape.line, shape.out[1] * shape.filters,
            len(range(first, shape.out[1], period)), step, period * shape.filters, self._length, int(first == 0))

    def _framed(self, start: int, count: int, thread: int) -> Place:
        """The pictures spread over frames."""
        sizes, table = self._spread[thread], self._spreading
        sizes[0], sizes[1] = count, start * self.source.size
        spreading.spread_maps(self.source.values, self._frames[thread], table.rows, table.columns, table.channels,
                              sizes)
        return self._frames[thread], 0

    def pack(self, weights: Floats, start: int) -> None:
        """Pack the filters, group by group."""
        spreading.pack_by_table(weights, start, self._filters, self._packing)

    def pack_back(self) -> None:
        """Pack the filters transposed."""
        spreading.pack_by_table(self.build.parameters.weights, self.weight.start, self._transposed, self._packing_back)

    def convolve(self, frame: Place, target: Place, count: int, floor: np.float32, thread: int) -> None:
        """Each output pixel is a row of a matrix product."""
        sizes, shape = self._forward[thread], self.shape
        for group in range(shape.groups):
            sizes[0], sizes[1] = count, frame[1] + group * shape.plane
            sizes[3] = target[1] + group * shape.outputs
            multiply.multiply_rows(frame[0], self._filters[group * self._package:], target[0],
                                   self.bias[group * shape.outputs:], self._rows, floor, sizes)

    def add_weights(self, frame: Place, gradient: Place, pictures: tuple[int, int], thread: int) -> None:
        """Sum over pixels, one row for each weight of a filter."""
        shape = self.shape
        for group in range(shape.groups):
            slots = self.sums.array(thread)[group * self._package:]
            for first, walks in enumerate(self._columns):
                sizes = walks[thread]
                sizes[0], sizes[1] = pictures[0], pictures[0] + pictures[1]
                sizes[4] = frame[1] + group * shape.plane + int(shape.column(np.array(first * shape.stride[1])))
                sizes[6] = gradient[1] + first * shape.filters + group * shape.outputs
                multiply.multiply_columns(frame[0], gradient[0], slots, self._zeros, self._weight_rows, sizes)

    def _send_back(self, target: Floats, gradient: Place, pictures: tuple[int, int], thread: int) -> None:
        """The input's gradient, collected from the frame."""
        frame, table, (start, count) = self.build.scratch.array("frame", thread), self._spreading, pictures
        maps.clear(frame, 0, count * self.shape.frame_numbers)
        self.add_inputs(gradient, (frame, 0), count, thread)
        sizes = self._spread[thread]
        sizes[0], sizes[1] = count, start * self.source.size
        spreading.collect_maps(frame, target, table.rows, table.columns, table.channels, sizes)

    def add_inputs(self, gradient: Place, frame: Place, count: int, thread: int) -> None:
        """Each output pixel's gradient times the transposed filters, added where its window lay."""
        sizes, shape = self._scatter[thread], self.shape
        for group in range(shape.groups):
            sizes[0], sizes[1] = count, gradient[1] + group * shape.outputs
            sizes[3] = frame[1] + group * shape.plane
            multiply.multiply_rows(gradient[0], self._transposed[group * self._package_back:], frame[0], self._zeros,
                                   self._rows_back, NO_FLOOR, sizes)

    def gathering(self) -> list[Work]:
        """Add up the slots."""
        return [self._gather]

    def _gather(self, thread: int) -> None:
        spreading.sum_by_table(self.sums.found, self.sums.used, self._slot_step, 1, 0,
                               self.build.parameters.gradients, self.weight.start, self._gathering)
