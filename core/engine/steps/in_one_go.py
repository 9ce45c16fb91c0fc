"""What convolutions share that do a range of pictures in one call: everything they work with is laid out beforehand.

What is looked up between two kernels is cold, and would take a tenth of a small layer's time.
"""

import numpy as np

from core.engine.steps.base import Floats, slot_range
from core.engine.steps.convolution import Convolution
from core.kernels import maps, pointwise

Arrays = tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats]


class ConvolutionInOneGo(Convolution):
    """One call goes forward, one back, unless a pool sits behind it: then some pictures at a time, maps in scratch."""

    # Scratch for gradients behind the gate of ReLU.
    room = "maps"

    # A subclass makes these where the layer learns: the filters for the way back, and zeros for a bias there.
    turned: Floats
    zeros: Floats

    def multiply_back(self, first: int, count: int, thread: int) -> None:
        """From the gradient of some pictures to the filters' chunks and to the input."""
        raise NotImplementedError

    def mode(self) -> int:
        """What becomes of the gradient on its way back."""
        if self.pool:
            return pointwise.AS_GIVEN
        if self.relu and not self.gets_gated:
            return pointwise.GATED
        return pointwise.SUMMED if self._biased and not self.frozen else pointwise.AS_GIVEN

    def ready(self) -> None:
        """Find the parameters, and the arrays of each thread."""
        super().ready()
        if self.build.learns:
            self.arrays = [self._arrays_of(thread) for thread in range(self.build.threads)]

    def _arrays_of(self, thread: int) -> Arrays:
        """The gradient, output, input, filters, room, sums of filters and bias, gradient of the input, zeros."""
        scratch, nothing = self.build.scratch, np.empty(0, np.float32)
        room = scratch.array(self.room, thread) if self.relu or self.pool else nothing
        given = scratch.array("maps", thread) if self.pool else self.output.gradient
        target = nothing if self.target is None else self.target
        return (nothing if given is None else given, self.output.values, self.source.values, self.turned, room,
                self.sums.array(thread), self._bias_slots, target, self.zeros)

    def forward(self, first: int, end: int, thread: int) -> None:
        """All pictures at once, unless they are pooled."""
        if self.pool:
            super().forward(first, end, thread)
            return
        self.convolve((self.source.values, first * self.shape.inputs), (self.made.values, first * self.map_numbers),
                      end - first, self.floor, thread)

    def _back(self, first: int, end: int, thread: int) -> None:
        """Through pool and ReLU to the filters' chunks and to the input."""
        if not self.pool:
            self.multiply_back(first, end - first, thread)
            return
        low, high = slot_range(first, end, self.build.chunk)
        maps.clear(self._bias_slots, low * self._bias_step, high * self._bias_step)
        for start, count in self.groups(first, end):
            self._through(start, count, thread)
            self.multiply_back(start, count, thread)
