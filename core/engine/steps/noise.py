"""Layers that are random in training.

What is drawn follows from seed, step, layer name, picture and place, so nothing is kept for the way back.
"""

import numpy as np

from core.engine.flow import Task
from core.engine.steps.base import Build, Step, hand_back
from core.engine.tensor import Tensor
from core.kernels import elementwise, noise
from core.layers.dropout import Dropout
from core.layers.rectified import NoisyReLU, RReLU

_ZERO = np.float32(0)


class _Random(Step):
    """What they share: two keys that are new for every step."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, [source])
        self._build, self._source = build, source
        self._target = source.claim(build.arena) if build.learns else None
        self._keys = np.zeros(3, np.uint32)

    def prepare(self, training: bool) -> None:
        """New keys for the batch."""
        run = self._build.run
        seeds = np.random.SeedSequence([run.seed, run.step, *self.name.encode()])
        self._keys[:2] = seeds.generate_state(2, np.uint32)

    def _drawing(self) -> bool:
        return self._build.run.training and self._build.run.noise


class Drop(_Random):
    """Dropout."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task, source, output, build)
        layer = task.layer
        assert isinstance(layer, Dropout)
        self._rate = layer.rate
        self._keys[2] = np.uint32(min(round(layer.rate * 2**32), 2**32 - 1))
        self._scale = np.float32(1 / (1 - layer.rate))

    def _active(self) -> bool:
        return self._drawing() and self._rate > 0

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


class Noisy(_Random):
    """NoisyReLU: noise in training, and then ReLU in place."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task, source, output, build)
        assert isinstance(task.layer, NoisyReLU)
        self._deviation = np.float32(task.layer.sigma)

    def forward(self, first: int, end: int, thread: int) -> None:
        """max(0, x + ε); in inference max(0, x)."""
        given, made, size = self._source.values, self.output.values, self.output.size
        if self._drawing() and self._deviation > 0:
            noise.normal_rows(given, made, self._keys, self._deviation, first, end, size)
            given = made
        elementwise.leaky_rows(given, made, _ZERO, first, end, size)

    def backward(self, first: int, end: int, thread: int) -> None:
        """Where the output is above zero."""
        given, size = self.output.gradient, self.output.size
        if self._target is not None and given is not None:
            elementwise.leaky_gradient(given, self.output.values, _ZERO, first, end, size)
            hand_back(given, self._target, (first, end), size)


class RandomSlope(_Random):
    """RReLU: in inference all slopes are drawn from the middle to the middle."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task, source, output, build)
        layer = task.layer
        assert isinstance(layer, RReLU)
        self._range = (np.float32(layer.low), np.float32(layer.high - layer.low))
        self._middle = (np.float32(layer.middle), _ZERO)

    def forward(self, first: int, end: int, thread: int) -> None:
        """x above zero, slope·x elsewhere."""
        values, slopes = self._source.values, self._range if self._drawing() else self._middle
        noise.random_slope_rows(values, self.output.values, self._keys, *slopes, first, end, self.output.size)

    def backward(self, first: int, end: int, thread: int) -> None:
        """The same slopes."""
        given, size = self.output.gradient, self.output.size
        if self._target is None or given is None:
            return
        slopes = self._range if self._drawing() else self._middle
        noise.random_slope_gradient(given, self._source.values, self._keys, *slopes, first, end, size)
        hand_back(given, self._target, (first, end), size)
