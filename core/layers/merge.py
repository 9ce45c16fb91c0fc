"""Layers that bring branches together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.layers.base import Array, Backward, Layer, Pass, Shape, ShapeError, Weights, describe

MOST_BRANCHES = 64


@dataclass(frozen=True)
class Add(Layer):
    """Adds its inputs number by number: F(x) + x.

    The shortcut of residual networks: the gradient passes the sum unchanged, so even very deep networks learn.
    """

    family: ClassVar[str] = "merge"
    ports: ClassVar[tuple[int, int | None]] = (2, MOST_BRANCHES)

    def output_shape(self, *inputs: Shape) -> Shape:
        """The common shape of all inputs."""
        for shape in inputs[1:]:
            if shape != inputs[0]:
                raise ShapeError("shapes-differ", f"can only add equal shapes but gets "
                                                  f"{' and '.join(describe(each) for each in inputs)}.")
        return inputs[0]

    def short(self) -> str:
        """What it does."""
        return "number by number"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """Every input gets the whole gradient: ∂Y/∂x = ∂F/∂x + 1 (lecture topic 5.6)."""
        y = inputs[0]
        for x in inputs[1:]:
            y = y + x
        return y, lambda dy: ((dy,) * len(inputs), {})


@dataclass(frozen=True)
class Concatenate(Layer):
    """Puts the channels of its inputs behind each other.

    Branches that looked at the same picture in different ways are handed on together, as in Inception.
    """

    family: ClassVar[str] = "merge"
    ports: ClassVar[tuple[int, int | None]] = (2, MOST_BRANCHES)

    def output_shape(self, *inputs: Shape) -> Shape:
        """The channels add up; height and width must agree."""
        for shape in inputs[1:]:
            if shape[1:] != inputs[0][1:] or len(shape) != len(inputs[0]):
                raise ShapeError("shapes-differ", f"needs inputs of equal height and width but gets "
                                                  f"{' and '.join(describe(each) for each in inputs)}.")
        return (sum(shape[0] for shape in inputs), *inputs[0][1:])

    def short(self) -> str:
        """What it does."""
        return "channels in a row"

    def shape_formula(self, *inputs: Shape) -> str:
        """The sum of the channels."""
        return f"{' + '.join(str(shape[0]) for shape in inputs)} = {sum(shape[0] for shape in inputs)}"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """Each input gets its own part of the gradient."""
        ends = np.cumsum([x.shape[1] for x in inputs])[:-1]

        def backward(dy: Array) -> tuple[tuple[Array, ...], dict[str, Array]]:
            return tuple(np.split(dy, ends, axis=1)), {}

        return np.concatenate(list(inputs), axis=1), backward
