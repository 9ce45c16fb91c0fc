"""Layers that only put numbers elsewhere."""

import numpy as np

from core.engine.flow import Task
from core.engine.steps.base import Build, Step
from core.engine.tensor import Tensor
from core.kernels import maps
from core.layers.arrangement import Pad2D
from core.layers.base import Array, Shape


class Pad(Step):
    """Pad2D: the frame is filled once, its inside with every batch."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, [source])
        layer = task.layer
        assert isinstance(layer, Pad2D)
        self._source, self._target = source, source.claim(build.arena) if build.learns else None
        channels, height, width = source.shape
        row, line = width * channels, output.shape[2] * channels
        self._inside = (layer.padding[0] * output.shape[2] + layer.padding[1]) * channels
        self._out = build.settings(0, height, row, 0, source.size, row, 0, output.size, line)
        self._back = build.settings(0, height, row, 0, output.size, line, 0, source.size, row)
        self._missing = np.float32(layer.value)

    def refresh(self) -> None:
        """Fill the frame before the first batch; where the memory is only planned, nothing may be written."""
        if self._missing:
            self.output.values.fill(self._missing)
            self._missing = np.float32(0)

    def forward(self, first: int, end: int, thread: int) -> None:
        """Copy the rows in."""
        sizes = self._out[thread]
        sizes[0], sizes[3], sizes[6] = end - first, first * self._source.size, first * self.output.size + self._inside
        maps.copy_maps(self._source.values, self.output.values, sizes)

    def backward(self, first: int, end: int, thread: int) -> None:
        """Copy the rows' gradients out."""
        if self._target is None or self.output.gradient is None:
            return
        sizes = self._back[thread]
        sizes[0], sizes[3], sizes[6] = end - first, first * self.output.size + self._inside, first * self._source.size
        maps.copy_maps(self.output.gradient, self._target, sizes)


class Rearrange(Step):
    """Reshape to maps: from one order of height × width × channels, or of a vector, to another."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, [source])
        self._source, self._target = source, source.claim(build.arena) if build.learns else None
        # Each number by its place among channels × height × width, which both shapes share.
        self._places = np.argsort(_numbers(source.shape))[_numbers(output.shape)].astype(np.int32)
        self._back = np.argsort(self._places).astype(np.int32)

    def forward(self, first: int, end: int, thread: int) -> None:
        """Fetch each number from its place."""
        maps.rearrange(self._source.values, self.output.values, self._places, first, end)

    def backward(self, first: int, end: int, thread: int) -> None:
        """And back."""
        if self._target is not None and self.output.gradient is not None:
            maps.rearrange(self.output.gradient, self._target, self._back, first, end)


def _numbers(shape: Shape) -> Array:
    """For each place in the engine's order its number among channels × height × width."""
    numbers = np.arange(int(np.prod(shape)))
    return numbers if len(shape) == 1 else numbers.reshape(shape).transpose(1, 2, 0).reshape(-1)
