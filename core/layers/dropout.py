"""Dropout."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from core.layers.base import Array, Backward, Layer, Pass, Shape, Weights
from core.settings import setting


@dataclass(frozen=True)
class Dropout(Layer):
    """Sets a random part of the numbers to zero in each training step, and scales the rest up.

    No unit can rely on a single other one, which works against overfitting. At use it does nothing.
    """

    family: ClassVar[str] = "noise"
    differs_in_training: ClassVar[str] = "Training drops numbers at random; inference keeps all of them."

    rate: float = setting(0.5, "Rate", "Which share of the numbers is set to zero.", low=0.0, high=0.99)

    def output_shape(self, *inputs: Shape) -> Shape:
        """The same shape."""
        return inputs[0]

    def short(self) -> str:
        """The share that is dropped."""
        return f"drops {self.rate:.0%}".replace("%", " %")

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """y = x · mask / (1 − rate) in training (Srivastava and others, 2014)."""
        x = inputs[0]
        if not (run.training and run.noise) or self.rate == 0:
            return x, lambda dy: ((dy,), {})
        kept = run.rng.random(x.shape) >= self.rate
        mask = kept.astype(x.dtype) / x.dtype.type(1 - self.rate)
        return x * mask, lambda dy: ((dy * mask,), {})
