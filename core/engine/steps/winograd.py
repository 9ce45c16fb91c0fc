"""3×3 convolution at stride 1 by Winograd's F(4×4, 3×3): a quarter of the products.

Channels and filters are whole vectors. The weight gradients of a chunk are kept as positions while its pictures are
worked on, and turned into weights at its end.
"""

from collections.abc import Iterator

import numpy as np

from core.engine.flow import Task
from core.engine.pool import Work
from core.engine.steps.base import NO_FLOOR, ZERO_FLOOR, Build, Floats, slot_range, sums_of_slots
from core.engine.steps.convolution import CLIPPED, Convolution
from core.engine.steps.geometry import Geometry
from core.engine.tensor import Tensor
from core.kernels import maps, multiply, packing, winograd, winograd_maps
from core.kernels.processor import LANES, TILE
from core.layers.conv2d import Conv2D

_POSITIONS = 36
_LEAST_TILES, _MOST_TILES = 32, 128
_TILE_NUMBERS = 6400  # tiles × channels worked on at a time: their positions then fit the second-level cache


def tiles_at_a_time(each: int, channels: int) -> int:
    """How many pictures of `each` tiles are worked on together: enough tiles, whole register tiles, little memory."""
    least = -(-_LEAST_TILES // each)
    most = max(least, min(_MOST_TILES, _TILE_NUMBERS // channels) // each)

    def idle(count: int) -> float:
        return -(-count * each // TILE.rows) * TILE.rows / (count * each)

    return min(range(most, least - 1, -1), key=idle)


def _panel(columns: int) -> int:
    """How many columns of a product lie together: as many as a register tile makes."""
    return 2 * LANES if columns % (2 * LANES) == 0 else LANES


class WinogradConvolution(Convolution):
    """Conv2D 3×3 at stride 1."""

    bare_maps = False

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        assert isinstance(task.layer, Conv2D)
        shape = Geometry.of(task.layer, task.input_shapes[0]).unframed()
        self._tiles = shape.blocks[0] * shape.blocks[1]
        group = tiles_at_a_time(self._tiles, max(shape.channels, shape.filters))
        super().__init__(task, source, output, build, shape, group)
        self._matrix = shape.channels * shape.filters
        tiles = self.group * self._tiles
        # Not a power of two apart, else all positions of a vector would meet in one set of the first-level cache.
        self._data_step, self._output_step = tiles * shape.channels + LANES, tiles * shape.filters + LANES
        self._matrix_step = self._matrix + LANES
        self._zeros = build.arena.floats(max(shape.channels, shape.filters) + 2 * LANES)
        self._plan_forward()
        if build.learns:
            self._plan_backward()

    def _plan_forward(self) -> None:
        shape, build, each = self.shape, self.build, np.arange(self.group * self._tiles, dtype=np.int64)
        self._filters = build.arena.floats(_POSITIONS * self._matrix_step)
        self._rows = np.stack([each * shape.channels, each * shape.filters])
        build.scratch.reserve("data", _POSITIONS * self._data_step)
        build.scratch.reserve("product", _POSITIONS * max(self._output_step, self._data_step))
        self._read = build.settings(0, *shape.blocks, shape.channels, 0, self._data_step, *shape.size, *shape.corner)
        self._product = self._product_settings(shape.channels, self._data_step, shape.filters, self._output_step)
        self._panels = np.array([shape.channels, shape.filters, _panel(shape.filters), self._matrix_step])
        made = (shape.out[0] // 2, shape.out[1] // 2) if self.pool else shape.out
        self._write = build.settings(0, *shape.blocks, shape.filters, 0, self._output_step, *made, 0,
                                     self._winner_step, CLIPPED if self.relu else 0)

    def _plan_backward(self) -> None:
        shape, build = self.shape, self.build
        build.scratch.reserve("gradient", _POSITIONS * self._output_step)
        build.scratch.reserve("weights", _POSITIONS * self._matrix_step)
        self._swapped = build.arena.floats(9 * self._matrix)
        self._filters_back = build.arena.floats(_POSITIONS * self._matrix_step)
        self._swapping = np.array([9, 1, shape.channels, shape.filters, 1, 1, shape.filters])
        self._slots = build.arena.floats(build.slots * 9 * self._matrix)
        channels = np.arange(shape.channels, dtype=np.int64)
        self._weight_rows = np.stack([channels, channels * shape.filters])
        made = (shape.out[0] // 2, shape.out[1] // 2) if self.pool else shape.out
        self._read_back = build.settings(0, *shape.blocks, shape.filters, 0, self._output_step, *made, 0, 0,
                                         self._winner_step)
        self._columns = build.settings(0, _POSITIONS, 1, self._matrix_step, 0, self._data_step, 0, self._output_step,
                                       0, shape.channels, 1, 0, 0, 0, shape.channels, shape.filters, shape.filters, 0)
        self._rows_back = np.ascontiguousarray(self._rows[::-1])
        self._product_back = self._product_settings(shape.filters, self._output_step, shape.channels, self._data_step)
        self._panels_back = np.array([shape.filters, shape.channels, _panel(shape.channels), self._matrix_step])

    def _product_settings(self, depth: int, step: int, columns: int, made_step: int) -> list[np.ndarray]:
        """A product of tiles × depth with depth × columns for each position, one panel of columns after the other."""
        panel = _panel(columns)
        return self.build.settings(_POSITIONS, 0, step, 0, made_step, self._matrix_step, 0, 0, columns // panel, panel,
                                   panel * depth, 1, 0, 0, depth, panel, panel, 0)

    def groups(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Some pictures at a time, never from two chunks: the sums of a chunk must not depend on who works on it."""
        chunk = self.build.chunk
        for begin in range(first, end, chunk):
            for start in range(begin, min(begin + chunk, end), self.group):
                yield start, min(self.group, begin + chunk - start, end - start)

    def pack(self) -> None:
        """Filters as positions; and transposed, for the way back."""
        weights, start = self.build.parameters.weights, self.weight.start
        winograd.weight_positions(weights, start, self._filters, self._panels)
        if self.target is not None:
            packing.pack_transposed(weights, start, self._swapped, self._swapping)
            winograd.weight_positions(self._swapped, 0, self._filters_back, self._panels_back)

    # forward ----------------------------------------------------------------------------------------------------

    def forward(self, first: int, end: int, thread: int) -> None:
        """Patches to positions, products, positions to blocks of output."""
        product = self.build.scratch.array("product", thread)
        for start, count in self.groups(first, end):
            sizes = self._product[thread]
            sizes[7] = count * self._tiles
            data = self._read_data(start, count, thread)
            multiply.multiply_rows(data, self._filters, product, self._zeros, self._rows, NO_FLOOR, sizes)
            self._write_output(product, start, count, thread)

    def _read_data(self, start: int, count: int, thread: int) -> Floats:
        """The pictures as positions."""
        data, sizes = self.build.scratch.array("data", thread), self._read[thread]
        sizes[0], sizes[4] = count, start * self.source.size
        winograd_maps.data_positions(self.source.values, data, sizes)
        return data

    def _write_output(self, product: Floats, start: int, count: int, thread: int) -> None:
        floor, sizes, made = ZERO_FLOOR if self.relu else NO_FLOOR, self._write[thread], self.output.values
        sizes[0], sizes[4], sizes[8] = count, start * self.output.size, start * self._winner_step
        if self.pool:
            winograd_maps.pooled_from_positions(product, made, self._winners, self.bias, floor, sizes)
        else:
            winograd_maps.output_from_positions(product, made, self.bias, floor, sizes)

    # backward ---------------------------------------------------------------------------------------------------

    def backward(self, first: int, end: int, thread: int) -> None:
        """The output's gradient as positions; from them those of the filters' chunks and of the input."""
        if self.frozen and self.target is None:
            return
        low, high = slot_range(first, end, self.build.chunk)
        maps.clear(self._bias_slots, low * self._bias_step, high * self._bias_step)
        for start, count in self.groups(first, end):
            slopes = self._read_gradient(start, count, thread)
            if not self.frozen:
                self._sum_weights(slopes, start, count, thread)
            if self.target is not None:
                self._send_positions(slopes, self.target, start, count, thread)

    def _read_gradient(self, start: int, count: int, thread: int) -> Floats:
        """The gradient of the bare convolution's output as positions; the bias's chunks get their part."""
        given, made, sizes = self.output.gradient, self.build.scratch.array("gradient", thread), self._read_back[thread]
        assert given is not None
        sizes[0], sizes[4], sizes[8] = count, start * self.output.size, start // self.build.chunk * self._bias_step
        sizes[9] = start * self._winner_step
        if self.pool:
            winograd_maps.unpooled_positions(given, self._winners, made, self._bias_slots, sizes)
        elif self.relu:
            winograd_maps.gated_positions(given, self.output.values, made, self._bias_slots, sizes)
        else:
            winograd_maps.gradient_positions(given, made, self._bias_slots, sizes)
        return made

    def _sum_weights(self, slopes: Floats, start: int, count: int, thread: int) -> None:
        """Sum over tiles, position by position; at the chunk's end turn the sums into weight gradients."""
        chunk, sums, sizes = self.build.chunk, self.build.scratch.array("weights", thread), self._columns[thread]
        data = self._read_data(start, count, thread)
        sizes[13], sizes[17] = count * self._tiles, int(start % chunk == 0)
        multiply.multiply_columns(data, slopes, sums, self._zeros, self._weight_rows, sizes)
        if (start + count) % chunk == 0 or start + count == self.build.run.count:
            place = start // chunk * 9 * self._matrix
            winograd.weights_from_positions(sums, self._slots, place, self._matrix, self._matrix_step)

    def _send_positions(self, slopes: Floats, target: Floats, start: int, count: int, thread: int) -> None:
        """The gradient's positions times the transposed filters', back to patches of the input's gradient."""
        product, sizes = self.build.scratch.array("product", thread), self._product_back[thread]
        sizes[7] = count * self._tiles
        multiply.multiply_rows(slopes, self._filters_back, product, self._zeros, self._rows_back, NO_FLOOR, sizes)
        sizes = self._read[thread]
        sizes[0], sizes[4] = count, start * self.source.size
        winograd_maps.pictures_from_positions(product, target, sizes)

    def gathering(self) -> list[Work]:
        """Add up the chunks."""
        return sums_of_slots(self.build, self._slots, self.weight)
