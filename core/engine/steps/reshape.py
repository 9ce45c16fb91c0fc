"""Flatten: no work where a dense layer follows, since its weights are stored in the order of the maps."""

from core.engine.flow import Task
from core.engine.steps.base import Build, Step
from core.engine.tensor import Floats, Tensor
from core.layers.base import Array


class Transpose(Step):
    """Flatten in earnest: from height × width × channels to channels × height × width."""

    steady = False

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, [source])
        self._source, self._target = source, source.claim(build.arena) if build.learns else None

    def forward(self, first: int, end: int, thread: int) -> None:
        """Channel by channel and row by row."""
        maps, flat = self._both(self._source.values, self.output.values, first, end)
        flat[...] = maps

    def backward(self, first: int, end: int, thread: int) -> None:
        """And back."""
        if self._target is None or self.output.gradient is None:
            return
        maps, flat = self._both(self._target, self.output.gradient, first, end)
        maps[...] = flat

    def _both(self, maps: Floats, flat: Floats, first: int, end: int) -> tuple[Array, Array]:
        """The same pictures of both arrays, both seen as channels × height × width; a vector is 1×1 pixels."""
        channels, height, width = (*self._source.shape, 1, 1)[:3]
        seen = maps.reshape(-1, height, width, channels)[first:end].transpose(0, 3, 1, 2)
        return seen, flat.reshape(-1, channels, height, width)[first:end]
