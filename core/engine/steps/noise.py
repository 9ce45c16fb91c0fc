"""Layers that are random in training."""

import numpy as np

from core.engine.flow import Task
from core.engine.steps.base import Build, Part, Step, hand_back
from core.engine.tensor import Tensor
from core.kernels import elementwise, noise
from core.layers.dropout import Dropout


class Drop(Step):
    """Dropout. Which numbers are dropped follows from seed, step, layer name, picture and place, so nothing is kept."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, [source])
        layer = task.layer
        assert isinstance(layer, Dropout)
        self._build, self._source, self._rate = build, source, layer.rate
        self._target = source.claim(build.arena) if build.learns else None
        self._keys = np.zeros(3, np.uint32)
        self._scale = np.float32(1 / (1 - layer.rate))

    def forward_parts(self) -> list[Part]:
        """New keys, then the pictures."""
        return [Part(once=self._draw), Part(pictures=self.forward)]

    def _draw(self) -> None:
        run = self._build.run
        seeds = np.random.SeedSequence([run.seed, run.step, *self.name.encode()])
        self._keys[:2] = seeds.generate_state(2, np.uint32)
        self._keys[2] = np.uint32(min(round(self._rate * 2**32), 2**32 - 1))

    def _active(self) -> bool:
        return self._build.run.training and self._build.run.noise and self._rate > 0

    def forward(self, first: int, end: int, thread: int) -> None:
        """Drop some, scale the rest; in inference nothing changes."""
        made, size = self.output.values, self.output.size
        elementwise.copy_rows(self._source.values, made, first, end, size)
        if self._active():
            noise.dropout_rows(made, self._keys, self._scale, first, end, size)

    def backward(self, first: int, end: int, thread: int) -> None:
        """The same places, the same scale."""
        given, size = self.output.gradient, self.output.size
        if self._target is None or given is None:
            return
        if self._active():
            noise.dropout_rows(given, self._keys, self._scale, first, end, size)
        hand_back(given, self._target, (first, end), size)
