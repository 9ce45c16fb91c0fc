"""Convolutions of one pixel with a stride: the pixels they see are taken out, and are a smaller picture without one.

What goes back is small as well. Where others read the input too, it is left for the step that adds up their gradients.
"""

import math
from dataclasses import replace

import numpy as np

from core.engine.flow import Task
from core.engine.steps.base import Build, Floats
from core.engine.steps.convolution import Place
from core.engine.steps.pointwise import PointwiseConvolution
from core.engine.tensor import Sample, Tensor
from core.kernels import sampling
from core.kernels.processor import TILE
from core.layers.conv2d import Conv2D


class SampledConvolution(PointwiseConvolution):
    """Conv2D 1×1 with a stride and no padding; `source` holds the pixels that it sees, `whole` is what they are of."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        layer, (channels, _, width) = task.layer, task.input_shapes[0]
        assert isinstance(layer, Conv2D)
        (down, across), seen = layer.stride, (channels, *layer.window().output(*task.input_shapes[0][1:]))
        size, back = math.prod(seen), build.learns and source.gradient is not None
        taken = Tensor(seen, build.batch, build.arena.floats(build.batch * size))
        taken.gradient = source.spare(build.batch * size, build.arena) if back else None
        super().__init__(replace(task, layer=replace(layer, stride=(1, 1)), input_shapes=(seen,)), taken, output, build)
        self.whole, self.sources = source, (source,)
        self._seen = np.array([*seen[1:], channels, source.size, down * width * channels, across * channels], np.int64)
        rows = max(1, TILE.rows // seen[2])
        self._sizes = build.settings(0, 0, 0, layer.filters, rows)
        pixels = np.arange(rows * seen[2], dtype=np.int64)
        self._places = np.stack([pixels * channels, pixels * layer.filters])
        self._spread_to: Floats | None = None
        if taken.gradient is not None and source.shared:
            source.samples.append(Sample(taken.gradient, size, self._seen))
        elif back:
            self._spread_to = source.claim(build.arena)

    def convolve(self, frame: Place, target: Place, count: int, floor: np.float32, thread: int) -> None:
        """Row by row the pixels are taken out and multiplied."""
        sizes = self._sizes[thread]
        sizes[0], sizes[1], sizes[2] = frame[1] // self.shape.inputs, count, target[1]
        sampling.convolve_samples(self.whole.values, frame[0], self._filters, target[0], self.bias, self._places, floor,
                                  self._seen, sizes)

    def backward(self, first: int, end: int, thread: int) -> None:
        """The gradient of the pixels seen; where nobody else reads the input, that of all the others is zero."""
        super().backward(first, end, thread)
        if self._spread_to is not None and self.source.gradient is not None:
            sampling.return_pixels(self.source.gradient, self._spread_to, self._seen, first, end, False)
