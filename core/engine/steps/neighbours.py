"""Local response normalisation."""

import numpy as np

from core.engine.flow import Task
from core.engine.steps.base import Build, Step, hand_back
from core.engine.tensor import Floats, Tensor
from core.kernels import neighbours
from core.layers.local_response_norm import LocalResponseNorm

# Numbers that fill vectors: where a pixel has fewer, several pixels are taken at once.
_ENOUGH = 64


def masks_of(channels: int, pixels: int, before: int, behind: int) -> Floats:
    """1 where a neighbour is of the same pixel: a row for each, then as the neighbours see it. None for one pixel."""
    if pixels == 1:
        return np.zeros(0, np.float32)
    channel = np.tile(np.arange(channels), pixels)
    shifts = [*range(-before, behind + 1), *range(-behind, before + 1)]
    inside = [(channel + shift >= 0) & (channel + shift < channels) for shift in shifts]
    return np.concatenate(inside).astype(np.float32)


class Neighbours(Step):
    """LocalResponseNorm. The way back computes the divisors again, which is cheaper than keeping them."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, [source])
        layer = task.layer
        assert isinstance(layer, LocalResponseNorm)
        self._source, self._target = source, source.claim(build.arena) if build.learns else None
        channels = source.channels
        before, behind = min(layer.size // 2, channels - 1), min((layer.size - 1) // 2, channels - 1)
        self._numbers = np.array([layer.alpha / layer.size, layer.k, -layer.beta], np.float32)
        pixels = max(1, _ENOUGH // channels)
        self._masks = masks_of(channels, pixels, before, behind)
        self._sizes = np.array([source.size, pixels * channels, before, behind], np.int64)
        self._work = build.per_thread(2 * pixels * channels + 2 * (before + pixels * channels + behind))

    def forward(self, first: int, end: int, thread: int) -> None:
        """x / (k + α/n Σ x²)^β."""
        neighbours.normalise_neighbours(self._source.values, self.output.values, self._work[thread], self._numbers,
                                        self._masks, self._sizes, first, end)

    def backward(self, first: int, end: int, thread: int) -> None:
        """Through the number itself and through its neighbours' divisors."""
        given = self.output.gradient
        if self._target is not None and given is not None:
            neighbours.normalise_neighbours_gradient(given, self._source.values, self._work[thread], self._numbers,
                                                     self._masks, self._sizes, first, end)
            hand_back(given, self._target, (first, end), self.output.size)
