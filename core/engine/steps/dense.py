"""Dense layers and Maxout: dot products forward, register tiles backward; every row of weights has one owner."""

import numpy as np

from core.engine.arena import padded
from core.engine.flow import Task
from core.engine.pool import Work
from core.engine.steps.base import NO_FLOOR, ZERO_FLOOR, Build, Part, Step
from core.engine.steps.packed import Packed, suits
from core.engine.tensor import Floats, Tensor
from core.kernels import dense, elementwise, multiply, pooling
from core.kernels.processor import LANES
from core.layers.base import Shape
from core.layers.dense import Dense
from core.layers.maxout import Maxout

_WORK = 2_000_000  # multiply-adds of one piece of the weight gradient
_ROWS = 8
# From so many weights on they do not stay in a processor's own cache, and each is fetched only once for all pictures.
_MANY_WEIGHTS = 1 << 17
_UNITS = 16  # the units of a piece are a multiple, so that pieces do not share a cache line


class Product:
    """A matrix of weights with its bias: `units` numbers out of each picture's, and the gradients of all of it.

    `leading` is the shape of the units in the arrays of the layer. Where `whole` is set the work is cut by units and
    inputs, not by pictures.
    """

    def __init__(self, task: Task, source: Tensor, build: Build, leading: Shape, bias: bool) -> None:
        self._build, self._source, self._name, self._biased = build, source, task.name, bias
        self._frozen = task.layer.frozen
        self._inputs, self._units = source.size, int(np.prod(leading))
        self.whole = self._inputs * self._units >= _MANY_WEIGHTS
        several = self.whole and suits(build, self._inputs, self._units)
        self._packed = Packed(build, self._inputs, self._units) if several else None
        order = None
        if source.spread is not None:
            axes, front = (1, 2, 0), len(leading)
            order = ((*leading, *source.spread), (*range(front), *(front + axis for axis in axes)))
        build.parameters.declare(f"{task.name}.weight", (*leading, self._inputs), True, order)
        if bias:
            build.parameters.declare(f"{task.name}.bias", leading, True)
        self._zeros = build.arena.floats(max(self._inputs, self._units) + 2 * LANES)
        self._sizes = np.array([self._inputs, self._units, 0, self._units])
        self.target = source.claim(build.arena) if build.learns else None
        self._plan_backward()

    def _plan_backward(self) -> None:
        build, inputs, units = self._build, self._inputs, self._units
        pictures, rows = np.arange(build.batch, dtype=np.int64), np.arange(units, dtype=np.int64)
        self._picture_rows = np.stack([pictures * units, pictures * inputs])
        self._unit_rows = np.stack([rows, rows * inputs])
        self._back = build.settings(1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, units, inputs, inputs, 0)
        self._columns = build.settings(0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, units, inputs, inputs, 1)
        if self.whole and build.learns:
            build.scratch.reserve("panel", dense.ROOM)
            # The gradient of the units once more, [units, pictures].
            self._turned = build.arena.floats(units * build.batch)
            self._turned_rows = np.stack([rows * build.batch, rows * inputs])

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
        if self._packed is not None:
            self._packed.ready(self._weight, self._bias)

    def refresh(self) -> None:
        """The weights have changed."""
        if self._packed is not None:
            self._packed.refresh()

    def prepare(self, training: bool) -> None:
        """Before answers, pack the weights if they are others than for the last ones."""
        if self._packed is not None and not training:
            self._packed.prepare()

    # some pictures at a time ------------------------------------------------------------------------------------

    def forward(self, made: Floats, floor: np.float32, first: int, end: int) -> None:
        """max(x Wᵀ + b, floor)."""
        multiply.multiply_dots(self._source.values, self._weight, self._bias, made, first, end, floor, self._sizes)

    def backward(self, given: Floats, first: int, end: int, thread: int) -> None:
        """dx = dy W; where the product is done as a whole, only what prepares it."""
        if self.whole:
            dense.turn(given, self._turned, first, end, self._units, self._build.batch)
        elif self.target is not None:
            sizes = self._back[thread]
            sizes[6], sizes[7] = first, end
            multiply.multiply_rows(given, self._weight, self.target, self._zeros, self._picture_rows, NO_FLOOR, sizes)

    # all pictures at once ---------------------------------------------------------------------------------------

    def forward_works(self, made: Floats, floor: np.float32) -> list[Work]:
        """max(x Wᵀ + b, floor), some units at a time."""
        def piece(first: int, end: int) -> Work:
            sizes = np.array([self._inputs, self._units, first, end])

            def work(thread: int) -> None:
                multiply.multiply_dots(self._source.values, self._weight, self._bias, made, 0, self._build.run.count,
                                       floor, sizes)

            return work

        return [piece(*edges) for edges in self._cut(self._units, 2, _UNITS)]

    def use_works(self, made: Floats, floor: np.float32) -> list[Work]:
        """The same for answers."""
        if self._packed is None:
            return self.forward_works(made, floor)
        return self._packed.works(self._source, made, floor)

    def backward_works(self, given: Floats) -> list[Work]:
        """dx = dy W, some inputs at a time."""
        def piece(first: int, end: int) -> Work:
            sizes = np.array([0, self._units, self._inputs, first, end])

            def work(thread: int) -> None:
                sizes[0], panel = self._build.run.count, self._build.scratch.array("panel", thread)
                assert self.target is not None
                dense.multiply_panels(given, self._weight, self.target, panel, self._picture_rows, sizes)

            return work

        return [piece(*edges) for edges in self._cut(self._inputs, 4, dense.PANELS * dense.WIDTH)]

    def _cut(self, count: int, pieces: int, multiple: int) -> list[tuple[int, int]]:
        """A range in pieces for each thread; what is computed does not depend on where it is cut."""
        step = padded(-(-count // (pieces * self._build.threads)), multiple)
        return [(first, min(first + step, count)) for first in range(0, count, step)]

    def works(self, given: Floats) -> list[Work]:
        """dW = dyᵀ x over the whole batch, some rows or columns of W at a time."""
        if self._frozen:
            return []
        if self.whole:
            weights = [self._column_work(*edges) for edges in self._cut(self._inputs, 4, dense.PANELS * dense.WIDTH)]
            return [*weights, lambda thread: self._sum_bias(given, 0, self._units)]
        macs = self._units * self._inputs * self._build.batch
        pieces = min(16, -(-macs // _WORK))
        rows = -(-self._units // pieces)
        rows = -(-rows // _ROWS) * _ROWS

        def piece(first: int) -> Work:
            return lambda thread: self._gather(given, first, min(first + rows, self._units), thread)

        return [piece(first) for first in range(0, self._units, rows)]

    def _column_work(self, first: int, end: int) -> Work:
        sizes = np.array([self._units, 0, self._inputs, first, end])

        def work(thread: int) -> None:
            sizes[1], panel = self._build.run.count, self._build.scratch.array("panel", thread)
            dense.multiply_panels(self._turned, self._source.values, self._weight_gradient, panel, self._turned_rows,
                                  sizes)

        return work

    def _gather(self, given: Floats, first: int, end: int, thread: int) -> None:
        sizes = self._columns[thread]
        sizes[8], sizes[9], sizes[13] = first, end, self._build.run.count
        multiply.multiply_columns(given, self._source.values, self._weight_gradient, self._zeros, self._unit_rows,
                                  sizes)
        self._sum_bias(given, first, end)

    def _sum_bias(self, given: Floats, first: int, end: int) -> None:
        if self._bias_start >= 0:
            dense.sum_rows(given, self._build.run.count, self._units, first, end, self._build.parameters.gradients,
                           self._bias_start)


class FullyConnected(Step):
    """Dense, with the ReLU behind it."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, [source])
        layer = task.layer
        assert isinstance(layer, Dense)
        self._relu, self._floor = task.relu, ZERO_FLOOR if task.relu else NO_FLOOR
        self._product = Product(task, source, build, (layer.units,), layer.bias)

    def ready(self) -> None:
        """Find the parameters."""
        self._product.ready()

    def refresh(self) -> None:
        """A copy of the weights is out of date."""
        self._product.refresh()

    def prepare(self, training: bool) -> None:
        """Answers may want a copy of the weights."""
        self._product.prepare(training)

    def forward_parts(self) -> list[Part]:
        """All pictures at once where there are many weights."""
        if self._product.whole:
            return [Part(works=self._product.forward_works(self.output.values, self._floor))]
        return super().forward_parts()

    def use_parts(self) -> list[Part]:
        """All pictures at once where there are many weights."""
        if self._product.whole:
            return [Part(works=self._product.use_works(self.output.values, self._floor))]
        return super().use_parts()

    def backward_parts(self) -> list[Part]:
        """All pictures at once where there are many weights."""
        given = self.output.gradient
        if given is None or not self._product.whole or self._product.target is None:
            return super().backward_parts()
        return [*super().backward_parts(), Part(works=self._product.backward_works(given))]

    def forward(self, first: int, end: int, thread: int) -> None:
        """y = x Wᵀ + b."""
        self._product.forward(self.output.values, self._floor, first, end)

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

    def refresh(self) -> None:
        """A copy of the weights is out of date."""
        self._product.refresh()

    def prepare(self, training: bool) -> None:
        """Answers may want a copy of the weights."""
        self._product.prepare(training)

    def forward_parts(self) -> list[Part]:
        """All pictures at once where there are many weights."""
        if self._product.whole:
            return [Part(works=self._product.forward_works(self._pieces, NO_FLOOR)), Part(pictures=self._take_largest)]
        return super().forward_parts()

    def use_parts(self) -> list[Part]:
        """All pictures at once where there are many weights."""
        if self._product.whole:
            return [Part(works=self._product.use_works(self._pieces, NO_FLOOR)), Part(pictures=self._take_largest)]
        return super().use_parts()

    def backward_parts(self) -> list[Part]:
        """All pictures at once where there are many weights."""
        if not self._product.whole or self._product.target is None:
            return super().backward_parts()
        return [*super().backward_parts(), Part(works=self._product.backward_works(self._pieces))]

    def forward(self, first: int, end: int, thread: int) -> None:
        """max(W₁x + b₁, W₂x + b₂, …)."""
        self._product.forward(self._pieces, NO_FLOOR, first, end)
        self._take_largest(first, end, thread)

    def _take_largest(self, first: int, end: int, thread: int) -> None:
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
