"""Dense layers: dot products forward, register tiles backward; every row of weights has one owner."""

import numpy as np

from core.engine.flow import Task
from core.engine.pool import Work
from core.engine.steps.base import NO_FLOOR, ZERO_FLOOR, Build, Step
from core.engine.tensor import Tensor
from core.kernels import dense, elementwise, multiply
from core.kernels.processor import LANES
from core.layers.dense import Dense

_WORK = 4_000_000  # multiply-adds of one piece of the weight gradient
_ROWS = 8


class FullyConnected(Step):
    """Dense, with the ReLU behind it."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, [source])
        layer = task.layer
        assert isinstance(layer, Dense)
        self._build, self._source, self._layer, self._relu = build, source, layer, task.relu
        self._inputs, self._units = source.size, output.size
        order = None
        if source.spread is not None:
            order = ((layer.units, *source.spread), (0, 2, 3, 1))
        build.parameters.declare(f"{task.name}.weight", (layer.units, self._inputs), True, order)
        if layer.bias:
            build.parameters.declare(f"{task.name}.bias", (layer.units,), True)
        self._zeros = build.arena.floats(max(self._inputs, self._units) + 2 * LANES)
        self._sizes = np.array([self._inputs, self._units])
        self._gradient_target = source.claim(build.arena) if build.learns else None
        pictures, units = np.arange(build.batch, dtype=np.int64), np.arange(self._units, dtype=np.int64)
        self._picture_rows = np.stack([pictures * self._units, pictures * self._inputs])
        self._unit_rows = np.stack([units, units * self._inputs])
        self._back = build.settings(1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, self._units, self._inputs,
                                    self._inputs, 0)
        self._columns = build.settings(0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, self._units, self._inputs,
                                       self._inputs, 1)

    def ready(self) -> None:
        """Find the parameters in the flat array."""
        parameters = self._build.parameters
        weight = parameters.table[f"{self.name}.weight"]
        self._weight = parameters.weights[weight.start:weight.end]
        self._weight_gradient = parameters.gradients[weight.start:weight.end]
        self._bias, self._bias_start = self._zeros, -1
        if self._layer.bias:
            bias = parameters.table[f"{self.name}.bias"]
            self._bias, self._bias_start = parameters.weights[bias.start:bias.end], bias.start

    def forward(self, first: int, end: int, thread: int) -> None:
        """y = x Wᵀ + b."""
        multiply.multiply_dots(self._source.values, self._weight, self._bias, self.output.values, first, end,
                               ZERO_FLOOR if self._relu else NO_FLOOR, self._sizes)

    def backward(self, first: int, end: int, thread: int) -> None:
        """dx = dy W."""
        given = self.output.gradient
        assert given is not None
        if self._relu:
            elementwise.gate_rows(given, self.output.values, first, end, self._units)
        if self._gradient_target is None:
            return
        sizes = self._back[thread]
        sizes[6], sizes[7] = first, end
        multiply.multiply_rows(given, self._weight, self._gradient_target, self._zeros, self._picture_rows,
                               NO_FLOOR, sizes)

    def gradient_works(self) -> list[Work]:
        """dW = dyᵀ x over the whole batch, some rows of W at a time."""
        if self._layer.frozen:
            return []
        macs = self._units * self._inputs * self._build.batch
        pieces = max(1, min(16, macs // _WORK))
        rows = -(-self._units // pieces)
        rows = -(-rows // _ROWS) * _ROWS

        def piece(first: int) -> Work:
            return lambda thread: self._gather(first, min(first + rows, self._units), thread)

        return [piece(first) for first in range(0, self._units, rows)]

    def _gather(self, first: int, end: int, thread: int) -> None:
        count, given = self._build.run.count, self.output.gradient
        assert given is not None
        sizes = self._columns[thread]
        sizes[8], sizes[9], sizes[13] = first, end, count
        multiply.multiply_columns(given, self._source.values, self._weight_gradient, self._zeros, self._unit_rows,
                                  sizes)
        if self._bias_start >= 0:
            dense.sum_rows(given, count, self._units, first, end, self._build.parameters.gradients, self._bias_start)
