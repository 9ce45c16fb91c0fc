"""Layers with a few trained numbers per channel: PReLU, APL, Scale."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from core.engine.flow import Task
from core.engine.parameters import Order
from core.engine.pool import Work
from core.engine.steps.base import Build, Step, hand_back
from core.engine.tensor import Tensor
from core.kernels import per_channel
from core.layers.base import Shape

_WIDTH = 128  # numbers that the kernels take at a time, at least


class _PerChannel(Step):
    """A row of the kernels' table and of their sums for each number a channel has, in the order of the arrays."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, [source])
        self._build, self._source, self._frozen = build, source, task.layer.frozen
        shapes = {name: spec.shape for name, spec in task.layer.arrays(*task.input_shapes).items()}
        for name, shape in shapes.items():
            build.parameters.declare(f"{task.name}.{name}", shape, True, _order(shape, source.spread))
        self._counts = {name: int(np.prod(shape[:-1])) for name, shape in shapes.items()}
        self._target = source.claim(build.arena) if build.learns else None
        rows, channels = sum(self._counts.values()), source.channels
        repeated = max(1, min(source.pixels, _WIDTH // channels))
        self._width = repeated * channels
        self._table = build.arena.floats(rows * self._width)
        self._sums = build.arena.array(build.slots * rows * self._width if build.learns else 0, np.float64)
        self._table_rows = self._table.reshape(rows, repeated, channels)
        self._gathering = {name: np.array([rows, self._width, channels, part.start, part.stop - part.start], np.int64)
                           for name, part in zip(self._counts, self._rows(), strict=True)}
        self._sizes = np.array([source.size, self._width, build.chunk, self._counts.get("slopes", 1)], np.int64)

    def ready(self) -> None:
        """Find the parameters in the flat array."""
        parameters, channels = self._build.parameters, self._source.channels
        self._places = {name: parameters.table[f"{self.name}.{name}"] for name in self._counts}
        self._weights = [parameters.weights[each.start:each.end].reshape(-1, channels)
                         for each in self._places.values()]

    def refresh(self) -> None:
        """Copy the weights into the table."""
        for weights, rows in zip(self._weights, self._rows(), strict=True):
            self._table_rows[rows] = weights[:, None]

    def _rows(self) -> Iterator[slice]:
        """Each parameter's rows."""
        start = 0
        for count in self._counts.values():
            yield slice(start, start + count)
            start += count

    def _hand_back(self, first: int, end: int) -> None:
        assert self.output.gradient is not None
        hand_back(self.output.gradient, self._target, (first, end), self.output.size)

    def gradient_works(self) -> list[Work]:
        """Add up the chunks."""
        return [] if self._frozen else [partial(self._gather, name) for name in self._counts]

    def _gather(self, name: str, thread: int) -> None:
        per_channel.gather_sums(self._sums, self._build.used_slots(), self._build.parameters.gradients,
                                self._places[name].start, self._gathering[name])


def _order(shape: Shape, spread: Shape | None) -> Order | None:
    """Channels, the last axis, as the maps lie that a flat vector came from."""
    if spread is None:
        return None
    front = len(shape) - 1
    return (*shape[:-1], *spread), (*range(front), front + 1, front + 2, front)


class Sloped(_PerChannel):
    """PReLU."""

    def forward(self, first: int, end: int, thread: int) -> None:
        """x above zero, slope·x elsewhere."""
        per_channel.sloped_rows(self._source.values, self.output.values, self._table, self._sizes, first, end)

    def backward(self, first: int, end: int, thread: int) -> None:
        """∂y/∂slope is x below zero."""
        assert self.output.gradient is not None
        per_channel.sloped_gradient(self.output.gradient, self._source.values, self._table, self._sums, self._sizes,
                                    first, end)
        self._hand_back(first, end)


class Scaled(_PerChannel):
    """Scale."""

    def forward(self, first: int, end: int, thread: int) -> None:
        """γx + β."""
        per_channel.scaled_rows(self._source.values, self.output.values, self._table, self._sizes, first, end)

    def backward(self, first: int, end: int, thread: int) -> None:
        """∂y/∂γ is x, ∂y/∂β is 1."""
        assert self.output.gradient is not None
        per_channel.scaled_gradient(self.output.gradient, self._source.values, self._table, self._sums, self._sizes,
                                    first, end)
        self._hand_back(first, end)


class Hinged(_PerChannel):
    """APL."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task, source, output, build)
        self._factors = build.per_thread(self._width)

    def forward(self, first: int, end: int, thread: int) -> None:
        """ReLU plus hinges."""
        per_channel.hinged_rows(self._source.values, self.output.values, self._table, self._sizes, first, end)

    def backward(self, first: int, end: int, thread: int) -> None:
        """Each hinge where it is open."""
        assert self.output.gradient is not None
        per_channel.hinged_gradient(self.output.gradient, self._source.values, self._table, self._factors[thread],
                                    self._sums, self._sizes, first, end)
        self._hand_back(first, end)
