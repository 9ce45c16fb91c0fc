"""Convolution with large groups, or with dilation: an ordinary one through register tiles for each group.

The frame makes it ordinary: groups have planes, and under dilation the columns that go together are neighbours. Groups
of few filters share a plane until they fill a vector; their filters are zero for the channels of each other, which
costs nothing, since those lanes would be idle.
"""

from collections.abc import Iterator
from math import gcd

import numpy as np

from core.engine.arena import padded
from core.engine.flow import Task
from core.engine.pool import Work
from core.engine.steps.bands import Band, Sweep, bands, turned
from core.engine.steps.base import NO_FLOOR, Build
from core.engine.steps.convolution import CACHE_FLOATS, Convolution, Place
from core.engine.steps.geometry import Integers
from core.engine.steps.spread import Frames, Spread
from core.engine.steps.sums import ChunkSums
from core.engine.tensor import Floats, Tensor
from core.kernels import maps, multiply, spreading
from core.kernels.processor import LANES
from core.layers.conv2d import Conv2D

# For a band of rows: the product for planes with so many groups, and where its part of a plane's filters begins.
_Sweeps = list[tuple[Sweep, int]]


class SplitConvolution(Convolution):
    """Conv2D with dilation, or with groups of more than a few channels and filters."""

    shape: Spread

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        assert isinstance(task.layer, Conv2D)
        layer, given = task.layer, task.input_shapes[0]
        shape = Spread.by_groups(layer, given, layer.filters // layer.groups)
        group = CACHE_FLOATS // max(shape.pixels * shape.filters, shape.frame_numbers)
        super().__init__(task, source, output, build, shape, group)
        self._spread = Frames(shape, source, build)
        self._length = padded(shape.joined * shape.outputs, LANES)
        self._bands = bands(shape, shape.dilation[0])
        self._plan_forward()
        if build.learns:
            self._plan_weights()
        if self.target is not None:
            self._plan_backward(Spread.by_groups(layer, given, layer.kernel[1] * shape.channels))

    def _plan_forward(self) -> None:
        shape, build = self.shape, self.build
        self._weights_of = _places_of_weights(shape)
        table = np.full((*self._weights_of.shape[:3], self._length), -1, np.int32)
        table[..., :self._weights_of.shape[3]] = self._weights_of
        self._packing = table.reshape(-1)
        self._package = shape.kernel[0] * shape.run * self._length
        self._filters = build.arena.floats(shape.planes * self._package)
        self._forward = [self._forward_sweeps(end - first) for first, end in shape.members]

    def _forward_sweeps(self, members: int) -> _Sweeps:
        """The products of a plane with so many groups."""
        shape, found = self.shape, []
        rows, step = np.stack([shape.windows(), shape.outputs_at()]), shape.run * self._length
        for band in self._bands:
            low, high = band.taps
            walk = (1, 0, 0, high - low, shape.drop, step, shape.run, self._length, members * shape.outputs, 0)
            some = rows[:, band.rows[0] * shape.out[1]:band.rows[1] * shape.out[1]]
            sweep = Sweep(self.build, some, (shape.frame_numbers, self.map_numbers), low * shape.drop, self.group, walk)
            found.append((sweep, low * step))
        return found

    def _plan_backward(self, back: Spread) -> None:
        build = self.build
        build.scratch.reserve("frame", self.group * back.frame_numbers)
        self._shape_back, self._spread_back = back, Frames(back, self.source, build)
        weights = _places_of_weights(back).swapaxes(2, 3)
        self._packing_back: np.ndarray = np.ascontiguousarray(weights, np.int32).reshape(-1)
        self._package_back = self._packing_back.size // back.planes
        self._transposed = build.arena.floats(self._packing_back.size)
        self._nothing = build.arena.floats(back.run + 2 * LANES)
        self._backward = [self._backward_sweeps(end - first) for first, end in back.members]

    def _backward_sweeps(self, members: int) -> _Sweeps:
        """The same on the way back, which adds to the rows that a band of taps covers."""
        shape, found = self._shape_back, []
        # Pixels lie below each other, so that neighbours in a tile are not added to the same numbers.
        rows = np.stack([shape.outputs_at(), shape.windows()]).reshape(2, *shape.out).swapaxes(1, 2)
        step = shape.joined * shape.outputs * shape.run
        for band in turned(self._bands, shape):
            low, high = band.taps
            walk = (high - low, shape.drop, step, 1, 0, 0, members * shape.outputs, shape.run, shape.run, 1)
            some: Integers = rows[:, :, slice(*band.rows)].reshape(2, -1)
            steps = (self.map_numbers, shape.frame_numbers)
            found.append((Sweep(self.build, some, steps, low * shape.drop, self.group, walk, 1), low * step))
        return found

    def _plan_weights(self) -> None:
        shape = self.shape
        self._slot_step = shape.planes * self._package
        self.sums = ChunkSums(self.build, self._slot_step, False)
        places = np.arange(self._slot_step).reshape(*self._weights_of.shape[:3], self._length)
        live = self._weights_of >= 0
        self._gathering = np.empty(self.shape.kernel[0] * self.shape.kernel[1] * shape.channels * shape.filters,
                                   np.int32)
        self._gathering[self._weights_of[live]] = places[..., :live.shape[3]][live]
        self._zeros = self.build.arena.floats(shape.filters + 2 * LANES)
        self._walks = [self._walk(band, first) for band in turned(self._bands, shape) for first in range(self._period)]

    @property
    def _period(self) -> int:
        """Every how many output pixels of a row the windows begin in the same phase."""
        return self.shape.phases // gcd(self.shape.phases, self.shape.stride[1])

    def _walk(self, band: Band, first: int) -> tuple[Integers, list[Integers], tuple[int, int]]:
        """The weight gradient's walk over every period-th output column, `first` being the first, for a band of taps.

        Its rows of weights, the kernel's settings, and where it begins in the frame and in the gradient.
        """
        shape, period, (row, end) = self.shape, self._period, band.rows
        taps, numbers = np.arange(*band.taps, dtype=np.int64)[:, None], np.arange(shape.run, dtype=np.int64)[None, :]
        rows = np.stack([(taps * shape.drop + numbers).reshape(-1),
                         (taps * shape.run + numbers).reshape(-1) * self._length])
        down, line = shape.stride[0] * shape.line, shape.out[1] * shape.filters
        step = period * shape.stride[1] // shape.phases * shape.pitch
        sizes = self.build.settings(
            0, 0, self.build.chunk, self.sums.step, 0, shape.frame_numbers, 0, self.map_numbers, 0, rows.shape[1],
            end - row, down, line, len(range(first, shape.out[1], period)), step, period * shape.filters, self._length,
            int(first == 0))
        start = row * down + int(shape.column(np.array(first * shape.stride[1])))
        return np.ascontiguousarray(rows), sizes, (start, row * line + first * shape.filters)

    def groups(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Where several walks add to the same sums, never pictures of two chunks: so the order is always the same."""
        step = self.build.chunk if self._period > 1 else max(1, end - first)
        for begin in range(first, end, step):
            yield from super().groups(begin, min(end, begin + step))

    def _framed(self, start: int, count: int, thread: int) -> Place:
        """The pictures spread over frames."""
        self._spread.fill(self._frames[thread], start, count, thread)
        return self._frames[thread], 0

    def pack(self, weights: Floats, start: int) -> None:
        """Pack the filters, plane by plane."""
        spreading.pack_by_table(weights, start, self._filters, self._packing)

    def pack_back(self) -> None:
        """Pack the filters transposed."""
        spreading.pack_by_table(self.build.parameters.weights, self.weight.start, self._transposed, self._packing_back)

    def convolve(self, frame: Place, target: Place, count: int, floor: np.float32, thread: int) -> None:
        """Each output pixel is a row of a matrix product."""
        shape = self.shape
        for plane, sweeps in enumerate(self._forward):
            first = plane * shape.joined * shape.outputs
            given, made = (frame[0], frame[1] + plane * shape.plane), (target[0], target[1] + first)
            for sweep, at in sweeps:
                sweep.run(given, self._filters[plane * self._package + at:], made, self.bias[first:], floor, count,
                          thread)

    def add_weights(self, frame: Place, gradient: Place, pictures: tuple[int, int], thread: int) -> None:
        """Sum over pixels, one row for each weight of a filter."""
        shape, found = self.shape, self.sums.array(thread)
        for plane in range(shape.planes):
            slots = found[plane * self._package:]
            for rows, walks, (start, slope) in self._walks:
                sizes = walks[thread]
                sizes[0], sizes[1] = pictures[0], pictures[0] + pictures[1]
                sizes[4] = frame[1] + plane * shape.plane + start
                sizes[6] = gradient[1] + slope + plane * shape.joined * shape.outputs
                multiply.multiply_columns(frame[0], gradient[0], slots, self._zeros, rows, sizes)

    def _send_back(self, target: Floats, gradient: Place, pictures: tuple[int, int], thread: int) -> None:
        """The input's gradient, collected from the frame."""
        frame, (start, count) = self.build.scratch.array("frame", thread), pictures
        maps.clear(frame, 0, count * self._shape_back.frame_numbers)
        self.add_inputs(gradient, (frame, 0), count, thread)
        self._spread_back.collect(frame, target, start, count, thread)

    def add_inputs(self, gradient: Place, frame: Place, count: int, thread: int) -> None:
        """Each output pixel's gradient times the transposed filters, added where its window lay."""
        shape = self._shape_back
        for plane, sweeps in enumerate(self._backward):
            given = gradient[0], gradient[1] + plane * shape.joined * shape.outputs
            made = frame[0], frame[1] + plane * shape.plane
            for sweep, at in sweeps:
                sweep.run(given, self._transposed[plane * self._package_back + at:], made, self._nothing, NO_FLOOR,
                          count, thread)

    def gathering(self) -> list[Work]:
        """Add up the slots."""
        return [self._gather]

    def _gather(self, thread: int) -> None:
        spreading.sum_by_table(self.sums.found, self.sums.used, self._slot_step, 1, 0,
                               self.build.parameters.gradients, self.weight.start, self._gathering)


def _places_of_weights(shape: Spread) -> np.ndarray:
    """Where each weight lies, −1 where a filter has none for the channel of another group.

    [planes, rows of a filter, columns · numbers of a pixel, filters of a plane]
    """
    taps, channels, outputs = shape.kernel[0] * shape.kernel[1], shape.channels, shape.outputs
    found = np.full((shape.planes, taps, shape.joined, channels, shape.joined, outputs), -1, np.int32)
    own = np.arange(taps * channels).reshape(taps, channels, 1) * shape.filters + np.arange(outputs)
    for plane, (first, end) in enumerate(shape.members):
        for group in range(first, end):
            found[plane, :, group - first, :, group - first, :] = own + group * outputs
    return found.reshape(shape.planes, shape.kernel[0], shape.run, shape.joined * outputs)
