"""A convolution with a stride and a 1×1 that reads the same maps, worked on together, a few pictures at a time.

The 1×1 does little with what it reads: by itself it would wait for memory, where the other has just brought it.
"""

import numpy as np

from core.engine.steps.base import Step
from core.engine.steps.regions import RegionConvolution
from core.engine.steps.sampled import SampledConvolution
from core.kernels.siblings import convolve_siblings

# Chunks of a batch that go back together: what they read stays in the second-level cache.
_CHUNKS = 2


class Siblings(Step):
    """The work on pictures of two steps, which stay what they are otherwise; the larger one lends its name."""

    def __init__(self, large: RegionConvolution, small: SampledConvolution) -> None:
        super().__init__(large.name, large.output, large.sources)
        self.large, self.small, self.steps = large, small, (large, small)
        self.macs = large.macs + small.macs
        self._rows = small.places(small.shape.out[0])
        self._seen = np.array([small.shape.pixels, small.shape.channels, small.shape.filters], np.int64)

    def forward(self, first: int, end: int, thread: int) -> None:
        """Make the outputs of both."""
        large, small = self.large, self.small
        convolve_siblings(large.source.values, (large.filters, large.made.values, large.bias), *large.forward_tables,
                          large.forward_sizes, (small.filters, small.made.values, small.bias), self._rows, self._seen,
                          (large.floor, small.floor), first, end)

    def backward(self, first: int, end: int, thread: int) -> None:
        """Both ways back, by turns."""
        together = _CHUNKS * self.large.build.chunk
        for begin in range(first, end, together):
            for step in self.steps:
                step.backward(begin, min(end, begin + together), thread)
