"""Convolution by definition, through register tiles: any filter size, stride and padding.

Forward, each output pixel is a row of a matrix product with the packed filters. The input gradient turns that around:
each output pixel's gradient times the transposed filters is added to the pixels its window covered. The weight gradient
sums over pixels.
"""

import numpy as np

from core.engine.flow import Task
from core.engine.pool import Work
from core.engine.steps.base import NO_FLOOR, Build, Floats, sums_of_slots
from core.engine.steps.convolution import CACHE_FLOATS, Convolution, Place
from core.engine.steps.geometry import Geometry
from core.engine.tensor import Tensor
from core.kernels import multiply, packing
from core.kernels.processor import LANES
from core.layers.conv2d import Conv2D


class DirectConvolution(Convolution):
    """Conv2D without dilation or groups."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        assert isinstance(task.layer, Conv2D)
        shape = Geometry.of(task.layer, task.input_shapes[0])
        super().__init__(task, source, output, build, shape, self.together(shape))
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
        self._rows = np.stack([shape.window_places(shape.group, False), shape.output_places(shape.group, False)])
        self._forward = build.settings(
            0, 0, shape.frame_numbers, 0, self.map_numbers, 0, 0, self._rows.shape[1], 1, 0, 0,
            shape.kernel[0], shape.line, shape.widened * shape.length, shape.widened, shape.length,
            self._live_columns(), 0)

    def _live_columns(self) -> int:
        """How many lanes of the output are stored.

        In scratch the rows come in order, so what a full vector writes behind its pixel the next pixel corrects; that
        spares the masks.
        """
        shape = self.shape
        loose = self.pool and shape.length <= 2 * LANES
        return shape.length if loose else shape.group * shape.filters

    def _plan_backward(self) -> None:
        shape, build = self.shape, self.build
        places = shape.weight_places()
        self._transposed = build.arena.floats(shape.kernel[0] * shape.filters * shape.run)
        self._zeros = build.arena.floats(max(shape.run, shape.length) + 2 * LANES)
        self._down_rows = np.stack([shape.output_places(1, True), shape.window_places(1, True)])
        self._weight_rows = np.stack([places, np.arange(len(places), dtype=np.int64) * shape.length])
        self._slot_step = len(places) * shape.length
        self._slots = build.arena.floats(build.slots * self._slot_step)
        self._scatter = build.settings(
            0, 0, self.map_numbers, 0, shape.frame_numbers, 0, 0, shape.pixels, shape.kernel[0], shape.line,
            shape.filters * shape.run, 1, 0, 0, shape.filters, shape.run, shape.run, 1)
        self._columns = build.settings(
            0, 0, build.chunk, self._slot_step, 0, shape.frame_numbers, 0, self.map_numbers,
            0, len(places), shape.out[0], shape.stride[0] * shape.line, shape.out[1] * shape.filters,
            shape.out[1] // shape.group, shape.group * shape.stride[1] * shape.channels, shape.group * shape.filters,
            shape.length, 1)

    def pack(self, weights: Floats, start: int) -> None:
        """Pack the filters."""
        packing.pack_filters(weights, start, self._filters, self._packing)

    def pack_back(self) -> None:
        """Transpose the filters."""
        packing.pack_transposed(self.build.parameters.weights, self.weight.start, self._transposed, self._packing)

    def convolve(self, frame: Place, target: Place, count: int, floor: np.float32, thread: int) -> None:
        """Each output pixel is a row of a matrix product."""
        sizes = self._forward[thread]
        sizes[0], sizes[1], sizes[3] = count, frame[1], target[1]
        multiply.multiply_rows(frame[0], self._filters, target[0], self.bias, self._rows, floor, sizes)

    def add_weights(self, frame: Place, gradient: Place, pictures: tuple[int, int], thread: int) -> None:
        """Sum over pixels, one row for each weight of a filter."""
        sizes = self._columns[thread]
        sizes[0], sizes[1], sizes[4], sizes[6] = pictures[0], pictures[0] + pictures[1], frame[1], gradient[1]
        multiply.multiply_columns(frame[0], gradient[0], self._slots, self._zeros, self._weight_rows, sizes)

    def add_inputs(self, gradient: Place, frame: Place, count: int, thread: int) -> None:
        """Each output pixel's gradient times the transposed filters, added where its window lay."""
        sizes = self._scatter[thread]
        sizes[0], sizes[1], sizes[3] = count, gradient[1], frame[1]
        multiply.multiply_rows(gradient[0], self._transposed, frame[0], self._zeros, self._down_rows, NO_FLOOR, sizes)

    def gathering(self) -> list[Work]:
        """Add up the slots, which where no lane is idle lie as the weights do."""
        if self.shape.group == 1 and self.shape.length == self.shape.filters:
            return sums_of_slots(self.build, self._slots, self.weight)
        return [self._unpack]

    def _unpack(self, thread: int) -> None:
        packing.unpack_gradient(self._slots, self.build.used_slots(), self._slot_step, self.build.parameters.gradients,
                                self.weight.start, self._packing)
