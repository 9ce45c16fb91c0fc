"""Convolutions of one pixel with a stride: what they see is a smaller picture, whose pixels lie apart in the input.

What goes back is as small. Where others read the input too, it is left for the step that adds up their gradients.
"""

import math
from dataclasses import replace

import numpy as np

from core.engine.flow import Task
from core.engine.steps.base import Build, Floats
from core.engine.steps.convolution import Place
from core.engine.steps.geometry import Geometry, Integers
from core.engine.steps.pointwise import PointwiseConvolution, pixels_at_a_time
from core.engine.tensor import Sample, Tensor
from core.kernels import sampling
from core.layers.conv2d import Conv2D

# Pixels forward at a time: the next ones are on their way meanwhile.
_PIXELS = 32


class SampledConvolution(PointwiseConvolution):
    """Conv2D 1×1 with a stride and no padding; `source` are the pixels that it sees, where they lie."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        layer, (channels, _, width) = task.layer, task.input_shapes[0]
        assert isinstance(layer, Conv2D)
        (down, across), seen = layer.stride, (channels, *layer.window().output(*task.input_shapes[0][1:]))
        size, back = math.prod(seen), build.learns and source.gradient is not None
        self.seen = np.array([*seen[1:], channels, source.size, down * width * channels, across * channels], np.int64)
        pixels = Tensor(seen, build.batch, source.values)
        pixels.gradient = source.spare(build.batch * size, build.arena) if back else None
        super().__init__(replace(task, layer=replace(layer, stride=(1, 1)), input_shapes=(seen,)), pixels, output,
                         build)
        self.sources = (source,)
        rows = max(1, _PIXELS // seen[2])
        self._sizes = build.settings(0, 0, 0, layer.filters, rows)
        self._places = self.places(rows)
        self._spread_to: Floats | None = None
        if pixels.gradient is not None and source.shared:
            source.samples.append(Sample(pixels.gradient, size, self.seen))
        elif back:
            self._spread_to = source.claim(build.arena)

    def places(self, rows: int) -> Integers:
        """Where the pixels of some rows lie in the input and in the output, [2, pixels]."""
        pixels, columns = np.arange(rows * self.seen[1], dtype=np.int64), self.seen[1]
        return np.stack([pixels // columns * self.seen[4] + pixels % columns * self.seen[5],
                         pixels * self.shape.filters])

    def _pixels_at_once(self, shape: Geometry) -> int:
        """Whole rows, as many in each block of a picture where it cannot go on in the next one."""
        rows, columns = shape.out
        most = max(1, pixels_at_a_time(shape) // columns)
        return columns * (most if self._follow() else -(-rows // -(-rows // most)))

    def _follow(self) -> bool:
        """Whether the first row seen of a picture lies behind the last one of the picture before as all others do."""
        return bool(self.seen[0] * self.seen[4] == self.seen[3])

    def _lie(self) -> tuple[int, int, int, int, int]:
        """Rows of pixels that lie apart."""
        _, columns, _, numbers, down, across = map(int, self.seen)
        return numbers, columns, down, across, self.build.batch if self._follow() else 1

    def stream(self) -> None:
        """What it makes is a part as large as what it reads: nothing is gained."""

    def convolve(self, frame: Place, target: Place, count: int, floor: np.float32, thread: int) -> None:
        """Each pixel seen is a row of a matrix product."""
        sizes = self._sizes[thread]
        sizes[0], sizes[1], sizes[2] = frame[1] // self.shape.inputs, count, target[1]
        sampling.convolve_samples(frame[0], self.filters, target[0], self.bias, self._places, floor, self.seen, sizes)

    def backward(self, first: int, end: int, thread: int) -> None:
        """The gradient of the pixels seen; where nobody else reads the input, that of all the others is zero."""
        super().backward(first, end, thread)
        if self._spread_to is not None and self.source.gradient is not None:
            sampling.return_pixels(self.source.gradient, self._spread_to, self.seen, first, end, False)
