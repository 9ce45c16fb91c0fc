"""Convolution by definition, through register tiles: any filter size, stride and padding.

Forward, each output pixel is a row of a matrix product with the packed filters. The input gradient turns that around:
each output pixel's gradient times the transposed filters is added to the pixels its window covered. The weight gradient
sums over pixels.
"""

from collections.abc import Iterator

import numpy as np

from core.engine.flow import Task
from core.engine.pool import Work
from core.engine.steps.bands import Band, Sweep, bands, turned
from core.engine.steps.base import NO_FLOOR, Build, Floats
from core.engine.steps.convolution import CACHE_FLOATS, Convolution, Place
from core.engine.steps.geometry import Geometry, Integers
from core.engine.steps.pixel_sums import PixelSums, sums_over_pictures
from core.engine.steps.sums import ChunkSums
from core.engine.tensor import Tensor
from core.kernels import packing
from core.kernels.processor import LANES
from core.layers.conv2d import Conv2D


class DirectConvolution(Convolution):
    """Conv2D without dilation or groups."""

    # Whether the gradients of many weights may be added up chunk by chunk.
    takes_turns = True

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        assert isinstance(task.layer, Conv2D)
        shape = Geometry.of(task.layer, task.input_shapes[0])
        super().__init__(task, source, output, build, shape, self.together(shape))
        self._over_pictures = build.learns and sums_over_pictures(shape, min(build.chunk, self.group))
        self._plan_forward()
        if build.learns:
            self._plan_backward()

    def together(self, shape: Geometry) -> int:
        """How many pictures are worked on at a time."""
        return CACHE_FLOATS // max(shape.pixels * shape.filters, shape.frame_numbers)

    def _plan_forward(self) -> None:
        shape, build = self.shape, self.build
        self._filters = build.arena.floats(shape.kernel[0] * shape.widened * shape.length)
        self._packing = np.array([*shape.kernel, shape.channels, shape.filters, shape.group, shape.stride[1],
                                  shape.length])
        self.bands = bands(shape)
        rows = np.stack([shape.window_places(shape.group, False), shape.output_places(shape.group, False)])
        self._forward = [self._forward_sweep(band, rows) for band in self.bands]

    def _forward_sweep(self, band: Band, rows: Integers) -> tuple[Sweep, Floats]:
        """The product for a band of output rows, with the part of the filters that it takes."""
        shape, (low, high), in_row = self.shape, band.taps, self.shape.in_row
        step = shape.widened * shape.length
        walk = (1, 0, 0, high - low, shape.line, step, shape.widened, shape.length, self._live_columns(), 0)
        sweep = Sweep(self.build, rows[:, band.rows[0] * in_row:band.rows[1] * in_row],
                      (shape.frame_numbers, self.map_numbers), low * shape.line, self.group, walk)
        return sweep, self._filters[low * step:]

    def _live_columns(self) -> int:
        """How many lanes of the output are stored.

        In scratch the rows come in order, so what a full vector writes behind its pixel the next pixel corrects; that
        spares the masks.
        """
        shape = self.shape
        loose = self.pool and shape.length <= 2 * LANES and len(self.bands) == 1
        return shape.length if loose else shape.group * shape.filters

    def _plan_backward(self) -> None:
        shape, build = self.shape, self.build
        self._transposed = build.arena.floats(shape.kernel[0] * shape.filters * shape.run)
        self._zeros = build.arena.floats(max(shape.run, shape.length) + 2 * LANES)
        self._scatter = [self._scatter_sweep(band) for band in turned(self.bands, shape)]
        self._plan_sums()

    def _plan_sums(self) -> None:
        shape, build = self.shape, self.build
        self._slot_step = shape.kernel[0] * shape.widened * shape.length
        self.sums = ChunkSums(build, self._slot_step, self._alike, self.takes_turns)
        self._pixel_sums = PixelSums(build, shape, self.bands, self.sums.step, self.group)

    def _scatter_sweep(self, band: Band) -> tuple[Sweep, Floats]:
        """The way back through some rows of the filters, with these rows transposed."""
        shape, (low, high) = self.shape, band.taps
        step, places = shape.filters * shape.run, np.stack([shape.output_places(1, True), shape.window_places(1, True)])
        # Pixels lie below each other, so that neighbours in a tile are not added to the same numbers.
        rows: Integers = places.reshape(2, shape.out[1], shape.out[0])[:, :, slice(*band.rows)].reshape(2, -1)
        walk = (high - low, shape.line, step, 1, 0, 0, shape.filters, shape.run, shape.run, 1)
        sweep = Sweep(self.build, rows, (self.map_numbers, shape.frame_numbers), low * shape.line, self.group, walk, 1)
        return sweep, self._transposed[low * step:]

    def pack(self, weights: Floats, start: int) -> None:
        """Pack the filters."""
        packing.pack_filters(weights, start, self._filters, self._packing)

    def pack_back(self) -> None:
        """Transpose the filters."""
        packing.pack_transposed(self.build.parameters.weights, self.weight.start, self._transposed, self._packing)

    def convolve(self, frame: Place, target: Place, count: int, floor: np.float32, thread: int) -> None:
        """Each output pixel is a row of a matrix product."""
        for sweep, filters in self._forward:
            sweep.run(frame, filters, target, self.bias, floor, count, thread)

    def convolve_rows(self, frame: Place, target: Place, rows: tuple[int, int], floor: np.float32, thread: int) -> None:
        """Some output rows, first and end, of one picture."""
        in_row = self.shape.in_row
        for band, (sweep, filters) in zip(self.bands, self._forward, strict=True):
            first, end = (min(max(row, band.rows[0]), band.rows[1]) - band.rows[0] for row in rows)
            sweep.run_some(frame, filters, target, self.bias, floor, (first * in_row, end * in_row), thread)

    def add_weights(self, frame: Place, gradient: Place, pictures: tuple[int, int], thread: int) -> None:
        """Sum over pixels, one row for each weight of a filter."""
        self._pixel_sums.add(frame, gradient, self.sums.array(thread), self._zeros, pictures, thread)

    def add_some_weights(self, frame: Place, gradient: Place, picture: int, rows: tuple[int, int], thread: int) -> None:
        """The same for one picture and some rows of weights, first and end."""
        self._pixel_sums.add(frame, gradient, self.sums.array(thread), self._zeros, (picture, 1), thread, rows)

    @property
    def weight_rows(self) -> int:
        """How many rows of weights there are for `add_some_weights`."""
        return self.shape.kernel[0] * self.shape.widened

    def groups(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Where sums go over pictures, never pictures of two chunks: so they do not depend on where a range begins."""
        step = self.build.chunk if self._over_pictures else max(1, end - first)
        for begin in range(first, end, step):
            yield from super().groups(begin, min(end, begin + step))

    def add_inputs(self, gradient: Place, frame: Place, count: int, thread: int) -> None:
        """Each output pixel's gradient times the transposed filters, added where its window lay."""
        for sweep, filters in self._scatter:
            sweep.run(gradient, filters, frame, self._zeros, NO_FLOOR, count, thread)

    def gathering(self) -> list[Work]:
        """Add up the slots."""
        return self.sums.works() if self._alike else [self._unpack]

    @property
    def _alike(self) -> bool:
        """Whether sums lie as the weights do: no lane is idle."""
        return self.shape.group == 1 and self.shape.length == self.shape.filters

    def _unpack(self, thread: int) -> None:
        packing.unpack_gradient(self.sums.found, self.sums.used, self._slot_step, self.build.parameters.gradients,
                                self.weight.start, self._packing)
