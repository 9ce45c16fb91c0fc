"""Local response normalisation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.layers.base import Array, Backward, Layer, Pass, Shape, Weights
from core.settings import setting


@dataclass(frozen=True)
class LocalResponseNorm(Layer):
    """Divides each number by how loud its neighbouring channels are at the same place.

    Channels compete: one that answers strongly keeps the others down. AlexNet used it; batch normalisation has taken
    its place.
    """

    family: ClassVar[str] = "normalisation"

    size: int = setting(5, "Channels", "How many neighbouring channels are looked at, its own among them.", low=1,
                        high=4096)
    alpha: float = setting(1e-4, "Alpha", "How much the neighbours count (α); divided by the number of channels.",
                           low=0.0, high=1000.0)
    beta: float = setting(0.75, "Beta", "The power of the divisor (β).", low=0.0, high=10.0)
    k: float = setting(1.0, "Offset", "Added to the sum, so that silence does not divide by zero (k).", low=1e-6,
                       high=1000.0)

    def output_shape(self, *inputs: Shape) -> Shape:
        """The same shape."""
        return inputs[0]

    def short(self) -> str:
        """How many neighbours."""
        return f"over {self.size} channel{'s' if self.size > 1 else ''}"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """y = x / (k + α/n Σ x²)^β over n channels around (Krizhevsky and others, 2012; α/n as PyTorch and ONNX)."""
        x = inputs[0]
        share = x.dtype.type(self.alpha / self.size)
        before, after = self.size // 2, (self.size - 1) // 2
        total = x.dtype.type(self.k) + share * _neighbours(x * x, before, after)
        scale = total ** x.dtype.type(-self.beta)

        def backward(dy: Array) -> tuple[tuple[Array, ...], dict[str, Array]]:
            blamed = _neighbours(dy * x * scale / total, after, before)
            return (dy * scale - 2 * share * x.dtype.type(self.beta) * x * blamed,), {}

        return x * scale, backward


def _neighbours(x: Array, before: int, after: int) -> Array:
    """For each channel the sum over the channels from `before` in front of it to `after` behind it."""
    channels = x.shape[1]
    total = np.zeros_like(x)
    for shift in range(-min(before, channels - 1), min(after, channels - 1) + 1):
        first, end = max(0, -shift), min(channels, channels - shift)
        total[:, first:end] += x[:, first + shift:end + shift]
    return total
