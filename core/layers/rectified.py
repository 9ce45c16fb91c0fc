"""Relatives of ReLU, and the line through zero (lecture section 4)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.layers.activation import Elementwise
from core.layers.base import Array, ArraySpec, Backward, Pass, Shape, Weights, grouped, per_channel, spread_over
from core.settings import setting


@dataclass(frozen=True)
class Linear(Elementwise):
    """Passes every number on as it is: y = x.

    What a network does without an activation: two linear layers in a row are no more than one.
    """

    family: ClassVar[str] = "activation"

    def short(self) -> str:
        """The formula."""
        return "y = x"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """Derivative 1 everywhere."""
        return inputs[0], lambda dy: ((dy,), {})


@dataclass(frozen=True)
class VeryLeakyReLU(Elementwise):
    """Like LeakyReLU with a much larger slope below zero: max(x, αx), α from 0.1 to 0.5.

    So much passes below zero that no unit falls silent, at the price of being closer to a straight line.
    """

    family: ClassVar[str] = "activation"

    alpha: float = setting(0.3, "Slope below zero", "What numbers below zero are multiplied by (α).", low=0.1, high=0.5)

    def short(self) -> str:
        """The slope below zero."""
        return f"slope {self.alpha:g} below 0"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """Derivative 1 above zero, α elsewhere (Graham, 2014)."""
        return _sloped(inputs[0], np.asarray(self.alpha, inputs[0].dtype), run)


@dataclass(frozen=True)
class RReLU(Elementwise):
    """Draws the slope below zero anew for every number: max(x, αx), α between two limits.

    The noise works against overfitting. At use the slope is the middle of its limits.
    """

    family: ClassVar[str] = "activation"
    differs_in_training: ClassVar[str] = "Training draws each slope at random; inference takes the middle of the range."

    low: float = setting(0.1, "Lowest slope", "Smallest slope below zero that may be drawn.", low=0.0, high=1.0)
    high: float = setting(0.5, "Highest slope", "Largest slope below zero that may be drawn.", low=0.0, high=1.0)

    @property
    def middle(self) -> float:
        """The slope at use."""
        return (self.low + self.high) / 2

    def short(self) -> str:
        """The limits of the slope."""
        return f"slope {self.low:g}…{self.high:g} below 0"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """Slopes ~ Uniform(low, high) in training (Xu and others, 2015), their mean otherwise."""
        x = inputs[0]
        if run.training and run.noise:
            low, high = sorted((self.low, self.high))
            return _sloped(x, run.rng.uniform(low, high, x.shape).astype(x.dtype), run)
        return _sloped(x, np.asarray(self.middle, x.dtype), run)


@dataclass(frozen=True)
class NoisyReLU(Elementwise):
    """Adds noise before it cuts at zero: max(0, x + ε), ε normal with mean 0.

    The noise lets units near zero be heard now and then. At use there is no noise: it is a plain ReLU.
    """

    family: ClassVar[str] = "activation"
    differs_in_training: ClassVar[str] = "Training adds noise before the cut at zero; inference adds none."

    sigma: float = setting(0.1, "Noise", "Standard deviation of the noise (σ).", low=0.0, high=10.0)

    def short(self) -> str:
        """The strength of the noise."""
        return f"max(0, x + ε), σ {self.sigma:g}"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """Derivative 1 where x + ε > 0, 0 elsewhere (Nair and Hinton, 2010, with a fixed deviation)."""
        z = inputs[0]
        if run.training and run.noise and self.sigma:
            z = z + (self.sigma * run.rng.standard_normal(z.shape)).astype(z.dtype)
        above = z > 0
        run.mark(above)
        return np.maximum(z, 0), lambda dy: ((np.where(above, dy, 0),), {})


@dataclass(frozen=True)
class ELU(Elementwise):
    """Bends smoothly below zero towards −α: x above zero, α(eˣ − 1) below.

    Outputs lie around zero, which speeds learning up; the exponential costs more time than ReLU.
    """

    family: ClassVar[str] = "activation"

    alpha: float = setting(1.0, "Lowest value", "What the curve approaches far below zero, without its sign (α).",
                           low=0.0, high=10.0)

    def short(self) -> str:
        """The formula below zero."""
        return "eˣ − 1 below 0" if self.alpha == 1 else f"{self.alpha:g}·(eˣ − 1) below 0"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """Derivative 1 above zero, α eˣ elsewhere (Clevert and others, 2015)."""
        x = inputs[0]
        alpha = x.dtype.type(self.alpha)
        above = x > 0
        run.mark(above)
        below = alpha * np.expm1(np.minimum(x, 0))
        return np.where(above, x, below), lambda dy: ((np.where(above, dy, dy * (below + alpha)),), {})


@dataclass(frozen=True)
class Softplus(Elementwise):
    """A smooth ReLU: ln(1 + eˣ).

    It has no corner, so its gradient changes gradually; centred, it is lowered by ln 2 and passes through zero.
    """

    family: ClassVar[str] = "activation"

    centred: bool = setting(False, "Centred", "Lower the curve by ln 2, so that 0 stays 0.")

    def short(self) -> str:
        """The formula."""
        return "ln(1 + eˣ) − ln 2" if self.centred else "ln(1 + eˣ)"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """The derivative is the sigmoid; computed without overflow on either side."""
        x = inputs[0]
        small = np.exp(-np.abs(x))
        slope = np.where(x >= 0, 1, small) / (1 + small)
        y = np.maximum(x, 0) + np.log1p(small)
        return y - x.dtype.type(math.log(2) if self.centred else 0), lambda dy: ((dy * slope,), {})


@dataclass(frozen=True)
class PReLU(Elementwise):
    """Like LeakyReLU, but each channel learns its own slope below zero.

    The network finds out by itself how much should pass; one more number to learn per channel.
    """

    family: ClassVar[str] = "activation"

    initial: float = setting(0.25, "First slope", "The slope below zero that training starts from.", low=-1.0, high=1.0)

    def arrays(self, *inputs: Shape) -> dict[str, ArraySpec]:
        """weight [channels]: the slopes."""
        return {"weight": ArraySpec(inputs[0][:1], "constant", value=self.initial)}

    def short(self) -> str:
        """What is learned."""
        return "slope learned per channel"

    def parameter_formula(self, *inputs: Shape) -> str:
        """One slope per channel."""
        return f"1·{inputs[0][0]} = {grouped(inputs[0][0])}"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """∂y/∂slope = x below zero (He and others, 2015)."""
        x = inputs[0]
        y, to_input = _sloped(x, spread_over(weights["weight"], x), run)
        below = np.minimum(x, 0)
        return y, lambda dy: (to_input(dy)[0], {"weight": per_channel(dy * below)})


@dataclass(frozen=True)
class APL(Elementwise):
    """Learns the shape of its curve: ReLU plus a few hinges, max(x, 0) + Σ aₛ max(0, −x + bₛ).

    Each channel has its own hinges, whose slopes a and places b are trained.
    """

    family: ClassVar[str] = "activation"

    segments: int = setting(2, "Hinges", "How many hinges each channel's curve has (S).", low=1, high=64)

    def arrays(self, *inputs: Shape) -> dict[str, ArraySpec]:
        """slopes and offsets, each [segments, channels]: it starts as ReLU, with hinges near zero."""
        shape = (self.segments, inputs[0][0])
        return {"slopes": ArraySpec(shape), "offsets": ArraySpec(shape, "normal")}

    def short(self) -> str:
        """How many hinges."""
        return f"{self.segments} hinge{'s' if self.segments > 1 else ''} per channel"

    def parameter_formula(self, *inputs: Shape) -> str:
        """A slope and an offset per hinge and channel."""
        channels = inputs[0][0]
        return f"2·{self.segments}·{channels} = {grouped(2 * self.segments * channels)}"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """The curve of Agostinelli and others (2014)."""
        x = inputs[0]
        above = x > 0
        run.mark(above)
        slopes = [spread_over(each, x) for each in weights["slopes"]]
        hinges = [spread_over(each, x) - x for each in weights["offsets"]]
        y = np.maximum(x, 0)
        for slope, hinge in zip(slopes, hinges, strict=True):
            run.mark(hinge > 0)
            y = y + slope * np.maximum(hinge, 0)

        def backward(dy: Array) -> tuple[tuple[Array, ...], dict[str, Array]]:
            open_ = [np.where(hinge > 0, dy, 0) for hinge in hinges]
            dx = np.where(above, dy, 0)
            for slope, passed in zip(slopes, open_, strict=True):
                dx = dx - slope * passed
            to_slopes = np.stack([per_channel(dy * np.maximum(hinge, 0)) for hinge in hinges])
            to_offsets = np.stack([per_channel(slope * passed) for slope, passed in zip(slopes, open_, strict=True)])
            return (dx,), {"slopes": to_slopes, "offsets": to_offsets}

        return y, backward


def _sloped(x: Array, slope: Array, run: Pass) -> tuple[Array, Backward]:
    """x above zero, slope · x elsewhere; the slope broadcasts against x."""
    above = x > 0
    run.mark(above)
    factor = np.where(above, x.dtype.type(1), slope)
    return x * factor, lambda dy: ((dy * factor,), {})
