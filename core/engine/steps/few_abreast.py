"""Conv2D with few channels and the 2×2 max pool behind it, for batches whose chunks are whole vectors of pictures."""

import numpy as np

from core.engine.arena import padded
from core.engine.steps.few_filters import FewFilters
from core.kernels import abreast_corners, packing
from core.kernels.processor import LANES


class FewFiltersAbreast(FewFilters):
    """The same step with pictures side by side in the lanes, so that none is idle whatever the pooled width."""

    def _plan(self, nobody: int) -> None:
        build, shape, count, source = self._build, self._shape, self._count, self._source
        whole, output = padded(count, abreast_corners.FILTERS), self.output.size
        line = shape.frame[1] * shape.channels
        self._filters, self._bias = build.arena.floats(whole * self._depth), build.arena.floats(whole + LANES)
        self._winners = build.arena.array(padded(build.batch, LANES) * output, np.int8)
        self._slot_steps = padded(self._depth * count, LANES), padded(count, LANES)
        self._sizes = np.array([shape.channels, *shape.size, *shape.corner, shape.frame[1], *shape.kernel, count,
                                self._height, self._width, source.size, output, build.chunk, *self._slot_steps])
        frames = build.per_thread(shape.frame[0] * line * LANES)
        self._maps = list(zip(frames, build.per_thread((output + LANES) * LANES), strict=True))
        if build.learns and not self._frozen:
            rooms = (4 * self._width * count, *self._slot_steps)
            self._back = list(zip(*(build.per_thread(room * LANES) for room in rooms), strict=True))
            self._slots = tuple(build.arena.floats(build.slots * step) for step in self._slot_steps)

    def refresh(self) -> None:
        """Pack filters and bias."""
        weights = self._build.parameters.weights
        abreast_corners.pack_taps(weights, self._weight.start, self._filters, self._depth, self._count)
        if self._bias_parameter is not None:
            packing.sum_slots(weights[self._bias_parameter.start:], 1, 0, self._bias, 0, self._count)

    def forward(self, first: int, end: int, thread: int) -> None:
        """Convolve, cut at zero, pool."""
        abreast_corners.pool_abreast(self._source.values, self._filters, self._bias, self.output.values, self._winners,
                                     self._maps[thread], self._floor, self._sizes, first, end)

    def backward(self, first: int, end: int, thread: int) -> None:
        """The gradient through pool and ReLU to the chunks of filters and bias."""
        if not self._frozen:
            assert self.output.gradient is not None
            slots, bias_slots = self._slots
            abreast_corners.pool_gradients_abreast(
                (self._source.values, self.output.gradient), self._winners, (slots, bias_slots),
                (*self._maps[thread], *self._back[thread]), self._sizes, first, end)

    def _gather(self, thread: int) -> None:
        build, bias, gradients = self._build, self._bias_parameter, self._build.parameters.gradients
        used, (slots, bias_slots), (step, bias_step) = build.used_slots(), self._slots, self._slot_steps
        packing.sum_slots(slots, used, step, gradients, self._weight.start, self._weight.size)
        if bias is not None:
            packing.sum_slots(bias_slots, used, bias_step, gradients, bias.start, bias.size)
