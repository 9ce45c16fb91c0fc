"""Convolutions of one pixel without padding, at stride 1: the pixels of all pictures are the rows of a matrix.

One call does the way forward of a range of pictures, one the way back, unless a pool sits behind it: then some pictures
at a time, whose maps lie in scratch.
"""

import numpy as np

from core.engine.flow import Task
from core.engine.pool import Work
from core.engine.steps.base import Build, Floats
from core.engine.steps.convolution import CACHE_FLOATS, Place
from core.engine.steps.geometry import Geometry
from core.engine.steps.in_one_go import ConvolutionInOneGo
from core.engine.steps.sums import ChunkSums
from core.engine.tensor import Tensor
from core.kernels import packing, pointwise, simd
from core.kernels.processor import LANES, TILE
from core.layers.conv2d import Conv2D

_BLOCK_FLOATS = 12 * 1024
_LEAST_PIXELS, _MOST_PIXELS = 72, 480


def pixels_at_a_time(shape: Geometry) -> int:
    """Pixels of a block: what it reads and makes stays in the second-level cache; whole tiles of both heights."""
    whole = int(np.lcm(TILE.rows, TILE.tall_rows))
    fitting = _BLOCK_FLOATS // (shape.channels + shape.filters)
    return max(1, min(max(fitting, _LEAST_PIXELS), _MOST_PIXELS) // whole) * whole


class PointwiseConvolution(ConvolutionInOneGo):
    """Conv2D 1×1 at stride 1."""

    bare_maps = False
    room = "pixels"

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        assert isinstance(task.layer, Conv2D)
        shape = Geometry.of(task.layer, task.input_shapes[0])
        super().__init__(task, source, output, build, shape, CACHE_FLOATS // (shape.pixels * shape.filters))
        self._block = self._pixels_at_once(shape)
        pixels = np.arange(self._block, dtype=np.int64)
        self._rows = np.stack([pixels * shape.channels, pixels * shape.filters])
        self.filters = build.arena.floats(shape.channels * shape.length)
        self._forward = build.settings(0, 0, 0, shape.channels, shape.filters, self._block, 0)
        if task.pool:
            build.scratch.reserve("maps", self.group * self.map_numbers)
        if build.learns:
            self._plan_backward()

    def _pixels_at_once(self, shape: Geometry) -> int:
        """Pixels of a block."""
        return pixels_at_a_time(shape)

    def _lie(self) -> tuple[int, int, int, int, int]:
        """Where pixels lie in the input, and how many pictures follow each other, as `pointwise_gradients` wants it."""
        return self.shape.inputs, self._block, self._block * self.shape.channels, self.shape.channels, self.build.batch

    def _plan_backward(self) -> None:
        shape, build = self.shape, self.build
        channels = np.arange(shape.channels, dtype=np.int64)
        self._rows_back, self._weight_rows = self._rows[::-1].copy(), np.stack([channels, channels * shape.filters])
        self.turned = build.arena.floats(shape.filters * -(-shape.channels // LANES) * LANES)
        self.zeros = build.arena.floats(max(shape.channels, shape.filters) + 2 * LANES)
        self.sums = ChunkSums(build, shape.channels * shape.filters, True)
        # A block of gradients behind the gate.
        build.scratch.reserve("pixels", self._block * shape.filters if self.relu and not self.pool else 0)
        self._settings_back = build.settings(
            0, 0, build.chunk, shape.pixels, shape.channels, shape.filters, self._block, self.mode(),
            int(not self.frozen), int(self.target is not None), int(self.pool), self.sums.step, self._bias_step,
            *self._lie())

    def get_gated(self) -> None:
        """Whoever reads the output sends a gradient back that is already behind the gate of ReLU."""
        self.gets_gated = True
        for sizes in self._settings_back:
            sizes[7] = self.mode()

    def stream(self) -> None:
        """Let the output go past the caches, if the rows of a tile fill cache lines: a matter of speed alone."""
        if self.shape.filters % (2 * LANES) == 0 and 2 * LANES % simd.LINE == 0 and not self.pool:
            for sizes in self._forward:
                sizes[6] = 1

    def pack(self, weights: Floats, start: int) -> None:
        """Pack the filters in panels."""
        packing.pack_panels(weights, start, self.filters, self.shape.channels, self.shape.filters)

    def pack_back(self) -> None:
        """Turn the filters."""
        packing.pack_turned_panels(self.build.parameters.weights, self.weight.start, self.turned, self.shape.filters,
                                   self.shape.channels)

    def convolve(self, frame: Place, target: Place, count: int, floor: np.float32, thread: int) -> None:
        """Each pixel is a row of a matrix product."""
        sizes = self._forward[thread]
        sizes[0], sizes[1], sizes[2] = frame[1], target[1], count * self.shape.pixels
        pointwise.pointwise(frame[0], self.filters, target[0], self.bias, self._rows, floor, sizes)

    def multiply_back(self, first: int, count: int, thread: int) -> None:
        """All sums of some pictures in one call."""
        sizes = self._settings_back[thread]
        sizes[0], sizes[1] = first, first + count
        pointwise.pointwise_gradients(self.arrays[thread], self._rows_back, self._weight_rows, sizes)

    def gathering(self) -> list[Work]:
        """Add up the slots, which lie as the weights do."""
        return self.sums.works()
