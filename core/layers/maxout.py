"""Maxout."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

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
class Maxout(Layer):
    """Several fully connected layers at once, of which each unit keeps the largest: max(W₁x + b₁, W₂x + b₂, …).

    The activation is learned: with enough pieces it can take any bulging shape. It has as many times the weights.
    """

    family: ClassVar[str] = "activation"
    rank: ClassVar[int | None] = 1

    units: int = setting(10, "Units", "How many numbers come out.", low=1, high=1_000_000)
    pieces: int = setting(2, "Pieces", "How many linear pieces compete for each unit.", low=1, high=64)
    bias: bool = setting(True, "Bias", "Add a trained number to each piece.")
    kernel_init: str = setting("xavier-uniform", "Initial values", "How the weights are drawn before training.",
                               choices=INITIALISATIONS)

    def output_shape(self, *inputs: Shape) -> Shape:
        """(units,) from a flat vector."""
        need_vector(self, inputs[0])
        return (self.units,)

    def arrays(self, *inputs: Shape) -> dict[str, ArraySpec]:
        """weight [pieces, units, inputs] and bias [pieces, units]."""
        size = inputs[0][0]
        weight = ArraySpec((self.pieces, self.units, size), self.kernel_init, fan_in=size, fan_out=self.units)
        return {"weight": weight, "bias": ArraySpec((self.pieces, self.units))} if self.bias else {"weight": weight}

    def macs(self, inputs: Sequence[Shape], output: Shape) -> int:
        """One multiply-add per weight."""
        return self.pieces * self.units * inputs[0][0]

    def short(self) -> str:
        """Units and pieces."""
        return f"{self.units:,} unit{'s' if self.units != 1 else ''}, best of {self.pieces}"

    def parameter_formula(self, *inputs: Shape) -> str:
        """(inputs + 1)·units·pieces."""
        size = inputs[0][0]
        inner = f"({size} + 1)" if self.bias else f"{size}"
        return f"{inner}·{self.units}·{self.pieces} = {grouped((size + self.bias) * self.units * self.pieces)}"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """y = max over the pieces; only the winner learns (Goodfellow and others, 2013)."""
        x, w = inputs[0], weights["weight"]
        z = np.einsum("ni,pui->npu", x, w, optimize=True)
        if self.bias:
            z = z + weights["bias"]
        winner = z.argmax(axis=1)
        run.mark(winner)

        def backward(dy: Array) -> tuple[tuple[Array, ...], dict[str, Array]]:
            dz = np.zeros_like(z)
            np.put_along_axis(dz, winner[:, None], dy[:, None], axis=1)
            gradients = {"weight": np.einsum("npu,ni->pui", dz, x, optimize=True)}
            if self.bias:
                gradients["bias"] = dz.sum(axis=0)
            return (np.einsum("npu,pui->ni", dz, w, optimize=True),), gradients

        return z.max(axis=1), backward
