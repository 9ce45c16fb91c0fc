"""Conv2D with few filters and the 2×2 max pool behind it, as the first layer of many networks is."""

import numpy as np

from core.engine.arena import padded
from core.engine.flow import Task
from core.engine.pool import Work
from core.engine.steps.base import NO_FLOOR, ZERO_FLOOR, Build, Step
from core.engine.steps.geometry import Geometry
from core.engine.tensor import Tensor
from core.kernels import corners, packing
from core.kernels.processor import LANES
from core.layers.conv2d import Conv2D

_CLIPPED = 4
_MOST_CHANNELS = 4
# What lies between the convolution and the pool never leaves the registers here.
_BONUS = 1.2


def suits(task: Task, source: Tensor) -> bool:
    """Whether a convolution is done faster here than by the register tiles: nothing is sent back, lanes are full."""
    layer = task.layer
    assert isinstance(layer, Conv2D)
    if not task.pool or source.gradient is not None or layer.stride != (1, 1):
        return False
    shape = Geometry.of(layer, task.input_shapes[0])
    if shape.channels > _MOST_CHANNELS or layer.kernel[1] > LANES or min(shape.out) < 2:
        return False
    width, filters = shape.out[1] // 2, layer.filters
    here = width / padded(width, LANES) * filters / padded(filters, corners.FILTERS)
    there = shape.group * filters / shape.length * shape.run / shape.widened
    return here * _BONUS > there


class FewFilters(Step):
    """Conv2D at stride 1 with the pool, and maybe a ReLU, behind it; no gradient goes to its input."""

    exact = True

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, [source])
        layer = task.layer
        assert isinstance(layer, Conv2D)
        self._build, self._source, self._frozen, self._biased = build, source, layer.frozen, layer.bias
        self._floor = ZERO_FLOOR if task.relu else NO_FLOOR
        self._shape = shape = Geometry.of(layer, task.input_shapes[0])
        order = ((layer.filters, shape.channels, *layer.kernel), (2, 3, 1, 0))
        build.parameters.declare(f"{task.name}.weight", order[0], True, order)
        if layer.bias:
            build.parameters.declare(f"{task.name}.bias", (layer.filters,), True)
        self._count, self._whole = layer.filters, padded(layer.filters, corners.FILTERS)
        self._height, self._width = shape.out[0] // 2, shape.out[1] // 2
        self._step = padded(self._width, LANES)
        self._half = padded(-(-shape.frame[1] // 2), LANES)
        self._depth = shape.kernel[0] * shape.run
        self._taps = self._places()
        self._plan(_CLIPPED if task.relu else 0)

    def _places(self) -> np.ndarray:
        """Where each tap lies under the four corners of the first window: [row][column][channel] by corner."""
        shape, line = self._shape, 2 * self._half
        down, across, channel = np.meshgrid(*map(np.arange, (*shape.kernel, shape.channels)), indexing="ij")
        found = []
        for corner in range(4):
            row, column = down + corner // 2, across + corner % 2
            place = (channel * shape.frame[0] + row) * line + column % 2 * self._half + column // 2
            found.append(place.reshape(-1))
        return np.stack(found, axis=1).astype(np.int64).reshape(-1)

    def _plan(self, nobody: int) -> None:
        build, shape, line = self._build, self._shape, 2 * self._half
        blocks, step, whole = self._whole // corners.FILTERS, self._step, self._whole
        self._filters, self._bias = build.arena.floats(whole * self._depth), build.arena.floats(whole + LANES)
        frame = shape.channels * shape.frame[0] * line + 2 * LANES
        windows = whole * self._height * step
        self._winners = build.arena.array(build.batch * windows + LANES, np.int8)
        self._parting = np.array([shape.channels, *shape.size, *shape.corner, shape.frame[0], self._half])
        self._sizes = np.array([blocks, self._height, self._width, step, self._count, self._depth, nobody,
                                shape.inputs, build.chunk])
        rooms = (line + 2 * LANES, frame, whole * step)
        self._rooms = list(zip(*map(build.per_thread, rooms), strict=True))
        if build.learns and not self._frozen:
            # The way back has a row of windows of its own, which stays zero behind the last window.
            rows, planes = build.per_thread(whole * step), build.per_thread(4 * windows)
            self._back_rooms = [(*room[:2], row, plane)
                                for room, row, plane in zip(self._rooms, rows, planes, strict=True)]
            self._sums = (build.arena.floats(build.slots * whole * self._depth * LANES),
                          build.arena.floats(build.slots * whole * LANES))

    def ready(self) -> None:
        """Find the parameters in the flat array."""
        table = self._build.parameters.table
        self._weight = table[f"{self.name}.weight"]
        self._bias_parameter = table[f"{self.name}.bias"] if self._biased else None

    def refresh(self) -> None:
        """Pack filters and bias."""
        weights = self._build.parameters.weights
        corners.pack_blocks(weights, self._weight.start, self._filters, self._count, self._depth)
        if self._bias_parameter is not None:
            packing.sum_slots(weights[self._bias_parameter.start:], 1, 0, self._bias, 0, self._count)

    def forward(self, first: int, end: int, thread: int) -> None:
        """Convolve, cut at zero, pool."""
        corners.convolve_and_pool(self._source.values, self._filters, self._bias, self._taps, self.output.values,
                                  self._winners, self._rooms[thread], self._floor, self._parting, self._sizes, first,
                                  end)

    def backward(self, first: int, end: int, thread: int) -> None:
        """The gradient through pool and ReLU to the chunks of filters and bias."""
        if not self._frozen:
            assert self.output.gradient is not None
            corners.add_gradients(self._source.values, self.output.gradient, self._winners, self._taps, self._sums,
                                  self._back_rooms[thread], self._parting, self._sizes, first, end)

    def gradient_works(self) -> list[Work]:
        """Add up chunks and lanes."""
        return [] if self._frozen else [self._gather]

    def _gather(self, thread: int) -> None:
        build, weight, bias = self._build, self._weight, self._bias_parameter
        used, gradients, room = build.used_slots(), build.parameters.gradients, self._rooms[thread][2]
        corners.gather_lanes(self._sums[0], used, self._whole * self._depth * LANES, self._count, self._depth,
                             gradients, weight.start, room)
        if bias is not None:
            corners.gather_lanes(self._sums[1], used, self._whole * LANES, self._count, 1, gradients, bias.start, room)
