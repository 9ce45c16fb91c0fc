"""3×3 convolution at stride 1 by Winograd's F(4×4, 3×3): a quarter of the products.

Channels and filters are whole vectors. The weight gradients of a chunk are kept as positions while its pictures are
worked on, and turned into weights at its end.
"""

from collections.abc import Iterator

import numpy as np

from core.engine.flow import Task
from core.engine.pool import Work
from core.engine.steps.base import NO_FLOOR, Build, sums_of_slots
from core.engine.steps.convolution import Convolution, Place
from core.engine.steps.geometry import BLOCK, Geometry
from core.engine.tensor import Tensor
from core.kernels import maps, multiply, packing, winograd
from core.kernels.processor import LANES, TILE
from core.layers.conv2d import Conv2D

_POSITIONS = 36
_LEAST_TILES, _MOST_TILES = 16, 128
_TILE_NUMBERS = 8192  # tiles × channels worked on at a time: their positions then fit the second-level cache


def tiles_at_a_time(each: int, channels: int) -> int:
    """How many pictures of `each` tiles are worked on together: enough tiles, whole register tiles, little memory."""
    most = max(1, min(_MOST_TILES, _TILE_NUMBERS // channels) // each)
    least = min(most, -(-_LEAST_TILES // each))
    def idle(count: int) -> float:
        return -(-count * each // TILE.rows) * TILE.rows / (count * each)

    return min(range(most, least - 1, -1), key=idle)


def _panel(columns: int) -> int:
    """How many columns of a product lie together: as many as a register tile makes."""
    return 2 * LANES if columns % (2 * LANES) == 0 else LANES


class WinogradConvolution(Convolution):
    """Conv2D 3×3 at stride 1."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        assert isinstance(task.layer, Conv2D)
        shape = Geometry.of(task.layer, task.input_shapes[0]).in_blocks()
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
        self._read = build.settings(0, *shape.blocks, shape.channels, 0, shape.frame_numbers, shape.line,
                                    self._data_step)
        self._product = self._product_settings(shape.channels, self._data_step, shape.filters, self._output_step)
        self._panels = np.array([shape.channels, shape.filters, _panel(shape.filters), self._matrix_step])
        line = shape.out[1] * shape.filters
        self._write = build.settings(0, *shape.blocks, shape.filters, 0, self.map_numbers, line, self._output_step,
                                     *shape.out)

    def _plan_backward(self) -> None:
        shape, build = self.shape, self.build
        down, across = shape.blocks
        build.scratch.reserve("gradient", _POSITIONS * self._output_step)
        build.scratch.reserve("weights", _POSITIONS * self._matrix_step)
        self._swapped = build.arena.floats(9 * self._matrix)
        self._filters_back = build.arena.floats(_POSITIONS * self._matrix_step)
        self._swapping = np.array([9, 1, shape.channels, shape.filters, 1, 1, shape.filters])
        self._slots = build.arena.floats(build.slots * 9 * self._matrix)
        channels = np.arange(shape.channels, dtype=np.int64)
        self._weight_rows = np.stack([channels, channels * shape.filters])
        line = BLOCK * across * shape.filters
        self._whole = (BLOCK * down, BLOCK * across) == shape.out
        if not self._whole:
            build.scratch.reserve("blocks", self.group * BLOCK * down * line)
        self._fill = build.settings(0, shape.out[0], shape.out[1] * shape.filters, 0, self.map_numbers,
                                    shape.out[1] * shape.filters, 0, BLOCK * down * line, line)
        self._read_gradient = build.settings(0, down, across, shape.filters, 0, BLOCK * down * line, line,
                                             self._output_step)
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

    def convolve(self, frame: Place, target: Place, count: int, floor: np.float32, thread: int) -> None:
        """Patches to positions, products, positions to blocks of output."""
        scratch, tiles = self.build.scratch, count * self._tiles
        data, product = scratch.array("data", thread), scratch.array("product", thread)
        self._read_data(frame, data, count, thread)
        sizes = self._product[thread]
        sizes[7] = tiles
        multiply.multiply_rows(data, self._filters, product, self._zeros, self._rows, NO_FLOOR, sizes)
        sizes = self._write[thread]
        sizes[0], sizes[4] = count, target[1]
        winograd.output_from_positions(product, target[0], self.bias, floor, sizes)

    def _read_data(self, frame: Place, data: np.ndarray, count: int, thread: int) -> None:
        sizes = self._read[thread]
        sizes[0], sizes[4] = count, frame[1]
        winograd.data_positions(frame[0], data, sizes)

    def _read_back(self, gradient: Place, count: int, thread: int) -> np.ndarray:
        """The output's gradient as positions."""
        if not self._whole:
            blocks, sizes = self.build.scratch.array("blocks", thread), self._fill[thread]
            maps.clear(blocks, 0, count * int(sizes[7]))
            sizes[0], sizes[3] = count, gradient[1]
            maps.copy_maps(gradient[0], blocks, sizes)
            gradient = (blocks, 0)
        made, sizes = self.build.scratch.array("gradient", thread), self._read_gradient[thread]
        sizes[0], sizes[4] = count, gradient[1]
        winograd.gradient_positions(gradient[0], made, sizes)
        return made

    def add_weights(self, frame: Place, gradient: Place, pictures: tuple[int, int], thread: int) -> None:
        """Sum over tiles, position by position; at the chunk's end turn the sums into weight gradients."""
        (start, count), chunk = pictures, self.build.chunk
        data, sums = self.build.scratch.array("data", thread), self.build.scratch.array("weights", thread)
        self._read_data(frame, data, count, thread)
        slopes, sizes = self._read_back(gradient, count, thread), self._columns[thread]
        sizes[13], sizes[17] = count * self._tiles, int(start % chunk == 0)
        multiply.multiply_columns(data, slopes, sums, self._zeros, self._weight_rows, sizes)
        if (start + count) % chunk == 0 or start + count == self.build.run.count:
            place = start // chunk * 9 * self._matrix
            maps.clear(self._slots, place, place + 9 * self._matrix)
            winograd.weights_from_positions(sums, self._slots, place, self._matrix, self._matrix_step)

    def add_inputs(self, gradient: Place, frame: Place, count: int, thread: int) -> None:
        """The gradient's positions times the transposed filters', back to patches."""
        # Where the weights learn, their gradient has just made the positions.
        made = self.build.scratch.array("gradient", thread)
        if self.frozen:
            made = self._read_back(gradient, count, thread)
        product, sizes = self.build.scratch.array("product", thread), self._product_back[thread]
        sizes[7] = count * self._tiles
        multiply.multiply_rows(made, self._filters_back, product, self._zeros, self._rows_back, NO_FLOOR, sizes)
        sizes = self._read[thread]
        sizes[0], sizes[4] = count, frame[1]
        winograd.frame_from_positions(product, frame[0], sizes)

    def gathering(self) -> list[Work]:
        """Add up the chunks."""
        return sums_of_slots(self.build, self._slots, self.weight)
