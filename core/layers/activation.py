"""Activations: a curve applied to each number (lecture section 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.layers.base import Array, Backward, Layer, Pass, Shape, Weights, need_vector
from core.settings import setting


@dataclass(frozen=True)
class Elementwise(Layer):
    """What layers share that put out one number for each number they get."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """The same shape."""
        return inputs[0]


@dataclass(frozen=True)
class ReLU(Elementwise):
    """Keeps what is above zero and sets the rest to zero: max(x, 0).

    Cheap, and its gradient does not fade with depth; but a unit that is always below zero stays silent for good.
    """

    family: ClassVar[str] = "activation"

    def short(self) -> str:
        """The formula."""
        return "max(x, 0)"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """Derivative 1 above zero, 0 elsewhere."""
        x = inputs[0]
        above = x > 0
        run.mark(above)
        # np.maximum hands NaN on, so that a broken training is seen.
        return np.maximum(x, 0), lambda dy: ((np.where(above, dy, 0),), {})


@dataclass(frozen=True)
class LeakyReLU(Elementwise):
    """Like ReLU, but lets a small part of what is below zero through: max(x, αx).

    A silent unit can come back, because its gradient is never quite zero.
    """

    family: ClassVar[str] = "activation"

    alpha: float = setting(0.01, "Slope below zero", "What numbers below zero are multiplied by (α).", low=0.0,
                           high=1.0)

    def short(self) -> str:
        """The slope below zero."""
        return f"slope {self.alpha:g} below 0"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """Derivative 1 above zero, α elsewhere."""
        x = inputs[0]
        slope = np.where(x > 0, 1, self.alpha).astype(x.dtype)
        run.mark(x > 0)
        return x * slope, lambda dy: ((dy * slope,), {})


@dataclass(frozen=True)
class Sigmoid(Elementwise):
    """Squeezes any number into 0…1: 1 / (1 + e^−x).

    Reads like a probability, but far from zero it is flat: gradients become tiny, and more so with each layer.
    """

    family: ClassVar[str] = "activation"

    def short(self) -> str:
        """The formula."""
        return "1 / (1 + e⁻ˣ)"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """σ′ = σ(1 − σ); computed without overflow on either side."""
        x = inputs[0]
        small = np.exp(-np.abs(x))
        y = np.where(x >= 0, 1, small) / (1 + small)
        return y, lambda dy: ((dy * y * (1 - y),), {})


@dataclass(frozen=True)
class Tanh(Elementwise):
    """Squeezes any number into −1…1.

    Like the sigmoid but centred at zero, which trains better; it is flat far from zero as well.
    """

    family: ClassVar[str] = "activation"

    def short(self) -> str:
        """The formula."""
        return "tanh(x)"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """tanh′ = 1 − tanh²."""
        y = np.tanh(inputs[0])
        return y, lambda dy: ((dy * (1 - y * y),), {})


@dataclass(frozen=True)
class Softmax(Elementwise):
    """Turns scores into probabilities that add up to 1: e^xⱼ / Σ e^xᵢ.

    The last layer of a classifier. Training computes it together with the cross-entropy, which is exact and stable.
    """

    family: ClassVar[str] = "output"
    rank: ClassVar[int | None] = 1

    def output_shape(self, *inputs: Shape) -> Shape:
        """The same vector length."""
        need_vector(self, inputs[0])
        return inputs[0]

    def short(self) -> str:
        """What the numbers become."""
        return "probabilities"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """dx = y (dy − Σ dy·y); the largest score is subtracted first so that nothing overflows (lecture topic 1.3)."""
        x = inputs[0]
        e = np.exp(x - x.max(axis=1, keepdims=True))
        y = e / e.sum(axis=1, keepdims=True)
        return y, lambda dy: ((y * (dy - (dy * y).sum(axis=1, keepdims=True)),), {})
