"""Batch normalisation: the only layer whose pictures depend on each other, so threads meet for its sums."""

import numpy as np

from core.engine.flow import Task
from core.engine.steps.base import NO_FLOOR, ZERO_FLOOR, Build, Part, Step, hand_back
from core.engine.tensor import Tensor
from core.kernels import elementwise, normalisation
from core.layers.base import Array
from core.layers.batch_norm import BatchNorm

_WIDTH = 128  # numbers that the kernels take at a time, at least


class Normalise(Step):
    """BatchNorm, with the ReLU behind it: statistics of the batch in training, running ones in use."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, [source])
        layer = task.layer
        assert isinstance(layer, BatchNorm)
        self._build, self._source, self._layer, self._relu = build, source, layer, task.relu
        order = None
        if source.spread is not None:
            order = (source.spread, (1, 2, 0))
        for name, spec in layer.arrays(*task.input_shapes).items():
            build.parameters.declare(f"{task.name}.{name}", spec.shape, spec.trained, order)
        self._target = source.claim(build.arena) if build.learns else None
        self._channels, self._pixels = source.channels, source.pixels
        self._repeated = max(1, min(self._pixels, _WIDTH // source.channels))
        width = self._repeated * source.channels
        channels = source.channels
        self._sizes = np.array([source.size, width, build.chunk], np.int64)
        self._sums = build.arena.array(build.slots * 2 * width, np.float64)
        self._forward_table, self._sum_table = build.arena.floats(3 * width), build.arena.floats(2 * width)
        self._backward_table = build.arena.floats(4 * width)
        self._mean, self._variance = np.zeros(channels), np.ones(channels)
        self._scale = np.ones(channels)

    def ready(self) -> None:
        """Find the parameters in the flat array."""
        parameters = self._build.parameters

        def stretch(flat: Array, name: str) -> Array:
            place = parameters.table[f"{self.name}.{name}"]
            return flat[place.start:place.end]

        self._weight, self._bias = stretch(parameters.weights, "weight"), stretch(parameters.weights, "bias")
        self._running_mean = stretch(parameters.weights, "running_mean")
        self._running_var = stretch(parameters.weights, "running_var")
        self._weight_gradient = stretch(parameters.gradients, "weight")
        self._bias_gradient = stretch(parameters.gradients, "bias")

    def forward_parts(self) -> list[Part]:
        """Sums over the batch, the statistics, the numbers."""
        return [Part(pictures=self._measure), Part(once=self._settle), Part(pictures=self.forward)]

    def backward_parts(self) -> list[Part]:
        """Sums over the batch, the weight gradients, the numbers."""
        return [Part(pictures=self._measure_back), Part(once=self._settle_back), Part(pictures=self.backward)]

    def _total(self) -> tuple[Array, Array]:
        """Both sums over the batch, added up in the order of the chunks."""
        used = self._build.used_slots()
        total = self._sums.reshape(-1, 2, self._repeated, self._channels)[:used].sum(axis=(0, 2))
        return total[0], total[1]

    def _fill(self, table: Array, *rows: Array) -> None:
        """Write rows of one number per channel into a kernel's table."""
        table.reshape(len(rows), self._repeated, self._channels)[...] = np.stack(rows)[:, None]

    def _measure(self, first: int, end: int, thread: int) -> None:
        if self._build.run.training:
            normalisation.channel_sums(self._source.values, self._sums, self._sizes, first, end)

    def _settle(self) -> None:
        if self._build.run.training:
            count = self._build.run.count * self._pixels
            plain, squares = self._total()
            self._mean = plain / count
            self._variance = np.maximum(squares / count - self._mean**2, 0.0)
        else:
            self._mean, self._variance = self._running_mean.astype(float), self._running_var.astype(float)
        self._scale = 1 / np.sqrt(self._variance + self._layer.epsilon)
        self._fill(self._forward_table, self._mean, self._weight * self._scale, self._bias)
        self._fill(self._sum_table, self._mean, self._scale)

    def forward(self, first: int, end: int, thread: int) -> None:
        """γ (x − μ) / √(σ² + ε) + β."""
        normalisation.normalise(self._source.values, self.output.values, self._forward_table,
                                ZERO_FLOOR if self._relu else NO_FLOOR, self._sizes, first, end)

    def _measure_back(self, first: int, end: int, thread: int) -> None:
        given = self.output.gradient
        assert given is not None
        if self._relu:
            elementwise.gate_rows(given, self.output.values, first, end, self.output.size)
        normalisation.gradient_sums(given, self._source.values, self._sum_table, self._sums, self._sizes, first, end)

    def _settle_back(self) -> None:
        plain, products = self._total()
        if not self._layer.frozen:
            self._bias_gradient[:], self._weight_gradient[:] = plain, products
        count = self._build.run.count * self._pixels
        self._fill(self._backward_table, self._mean, self._weight * self._scale, plain / count,
                   self._scale * products / count)

    def backward(self, first: int, end: int, thread: int) -> None:
        """The gradient through the batch's own mean and variance."""
        given = self.output.gradient
        if self._target is not None and given is not None:
            normalisation.normalise_gradient(given, self._source.values, self._backward_table, self._sizes, first, end)
            hand_back(given, self._target, (first, end), self.output.size)

    def commit(self) -> None:
        """Let the running statistics follow; the variance is the unbiased one."""
        if self._layer.frozen:
            return
        count, share = self._build.run.count * self._pixels, self._layer.momentum
        unbiased = self._variance * (count / max(1, count - 1))
        self._running_mean[:] = (1 - share) * self._running_mean + share * self._mean
        self._running_var[:] = (1 - share) * self._running_var + share * unbiased
