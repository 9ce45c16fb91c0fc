"""Convolution with small groups, depthwise ones above all: every output channel has a lane of its own.

Forward, a vector of outputs is a sum over the weights of a filter, lane by lane. The input gradient is the same with
the roles exchanged: each input pixel sums over the output pixels that looked at it, which under a stride are others
for every remainder of its row and column.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from core.engine.arena import padded
from core.engine.flow import Task
from core.engine.pool import Work
from core.engine.steps.base import NO_FLOOR, Build
from core.engine.steps.convolution import CACHE_FLOATS, Convolution, Place
from core.engine.steps.spread import Places, Spread, Spreading
from core.engine.steps.sums import ChunkSums
from core.engine.tensor import Floats, Tensor
from core.kernels import lanewise, spreading
from core.kernels.processor import LANES
from core.layers.conv2d import Conv2D


@dataclass(frozen=True)
class _Way:
    """How one kind of input pixel collects its gradient: pixels, which part of the taps, and the kernel's settings."""

    rows: np.ndarray
    sizes: list[np.ndarray]


class LanewiseConvolution(Convolution):
    """Conv2D whose groups have few channels and few filters."""

    shape: Spread

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        assert isinstance(task.layer, Conv2D)
        shape = Spread.by_lanes(task.layer, task.input_shapes[0])
        group = CACHE_FLOATS // max(shape.pixels * shape.filters, shape.frame_numbers)
        super().__init__(task, source, output, build, shape, group)
        own = np.arange(shape.filters) // shape.outputs * shape.channels
        channels = (np.arange(shape.channels)[:, None] + own).astype(np.int32)
        self._spreading = Spreading(*shape.spreading(), channels, source.channels)
        self._spread = build.settings(*self._spreading.sizes(shape.frame_numbers, shape.plane))
        self._taps = shape.kernel[0] * shape.kernel[1] * shape.channels
        self._length = padded(shape.together * shape.filters, LANES)
        self._bias = build.arena.floats(self._length)
        self._plan_forward()
        if build.learns:
            self._plan_columns()
        if self.target is not None:
            self._plan_backward()

    def _plan_forward(self) -> None:
        shape, build = self.shape, self.build
        planes = np.arange(shape.channels, dtype=np.int64) * shape.plane
        self._offsets: np.ndarray = np.ascontiguousarray((shape.taps()[:, :, None] + planes).reshape(-1))
        self._packing = _rows_of(np.arange(self._taps * shape.filters).reshape(self._taps, -1), shape.together,
                                 self._length)
        self._filters = build.arena.floats(self._taps * self._length)
        self._rows = np.stack([shape.windows(shape.together), shape.outputs_at(shape.together),
                               _lives(shape.out, shape.together, shape.filters)])
        self._forward = build.settings(0, 0, shape.frame_numbers, 0, self.map_numbers, 0, self._rows.shape[1], 0,
                                       self._taps, self._length)

    def _plan_columns(self) -> None:
        """The weight gradient: its sums lie as the packed filters do."""
        shape, build = self.shape, self.build
        whole, left = divmod(shape.out[1], shape.together)
        self.sums = ChunkSums(build, self._taps * self._length, False, takes_turns=False)
        step = int(shape.column(np.array(shape.together * shape.stride[1])))
        self._columns = build.settings(
            0, 0, build.chunk, 0, shape.frame_numbers, 0, self.map_numbers, shape.out[0], shape.stride[0] * shape.line,
            shape.out[1] * shape.filters, whole, step, shape.together * shape.filters, left * shape.filters,
            self._taps, self._length)
        places = np.arange(self._taps)[:, None] * self._length + np.arange(shape.filters)
        self._gathering = places.reshape(-1).astype(np.int32)

    # the way back: a frame of gradients, in which every input channel finds the outputs it goes to --------------------

    def _plan_backward(self) -> None:
        shape, build = self.shape, self.build
        inputs = self.source.channels
        self._together = max(1, LANES // inputs) if shape.stride[1] == 1 else 1
        self._length_back = padded(self._together * inputs, LANES)
        self._pitch_back = inputs if self._together > 1 else self._length_back
        pairs = [_margins(shape, axis) for axis in (0, 1)]
        self._before = tuple(before for before, _ in pairs)
        height, width = (before + shape.out[axis] + after for axis, (before, after) in enumerate(pairs))
        self._line_back = width * self._pitch_back
        self._plane_back = height * self._line_back
        self._back_numbers = shape.outputs * self._plane_back
        self._slopes = build.per_thread(self.group * self._back_numbers)
        own = np.arange(inputs) // shape.channels * shape.outputs
        channels = (np.arange(shape.outputs)[:, None] + own).astype(np.int32)
        rows = (np.arange(shape.out[0], dtype=np.int64) + self._before[0]) * self._line_back
        columns = (np.arange(shape.out[1], dtype=np.int64) + self._before[1]) * self._pitch_back
        self._spreading_back = Spreading(rows, columns, channels, shape.filters)
        self._spread_back = build.settings(*self._spreading_back.sizes(self._back_numbers, self._plane_back))
        self._no_bias = build.arena.floats(self._length_back)
        self._ways: list[_Way] = []
        tables: list[Places] = []
        offsets: list[int] = []
        for remainders in product(range(shape.stride[0]), range(shape.stride[1])):
            self._add_way(remainders, tables, offsets)
        self._offsets_back = np.array(offsets, np.int64)
        self._packing_back = np.concatenate(tables) if tables else np.zeros(0, np.int32)
        self._filters_back = build.arena.floats(self._packing_back.size)

    def _add_way(self, remainders: tuple[int, int], tables: list[Places], offsets: list[int]) -> None:
        """The input pixels with these remainders of row and column, and the taps that reach them."""
        shape, inputs = self.shape, self.source.channels
        lines, columns = (np.arange(remainders[axis], shape.size[axis], shape.stride[axis]) for axis in (0, 1))
        columns = columns[::self._together]
        reached = [_reaching(shape, axis, remainders[axis]) for axis in (0, 1)]
        first = len(offsets)
        channel = np.arange(inputs)
        own = channel // shape.channels * shape.outputs
        for (down, row), (across, column), output in product(reached[0], reached[1], range(shape.outputs)):
            place = (row + self._before[0]) * self._line_back + (column + self._before[1]) * self._pitch_back
            offsets.append(place + output * self._plane_back)
            tap = (down * shape.kernel[1] + across) * shape.channels + channel % shape.channels
            tables.append(_rows_of((tap * shape.filters + own + output)[None, :], self._together, self._length_back))
        starts = (np.arange(len(lines))[:, None] * self._line_back
                  + np.arange(len(columns))[None, :] * self._together * self._pitch_back)
        places = (lines[:, None] * shape.size[1] + columns[None, :]) * inputs
        lives = np.minimum(self._together, shape.size[1] - columns) if self._together > 1 else np.ones(len(columns))
        rows = np.stack([starts.reshape(-1), places.reshape(-1), np.tile(lives * inputs, len(lines))]).astype(np.int64)
        sizes = self.build.settings(0, 0, self._back_numbers, 0, self.source.size, 0, rows.shape[1], first,
                                    len(offsets) - first, self._length_back)
        self._ways.append(_Way(rows, sizes))

    # at work --------------------------------------------------------------------------------------------------------

    def _framed(self, start: int, count: int, thread: int) -> Place:
        """The pictures spread over frames, where they do not lie that way by themselves."""
        if not self.shape.padded:
            return self.source.values, start * self.source.size
        sizes, table = self._spread[thread], self._spreading
        sizes[0], sizes[1] = count, start * self.source.size
        spreading.spread_maps(self.source.values, self._frames[thread], table.rows, table.columns, table.channels,
                              sizes)
        return self._frames[thread], 0

    def pack(self, weights: Floats, start: int) -> None:
        """Pack the filters, and the bias for all pixels of a vector."""
        spreading.pack_by_table(weights, start, self._filters, self._packing)
        for pixel in range(self.shape.together):
            self._bias[pixel * self.shape.filters:(pixel + 1) * self.shape.filters] = self.bias[:self.shape.filters]

    def pack_back(self) -> None:
        """Pack the filters for the way back."""
        spreading.pack_by_table(self.build.parameters.weights, self.weight.start, self._filters_back,
                                self._packing_back)

    def convolve(self, frame: Place, target: Place, count: int, floor: np.float32, thread: int) -> None:
        """Lane by lane."""
        sizes = self._forward[thread]
        sizes[0], sizes[1], sizes[3] = count, frame[1], target[1]
        lanewise.lane_rows(frame[0], self._filters, target[0], self._bias, self._rows, self._offsets, floor, sizes)

    def add_weights(self, frame: Place, gradient: Place, pictures: tuple[int, int], thread: int) -> None:
        """Sum over pixels, lane by lane."""
        sizes = self._columns[thread]
        sizes[0], sizes[1], sizes[3], sizes[5] = pictures[0], pictures[0] + pictures[1], frame[1], gradient[1]
        lanewise.lane_columns(frame[0], gradient[0], self.sums.array(thread), self._offsets, sizes)

    def _send_back(self, target: Floats, gradient: Place, pictures: tuple[int, int], thread: int) -> None:
        """The input's gradient: each pixel collects what it gave."""
        (start, count), sizes, table = pictures, self._spread_back[thread], self._spreading_back
        sizes[0], sizes[1] = count, gradient[1]
        slopes = self._slopes[thread]
        spreading.spread_maps(gradient[0], slopes, table.rows, table.columns, table.channels, sizes)
        for way in self._ways:
            sizes = way.sizes[thread]
            sizes[0], sizes[3] = count, start * self.source.size
            lanewise.lane_rows(slopes, self._filters_back, target, self._no_bias, way.rows, self._offsets_back,
                               NO_FLOOR, sizes)

    def gathering(self) -> list[Work]:
        """Add up the slots, and the pixels of a vector."""
        return [self._gather]

    def _gather(self, thread: int) -> None:
        spreading.sum_by_table(self.sums.found, self.sums.used, self._taps * self._length, self.shape.together,
                               self.shape.filters, self.build.parameters.gradients, self.weight.start, self._gathering)


def _rows_of(table: np.ndarray, together: int, length: int) -> Places:
    """Rows of places repeated for each pixel of a vector, filled up to `length` with −1."""
    found = np.full((len(table), length), -1, np.int32)
    found[:, :together * table.shape[1]] = np.tile(table, together)
    return found.reshape(-1)


def _lives(out: tuple[int, int], together: int, filters: int) -> np.ndarray:
    """How many lanes count in each vector of a picture's rows: fewer in the last one of a row."""
    starts = np.arange(0, out[1], together)
    return np.tile(np.minimum(together, out[1] - starts) * filters, out[0]).astype(np.int64)


def _margins(shape: Spread, axis: int) -> tuple[int, int]:
    """Rows (or columns) of zeros that the frame of gradients needs before and behind them."""
    stride, corner = shape.stride[axis], shape.corner[axis]
    lowest = (corner - (shape.kernel[axis] - 1) * shape.dilation[axis]) // stride
    return max(0, -lowest), max(0, (shape.size[axis] - 1 + corner) // stride - (shape.out[axis] - 1))


def _reaching(shape: Spread, axis: int, remainder: int) -> list[tuple[int, int]]:
    """(tap, output line seen from the pixel's) of the taps through which pixels with that remainder were looked at."""
    found = []
    for tap in range(shape.kernel[axis]):
        place = remainder + shape.corner[axis] - tap * shape.dilation[axis]
        if place % shape.stride[axis] == 0:
            found.append((tap, place // shape.stride[axis]))
    return found
