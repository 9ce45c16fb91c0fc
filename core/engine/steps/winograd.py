"""3×3 convolution at stride 1 by Winograd's F(4×4, 3×3): a quarter of the products.

Channels and filters are whole vectors. The weight gradients of a chunk are kept as positions while its pictures are
worked on, and turned into weights at its end.
"""

import numpy as np

from core.engine.arena import padded
from core.engine.flow import Task
from core.engine.pool import Work
from core.engine.steps.base import Build, Floats, slot_range
from core.engine.steps.convolution import CLIPPED, Convolution
from core.engine.steps.geometry import Geometry
from core.engine.steps.sums import ChunkSums
from core.engine.tensor import Tensor
from core.kernels import maps, winograd, winograd_passes
from core.kernels.processor import LANES
from core.kernels.winograd_products import TAIL, panel_width
from core.layers.conv2d import Conv2D

_POSITIONS = 36
# From so many filters × channels on their positions for the way back take the place of those for the way forward.
_LARGE = 4096
_LEAST_TILES, _MOST_TILES = 32, 128
_SUMS = 4096  # weights whose gradients are summed at a time
_TILE_NUMBERS = 6400  # tiles × channels worked on at a time: their positions then fit the second-level cache
# With so many tiles the sums of many filters, which lie further away, are seldom added to.
_WANTED_TILES = 64


def tiles_at_a_time(each: int, channels: int, chunk: int) -> int:
    """How many pictures of `each` tiles are worked on together: enough tiles, whole register tiles, little memory.

    Sums of weight gradients end with a chunk of the batch, so more pictures than it has would gain nothing there.
    """
    least = -(-_LEAST_TILES // each)
    most = max(least, min(_MOST_TILES, _TILE_NUMBERS // channels) // each)

    def idle(count: int) -> float:
        return padded(count * each, TAIL) / (count * each)

    return max(min(range(most, least - 1, -1), key=idle), min(_WANTED_TILES // each, chunk))


class WinogradConvolution(Convolution):
    """Conv2D 3×3 at stride 1."""

    bare_maps = False

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        assert isinstance(task.layer, Conv2D)
        shape = Geometry.of(task.layer, task.input_shapes[0]).unframed()
        self._tiles = shape.blocks[0] * shape.blocks[1]
        group = tiles_at_a_time(self._tiles, max(shape.channels, shape.filters), build.chunk)
        super().__init__(task, source, output, build, shape, group)
        self._matrix = shape.channels * shape.filters
        tiles = padded(self.group * self._tiles, TAIL)
        # Not a power of two apart, else all positions of a vector would meet in one set of the first-level cache.
        self._data_step, self._output_step = tiles * shape.channels + LANES, tiles * shape.filters + LANES
        self._matrix_step = self._matrix + LANES
        self._plan_forward()
        if build.learns:
            self._plan_backward()

    def _plan_forward(self) -> None:
        shape, build = self.shape, self.build
        self._filters = build.arena.floats(_POSITIONS * self._matrix_step)
        build.scratch.reserve("data", _POSITIONS * self._data_step)
        build.scratch.reserve("product", _POSITIONS * max(self._output_step, self._data_step))
        self._read = build.settings(0, *shape.blocks, shape.channels, 0, self._data_step, *shape.size, *shape.corner)
        self._product = build.settings(_POSITIONS, 0, shape.channels, shape.filters, self._data_step,
                                       self._matrix_step, self._output_step)
        self._panels = np.array([shape.channels, shape.filters, panel_width(shape.filters), self._matrix_step])
        made = (shape.out[0] // 2, shape.out[1] // 2) if self.pool else shape.out
        self._write = build.settings(0, *shape.blocks, shape.filters, 0, self._output_step, *made, 0,
                                     self._winner_step, CLIPPED if self.relu else 0)

    def _plan_backward(self) -> None:
        shape, build = self.shape, self.build
        build.scratch.reserve("gradient", _POSITIONS * self._output_step)
        self._block = self._channels_at_a_time()
        self._sums_step = self._block * shape.filters + LANES
        build.scratch.reserve("weights", _POSITIONS * self._sums_step)
        self.one_package = self._matrix >= _LARGE or self.target is None
        self._swapped = build.arena.floats(winograd.SWAPPED)
        self._filters_back = self._filters if self.one_package else build.arena.floats(_POSITIONS * self._matrix_step)
        self.sums = ChunkSums(build, 9 * self._matrix, True)
        made = (shape.out[0] // 2, shape.out[1] // 2) if self.pool else shape.out
        self._read_back = build.settings(0, *shape.blocks, shape.filters, 0, self._output_step, *made, 0, 0,
                                         self._winner_step)
        self._columns = build.settings(_POSITIONS, 0, shape.channels, shape.filters, self._data_step,
                                       self._output_step, self._sums_step, 0, 0, 0)
        self._product_back = build.settings(_POSITIONS, 0, shape.filters, shape.channels, self._output_step,
                                            self._matrix_step, self._data_step)
        self._panels_back = np.array([shape.channels, shape.filters, panel_width(shape.channels), self._matrix_step])

    def _channels_at_a_time(self) -> int:
        """How many channels' weight gradients are summed at a time: so many that they stay in the cache.

        All of them where a chunk is worked on in several groups, over which the sums go on.
        """
        if self.group < min(self.build.chunk, self.build.batch):
            return self.shape.channels
        return min(self.shape.channels, max(LANES, _SUMS // self.shape.filters // LANES * LANES))

    def pack(self, weights: Floats, start: int) -> None:
        """Filters as positions."""
        winograd.weight_positions(weights, start, self._filters, self._panels)

    def pack_back(self) -> None:
        """Filters transposed, as positions."""
        winograd.weight_positions_back(self.build.parameters.weights, self.weight.start, self._swapped,
                                       self._filters_back, self._panels_back)

    def _walk(self, first: int, end: int) -> list[int]:
        """The beginning of what the passes want to know."""
        pooled = winograd_passes.POOL if self.build.run.training else winograd_passes.POOL_IN_USE
        behind = pooled if self.pool else winograd_passes.RELU if self.relu else winograd_passes.BARE
        return [first, end, self.group, self._tiles, self.source.size, self.output.size, self._winner_step, behind]

    def forward(self, first: int, end: int, thread: int) -> None:
        """Patches to positions, products, positions to blocks of output, some pictures at a time."""
        array = self.build.scratch.array
        winograd_passes.convolve(
            self.source.values, self._filters, self.bias, self.made.values, self._winners,
            (array("data", thread), array("product", thread)), self.floor,
            self._read[thread], self._product[thread], self._write[thread], np.array(self._walk(first, end)))

    def _back(self, first: int, end: int, thread: int) -> None:
        """The output's gradient as positions; from them those of the filters' chunks and of the input."""
        array, given, chunk = self.build.scratch.array, self.output.gradient, self.build.chunk
        assert given is not None
        low, high = slot_range(first, end, chunk)
        maps.clear(self._bias_slots, low * self._bias_step, high * self._bias_step)
        walk = [*self._walk(first, end), chunk, self.sums.step, self._bias_step, self._block, int(not self.frozen),
                int(self.target is not None), self.build.run.count]
        winograd_passes.send_back(
            given, self.output.values, self._winners, self.source.values,
            given if self.target is None else self.target, self._filters_back,
            self.sums.array(thread), self._bias_slots,
            (array("data", thread), array("gradient", thread), array("product", thread), array("weights", thread)),
            self._read_back[thread], self._read[thread], self._columns[thread], self._product_back[thread],
            np.array(walk))

    def gathering(self) -> list[Work]:
        """Add up the chunks."""
        return self.sums.works()
