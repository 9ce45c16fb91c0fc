"""Batch normalisation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.layers.base import Array, ArraySpec, Backward, Layer, Pass, Shape, Weights, grouped
from core.settings import setting


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Shifts and scales each channel to mean 0 and spread 1 over the batch, then by two trained numbers.

    Deep networks train faster and with larger learning rates. In training it uses the batch's own mean and variance, at
    use the running means of all batches.
    """

    family: ClassVar[str] = "normalisation"
    differs_in_training: ClassVar[str] = "Training uses the batch's own mean and variance, inference the running ones."

    momentum: float = setting(0.1, "Momentum", "Share of the new batch in the running mean and variance.", low=0.0,
                              high=1.0)
    epsilon: float = setting(1e-5, "Epsilon", "Added to the variance, so that nothing is divided by zero.", low=1e-12,
                             high=1.0)

    def output_shape(self, *inputs: Shape) -> Shape:
        """The same shape."""
        return inputs[0]

    def arrays(self, *inputs: Shape) -> dict[str, ArraySpec]:
        """weight, bias (trained), running_mean, running_var (measured), each [channels]."""
        shape = inputs[0][:1]
        return {"weight": ArraySpec(shape, "ones"), "bias": ArraySpec(shape),
                "running_mean": ArraySpec(shape, trained=False), "running_var": ArraySpec(shape, "ones", trained=False)}

    def short(self) -> str:
        """What it does."""
        return "per channel"

    def parameter_formula(self, *inputs: Shape) -> str:
        """A scale and a shift per channel."""
        return f"2·{inputs[0][0]} = {grouped(2 * inputs[0][0])}"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """y = γ (x − μ) / √(σ² + ε) + β (Ioffe and Szegedy, 2015)."""
        x, gamma = inputs[0], weights["weight"]
        axes = (0, *range(2, x.ndim))
        spread = (slice(None), *(None,) * (x.ndim - 2))
        count = x.size // x.shape[1]
        if run.training:
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
            unbiased = variance * (count / max(1, count - 1))
            for name, value in (("running_mean", mean), ("running_var", unbiased)):
                run.statistics[name] = (1 - self.momentum) * weights[name] + self.momentum * value
        else:
            mean, variance = weights["running_mean"], weights["running_var"]
        scale = 1 / np.sqrt(variance + self.epsilon)
        normal = (x - mean[spread]) * scale[spread]

        def backward(dy: Array) -> tuple[tuple[Array, ...], dict[str, Array]]:
            gradients = {"weight": (dy * normal).sum(axis=axes), "bias": dy.sum(axis=axes)}
            dx = dy
            if run.training:
                dx = dy - (gradients["bias"][spread] + normal * gradients["weight"][spread]) / count
            return (dx * (gamma * scale)[spread],), gradients

        return normal * gamma[spread] + weights["bias"][spread], backward
