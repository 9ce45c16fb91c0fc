"""The same numbers in another arrangement."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from core.layers.base import Array, Backward, Layer, Pass, Shape, Weights


@dataclass(frozen=True)
class Flatten(Layer):
    """Lays feature maps out as one long vector, channel by channel and row by row.

    Needed between convolutions and fully connected layers.
    """

    family: ClassVar[str] = "dense"

    def output_shape(self, *inputs: Shape) -> Shape:
        """(channels·height·width,)."""
        size = 1
        for length in inputs[0]:
            size *= length
        return (size,)

    def short(self) -> str:
        """The order of the numbers."""
        return "C, H, W order"

    def shape_formula(self, *inputs: Shape) -> str:
        """The product of the sizes."""
        return f"{'·'.join(map(str, inputs[0]))} = {self.output_shape(*inputs)[0]:,}"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """The same numbers, one axis."""
        x = inputs[0]
        return x.reshape(x.shape[0], -1), lambda dy: ((dy.reshape(x.shape),), {})
