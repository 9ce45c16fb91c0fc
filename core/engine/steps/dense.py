"""Dense layers and Maxout: dot products forward, register tiles backward; every row of weights has one owner."""

import numpy as np

from core.engine.flow import Task
from core.engine.pool import Work
from core.engine.steps.base import NO_FLOOR, ZERO_FLOOR, Build, Step
from core.engine.tensor import Floats, Tensor
from core.kernels import dense, elementwise, multiply, pooling
from core.kernels.processor import LANES
from core.layers.base import Shape
from core.layers.dense import Dense
from core.layers.maxout import Maxout

_WORK = 4_000_000  # multiply-adds of one piece of the weight gradient
_ROWS = 8


class Product:
    """A matrix of weights with its bias: `units` numbers out of each picture's, and the gradients of all of it.

    `leading` is the shape of the units in the arrays of the layer.
    """

    def __init__(self, task: Task, source: Tensor, build: Build, leading: Shape, bias: bool) -> None:
        self._build, self._source, self._name, self._biased = build, source, task.name, bias
        self._frozen = task.layer.frozen
        self._inputs, self._units = source.size, int(np.prod(leading))
        order = None
        if source.spread is not None:
            axes, front = (1, 2, 0), len(leading)
            order = ((*leading, *source.spread), (*range(front), *(front + axis for axis in axes)))
        build.parameters.declare(f"{task.name}.weight", (*leading, self._inputs), True, order)
        if bias:
            build.parameters.declare(f"{task.name}.bias", leading, True)
        self._zeros = build.arena.floats(max(self._inputs, self._units) + 2 * LANES)
        self._sizes = np.array([self._inputs, self._units])
        self.target = source.claim(build.arena) if build.learns else None
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
        weight = parameters.table[f"{self._name}.weight"]
        self._weight = parameters.weights[weight.start:weight.end]
        self._weight_gradient = parameters.gradients[weight.start:weight.end]
        self._bias, self._bias_start = self._zeros, -1
        if self._biased:
            bias = parameters.table[f"{self._name}.bias"]
            self._bias, self._bias_start = parameters.weights[bias.start:bias.end], bias.start

    def forward(self, made: Floats, floor: np.float32, first: int, end: int) -> None:
        """max(x Wᵀ + b, floor)."""
        multiply.multiply_dots(self._source.values, self._weight, self._bias, made, first, end, floor, self._sizes)

    def backward(self, given: Floats, first: int, end: int, thread: int) -> None:
        """dx = dy W."""
        if self.target is None:
            return
        sizes = self._back[thread]
        sizes[6], sizes[7] = first, end
        multiply.multiply_rows(given, self._weight, self.target, self._zeros, self._picture_rows, NO_FLOOR, sizes)

    def works(self, given: Floats) -> list[Work]:
        """dW = dyᵀ x over the whole batch, some rows of W at a time."""
        if self._frozen:
            return []
        macs = self._units * self._inputs * self._build.batch
        pieces = max(1, min(16, macs // _WORK))
        rows = -(-self._units // pieces)
        rows = -(-rows // _ROWS) * _ROWS

        def piece(first: int) -> Work:
            return lambda thread: self._gather(given, first, min(first + rows, self._units), thread)

        return [piece(first) for first in range(0, self._units, rows)]

    def _gather(self, given: Floats, first: int, end: int, thread: int) -> None:
        count = self._build.run.count
        sizes = self._columns[thread]
        sizes[8], sizes[9], sizes[13] = first, end, count
        multiply.multiply_columns(given, self._source.values, self._weight_gradient, self._zeros, self._unit_rows,
                                  sizes)
        if self._bias_start >= 0:
            dense.sum_rows(given, count, self._units, first, end, self._build.parameters.gradients, self._bias_start)


class FullyConnected(Step):
    """Dense, with the ReLU behind it."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, [source])
        layer = task.layer
        assert isinstance(layer, Dense)
        self._relu = task.relu
        self._product = Product(task, source, build, (layer.units,), layer.bias)

    def ready(self) -> None:
        """Find the parameters."""
        self._product.ready()

    def forward(self, first: int, end: int, thread: int) -> None:
        """y = x Wᵀ + b."""
        self._product.forward(self.output.values, ZERO_FLOOR if self._relu else NO_FLOOR, first, end)

    def backward(self, first: int, end: int, thread: int) -> None:
        """Through the ReLU, then dx = dy W."""
        given = self.output.gradient
        assert given is not None
        if self._relu:
            elementwise.gate_rows(given, self.output.values, first, end, self.output.size)
        self._product.backward(given, first, end, thread)

    def gradient_works(self) -> list[Work]:
        """dW = dyᵀ x."""
        given = self.output.gradient
        return [] if given is None else self._product.works(given)


class LargestPiece(Step):
    """Maxout: one product for all pieces, of which the largest is kept, as a pool over a column of pieces."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, [source])
        layer = task.layer
        assert isinstance(layer, Maxout)
        self._product = Product(task, source, build, (layer.pieces, layer.units), layer.bias)
        # Forward what the pieces say, backward their gradients.
        self._pieces = build.arena.floats(build.batch * layer.pieces * layer.units)
        self._winners = build.arena.array(output.values.size, np.int32)
        self._sizes = np.array([layer.pieces, 1, layer.units, 1, 1, layer.pieces, 1, 1, 1, 0, 0], np.int64)

    def ready(self) -> None:
        """Find the parameters."""
        self._product.ready()

    def forward(self, first: int, end: int, thread: int) -> None:
        """max(W₁x + b₁, W₂x + b₂, …)."""
        self._product.forward(self._pieces, NO_FLOOR, first, end)
        pooling.max_pool(self._pieces, self.output.values, self._winners, self._sizes, first, end)

    def backward(self, first: int, end: int, thread: int) -> None:
        """To the winners' weights only."""
        given = self.output.gradient
        assert given is not None
        pooling.max_pool_gradient(given, self._winners, self._pieces, self._sizes, first, end)
        self._product.backward(self._pieces, first, end, thread)

    def gradient_works(self) -> list[Work]:
        """The weights of all pieces at once."""
        return self._product.works(self._pieces)
