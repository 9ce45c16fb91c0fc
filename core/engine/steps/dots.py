"""Convolution with so few filters that vectors lie along their rows instead of across them."""

import numpy as np

from core.engine.pool import Work
from core.engine.steps.bands import bands, turned
from core.engine.steps.convolution import Place
from core.engine.steps.direct import DirectConvolution
from core.engine.steps.sums import ChunkSums
from core.engine.tensor import Floats
from core.kernels import dots, packing, spreading


class DotConvolution(DirectConvolution):
    """Conv2D without dilation or groups, with a few filters on many channels."""

    takes_turns = False

    def _plan_forward(self) -> None:
        shape, build = self.shape, self.build
        step = (shape.stride[0] * shape.line, shape.stride[1] * shape.channels, shape.line, shape.run, shape.filters)
        self._packing = np.array([*shape.kernel, shape.channels, shape.filters])
        self._filters = build.arena.floats(shape.kernel[0] * shape.filters * shape.run)
        self.bands = bands(shape)
        self._band_rows = np.array([(*band.rows, *band.taps) for band in self.bands], np.int64)
        self._forward_dots = build.settings(0, 0, shape.frame_numbers, 0, self.map_numbers, shape.out[1], *step)

    def _plan_sums(self) -> None:
        shape, build = self.shape, self.build
        down, run = shape.kernel[0], shape.run
        self._slot_step = down * shape.filters * run
        self.sums = ChunkSums(build, self._slot_step, False, self.takes_turns)
        # Sums lie as the transposed filters do.
        places = np.arange(self._slot_step, dtype=np.int32).reshape(down, shape.filters, run)
        self._gathering = np.ascontiguousarray(places.swapaxes(1, 2)).reshape(-1)
        filters = np.arange(shape.filters, dtype=np.int64)
        self._filter_rows = np.stack([filters, filters * run])
        self._spans = np.zeros((down, 2), np.int64)
        for band in turned(self.bands, shape):
            self._spans[slice(*band.taps)] = band.rows
        self._backward_dots = build.settings(
            0, 0, build.chunk, self._slot_step, 0, shape.frame_numbers, 0, self.map_numbers, shape.out[1],
            shape.stride[0] * shape.line, shape.stride[1] * shape.channels, shape.line, shape.run, shape.filters)

    def pack(self, weights: Floats, start: int) -> None:
        """Filters with their rows in one piece."""
        packing.pack_transposed(weights, start, self._filters, self._packing)

    def convolve(self, frame: Place, target: Place, count: int, floor: np.float32, thread: int) -> None:
        """Each output number is a sum of dot products."""
        sizes = self._forward_dots[thread]
        sizes[0], sizes[1], sizes[3] = count, frame[1], target[1]
        dots.dot_windows(frame[0], self._filters, target[0], self.bias, self._band_rows, floor, sizes)

    def add_weights(self, frame: Place, gradient: Place, pictures: tuple[int, int], thread: int) -> None:
        """Sum over pixels, a few vectors of a filter's row at a time."""
        sizes = self._backward_dots[thread]
        sizes[0], sizes[1], sizes[4], sizes[6] = pictures[0], pictures[0] + pictures[1], frame[1], gradient[1]
        dots.dot_gradients(frame[0], gradient[0], self.sums.array(thread), self._zeros, self._filter_rows, self._spans,
                           sizes)

    def gathering(self) -> list[Work]:
        """Add up the slots."""
        return [self._gather]

    def _gather(self, thread: int) -> None:
        spreading.sum_by_table(self.sums.found, self.sums.used, self._slot_step, 1, 0,
                               self.build.parameters.gradients, self.weight.start, self._gathering)
