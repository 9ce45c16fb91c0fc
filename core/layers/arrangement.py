"""Layers that arrange numbers anew or shift and stretch them per channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from core.layers.base import (
    Array,
    ArraySpec,
    Backward,
    Layer,
    Pass,
    Shape,
    ShapeError,
    Weights,
    describe,
    grouped,
    need_maps,
    per_channel,
    spread_over,
)
from core.layers.sliding import pad_maps
from core.settings import LARGEST_SIZE, setting


@dataclass(frozen=True)
class Reshape(Layer):
    """Lays the same numbers out in another shape, in the order channel, row, column.

    It turns a long vector back into feature maps, or maps into others; nothing is computed.
    """

    family: ClassVar[str] = "dense"

    shape: tuple[int, ...] = setting((1, 28, 28), "Shape", "Channels × height × width, or one number for a vector.",
                                     kind="shape", low=1, high=LARGEST_SIZE)

    def output_shape(self, *inputs: Shape) -> Shape:
        """The wanted shape, where the counts agree."""
        gets, wants = _count(inputs[0]), _count(self.shape)
        if gets != wants:
            raise ShapeError("sizes-differ", f"cannot lay out {gets:,} numbers as {describe(self.shape)}, which needs "
                                             f"{wants:,}.", f"{'·'.join(map(str, self.shape))} = {wants:,}")
        return self.shape

    def short(self) -> str:
        """The shape it makes."""
        return f"as {describe(self.shape)}"

    def shape_formula(self, *inputs: Shape) -> str:
        """Both products."""
        return f"{'·'.join(map(str, inputs[0]))} = {'·'.join(map(str, self.shape))}"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """The same numbers, other axes."""
        x = inputs[0]
        return x.reshape(x.shape[0], *self.shape), lambda dy: ((dy.reshape(x.shape),), {})


@dataclass(frozen=True)
class Pad2D(Layer):
    """Puts rows and columns of one number around each feature map.

    A convolution pads by itself; as a layer the padding can be seen, and can be other than zero.
    """

    family: ClassVar[str] = "convolution"
    rank: ClassVar[int | None] = 3

    padding: tuple[int, int, int, int] = setting((1, 1, 1, 1), "Padding", "Pixels added at top, left, bottom, right.",
                                                 kind="sides", low=0, high=1024)
    value: float = setting(0.0, "Value", "The number that is filled in.", low=-1e6, high=1e6)

    def output_shape(self, *inputs: Shape) -> Shape:
        """Same channels, more rows and columns."""
        need_maps(self, inputs[0])
        channels, height, width = inputs[0]
        top, left, bottom, right = self.padding
        return (channels, height + top + bottom, width + left + right)

    def short(self) -> str:
        """How many pixels."""
        sides = str(self.padding[0]) if len(set(self.padding)) == 1 else ",".join(map(str, self.padding))
        return f"{sides} px" + (f" of {self.value:g}" if self.value else "")

    def shape_formula(self, *inputs: Shape) -> str:
        """The sums of both axes, one line where they are alike."""
        top, left, bottom, right = self.padding
        lines = [f"{size} + {before} + {after} = {size + before + after}"
                 for size, before, after in ((inputs[0][1], top, bottom), (inputs[0][2], left, right))]
        return lines[0] if lines[0] == lines[1] else "\n".join(lines)

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """The gradient of what was added is dropped."""
        x = inputs[0]
        top, left = self.padding[:2]
        rows, columns = slice(top, top + x.shape[2]), slice(left, left + x.shape[3])
        return pad_maps(x, self.padding, self.value), lambda dy: ((dy[:, :, rows, columns],), {})


@dataclass(frozen=True)
class Scale(Layer):
    """Stretches and shifts each channel by two trained numbers: y = γx + β.

    What batch normalisation does after it has normalised; on its own it lets channels grow and fade.
    """

    family: ClassVar[str] = "normalisation"

    def output_shape(self, *inputs: Shape) -> Shape:
        """The same shape."""
        return inputs[0]

    def arrays(self, *inputs: Shape) -> dict[str, ArraySpec]:
        """weight (starts at 1) and bias (starts at 0), each [channels]."""
        return {"weight": ArraySpec(inputs[0][:1], "ones"), "bias": ArraySpec(inputs[0][:1])}

    def short(self) -> str:
        """What it does."""
        return "γx + β per channel"

    def parameter_formula(self, *inputs: Shape) -> str:
        """A scale and a shift per channel."""
        return f"2·{inputs[0][0]} = {grouped(2 * inputs[0][0])}"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """∂y/∂γ = x, ∂y/∂β = 1."""
        x, gamma = inputs[0], spread_over(weights["weight"], inputs[0])
        return gamma * x + spread_over(weights["bias"], x), lambda dy: (
            (gamma * dy,), {"weight": per_channel(dy * x), "bias": per_channel(dy)})


def _count(shape: Shape) -> int:
    total = 1
    for length in shape:
        total *= length
    return total
