"""Batch normalisation: the only layer whose pictures depend on each other, so threads meet for its sums."""

import math

import numpy as np

from core.engine.flow import Task
from core.engine.steps.base import NO_FLOOR, ZERO_FLOOR, Build, Floats, Part, Step
from core.engine.tensor import Tensor
from core.kernels import elementwise, normalisation
from core.kernels.sweeps import PERIOD
from core.layers.batch_norm import BatchNorm


class Normalise(Step):
    """BatchNorm, with an Add of another branch and the ReLU behind it.

    Statistics are those of the batch in training, running ones in use. What the output's readers send back is added up
    here, in the pass that makes the sums.
    """

    def __init__(self, task: Task, sources: list[Tensor], output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, sources)
        layer = task.layer
        assert isinstance(layer, BatchNorm)
        self._build, self._source, self._layer, self._relu = build, sources[0], layer, task.relu
        self._other = sources[1] if len(sources) > 1 else None
        order = None
        if self._source.spread is not None:
            order = (self._source.spread, (1, 2, 0))
        for name, spec in layer.arrays(*task.input_shapes).items():
            build.parameters.declare(f"{task.name}.{name}", spec.shape, spec.trained, order)
        self._target = self._source.claim(build.arena) if build.learns else None
        self._other_target = self._other.claim(build.arena) if build.learns and self._other is not None else None
        self.lends = None if self._other_target is output.gradient else self._other_target
        self.folded = False  # whether in use the convolution before does this step's work
        self._plan_sums()

    def _plan_sums(self) -> None:
        channels, build = self._source.channels, self._build
        width = math.lcm(channels, PERIOD)
        self._pixels = self._source.pixels
        self._sizes = np.array([self._source.size, width, build.chunk, channels], np.int64)
        self._shifts = build.arena.floats(build.slots * width)
        self._sums = build.arena.array(build.slots * 2 * width, np.float64)
        self._found, self._totals = np.zeros(2 * channels), np.zeros(2 * channels)
        self._settings = np.array([self._layer.epsilon, 0.0 if self._relu else -np.inf])
        self._no_floor = np.array([self._layer.epsilon, -np.inf])
        # Each of one number per channel: mean, factor, shift, floor, and the share of a second reader's gradient.
        self._table, self._use_table = build.arena.floats(5 * width), build.arena.floats(4 * width)
        self._slopes = build.arena.floats(6 * width)

    def ready(self) -> None:
        """Find the parameters in the flat array."""
        parameters = self._build.parameters

        def stretch(flat: Floats, name: str) -> Floats:
            place = parameters.table[f"{self.name}.{name}"]
            return flat[place.start:place.end]

        self._weight, self._bias = stretch(parameters.weights, "weight"), stretch(parameters.weights, "bias")
        self._running_mean = stretch(parameters.weights, "running_mean")
        self._running_var = stretch(parameters.weights, "running_var")
        self._weight_gradient = stretch(parameters.gradients, "weight")
        self._bias_gradient = stretch(parameters.gradients, "bias")
        self._readers, self._stale = self.output.others, True

    def refresh(self) -> None:
        """The factors for use, of the running statistics, are others now."""
        self._stale = True

    def prepare(self, training: bool) -> None:
        """The factors for use are made when they are asked for."""
        if training:
            self._table[4 * len(self._table) // 5:] = 1.0 if self._readers else 0.0
            return
        if not self._stale:
            return
        self._stale = False
        found = np.concatenate([self._running_mean, self._running_var]).astype(float)
        self._fill(found, self._use_table)

    def in_use(self) -> tuple[np.ndarray, np.ndarray]:
        """Factor and shift of each channel in use, in double precision."""
        factor = self._weight / np.sqrt(self._running_var.astype(float) + self._layer.epsilon)
        return factor, self._bias - self._running_mean * factor

    @property
    def folded_floor(self) -> np.float32:
        """Where a convolution that does this step's work cuts off; another branch has to be added first."""
        return ZERO_FLOOR if self._relu and self._other is None else NO_FLOOR

    def _fill(self, found: np.ndarray, table: Floats) -> None:
        normalisation.fill_table(found, self._weight, self._bias, self._settings, table, self._sizes)

    # forward ----------------------------------------------------------------------------------------------------

    def forward_parts(self) -> list[Part]:
        """Sums over the batch, the statistics, the numbers."""
        return [Part(pictures=self._measure), Part(once=self._settle), Part(pictures=self.forward)]

    def use_parts(self) -> list[Part]:
        """The numbers, since running statistics are known before; where they are made already, the other branch."""
        if not self.folded:
            return [Part(pictures=self.forward)]
        return [Part(pictures=self._add_other)] if self._other is not None else []

    def _add_other(self, first: int, end: int, thread: int) -> None:
        other, made, floor = self._other, self.output.values, ZERO_FLOOR if self._relu else NO_FLOOR
        assert other is not None
        elementwise.sum_two(made, other.values, made, floor, first, end, self.output.size)

    def _measure(self, first: int, end: int, thread: int) -> None:
        if self._build.run.training:
            normalisation.channel_sums(self._source.values, self._shifts, self._sums, self._sizes, first, end)

    def _settle(self) -> None:
        if self._build.run.training:
            normalisation.statistics(self._shifts, self._sums, self._found, self._sizes, self._build.run.count)
            self._fill(self._found, self._table)

    def forward(self, first: int, end: int, thread: int) -> None:
        """γ (x − μ) / √(σ² + ε) + β, and the other branch."""
        table = self._table if self._build.run.training else self._use_table
        if self._other is None:
            normalisation.normalise(self._source.values, self.output.values, table, self._sizes, first, end)
        else:
            normalisation.normalise_and_add(self._source.values, self._other.values, self.output.values, table,
                                            self._sizes, first, end)

    # backward ---------------------------------------------------------------------------------------------------

    def backward_parts(self) -> list[Part]:
        """Sums over the batch, the weight gradients, the numbers."""
        return [Part(pictures=self._measure_back), Part(once=self._settle_back), Part(pictures=self.backward)]

    @property
    def _joined(self) -> bool:
        """Whether the gradient behind ReLU is written down: others need it, or it is a sum."""
        return self._other is not None or bool(self._readers)

    @property
    def _passed(self) -> Floats:
        """Where the gradient behind ReLU lies, or before it where it is not written down."""
        given = self.output.gradient
        assert given is not None
        return given if self._other_target is None else self._other_target

    def _measure_back(self, first: int, end: int, thread: int) -> None:
        given, values = self.output.gradient, self._source.values
        assert given is not None
        self.output.add_samples(first, end)
        if not self._joined:
            normalisation.gradient_sums(given, values, self._table, self._sums, self._sizes, first, end)
            return
        for each in self._readers[1:]:
            elementwise.add_rows(each, given, first, end, self.output.size)
        other = self._readers[0] if self._readers else given
        normalisation.joined_gradient_sums(given, other, self.output.values, values, self._passed, self._table,
                                           self._sums, self._sizes, first, end)

    def _settle_back(self) -> None:
        count = self._build.run.count
        normalisation.add_up(self._sums, self._totals, self._sizes, count)
        if not self._layer.frozen:
            normalisation.weight_gradients(self._found, self._totals, self._layer.epsilon, self._weight_gradient,
                                           self._bias_gradient)
        settings = self._no_floor if self._joined else self._settings
        normalisation.fill_slopes(self._found, self._totals, settings, self._table, self._slopes, self._sizes,
                                  count * self._pixels)

    def backward(self, first: int, end: int, thread: int) -> None:
        """The gradient through the batch's own mean and variance."""
        if self._target is not None:
            normalisation.normalise_gradient(self._passed, self._source.values, self._target, self._slopes,
                                             self._sizes, first, end)

    def commit(self) -> None:
        """Let the running statistics follow; the variance is the unbiased one."""
        if not self._layer.frozen:
            normalisation.follow(self._found, self._running_mean, self._running_var, self._layer.momentum,
                                 self._build.run.count * self._pixels)
            self.refresh()
