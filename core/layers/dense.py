"""Fully connected layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from core.layers.base import (
    INITIALISATIONS,
    Array,
    ArraySpec,
    Backward,
    Layer,
    Pass,
    Shape,
    Weights,
    grouped,
    need_vector,
)
from core.settings import setting


@dataclass(frozen=True)
class Dense(Layer):
    """Every unit adds up all inputs, each times its own weight: y = x Wᵀ + b.

    Use it at the end of a network, to turn features into one number for each class.
    """

    family: ClassVar[str] = "dense"
    rank: ClassVar[int | None] = 1

    units: int = setting(10, "Units", "How many numbers come out.", low=1, high=1_000_000)
    bias: bool = setting(True, "Bias", "Add a trained number to each output.")
    kernel_init: str = setting("xavier-uniform", "Initial values", "How the weights are drawn before training.",
                               choices=INITIALISATIONS)

    def output_shape(self, *inputs: Shape) -> Shape:
        """(units,) from a flat vector."""
        need_vector(self, inputs[0])
        return (self.units,)

    def arrays(self, *inputs: Shape) -> dict[str, ArraySpec]:
        """weight [units, inputs] and bias [units]."""
        weight = ArraySpec((self.units, inputs[0][0]), self.kernel_init, fan_in=inputs[0][0], fan_out=self.units)
        return {"weight": weight, "bias": ArraySpec((self.units,))} if self.bias else {"weight": weight}

    def macs(self, inputs: Sequence[Shape], output: Shape) -> int:
        """One multiply-add per weight."""
        return inputs[0][0] * self.units

    def short(self) -> str:
        """The number of units."""
        return f"{self.units:,} unit{'s' if self.units != 1 else ''}"

    def parameter_formula(self, *inputs: Shape) -> str:
        """(inputs + 1)·units."""
        size = inputs[0][0]
        inner = f"({size} + 1)" if self.bias else f"{size}"
        return f"{inner}·{self.units} = {grouped((size + self.bias) * self.units)}"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """a_j = Σ_i w_ji x_i + w_j0 (lecture topic 1.6)."""
        x, W = inputs[0], weights["weight"]
        y = x @ W.T
        if self.bias:
            y = y + weights["bias"]

        def backward(dy: Array) -> tuple[tuple[Array, ...], dict[str, Array]]:
            gradients = {"weight": dy.T @ x}
            if self.bias:
                gradients["bias"] = dy.sum(axis=0)
            return (dy @ W,), gradients

        return y, backward
