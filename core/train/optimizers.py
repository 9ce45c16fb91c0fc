"""How weights follow the gradient: each optimizer is a frozen value with PyTorch's update formula in NumPy.

The engine has its own fast versions; these are the definition they are compared with. What an optimizer remembers of
each array lies in slots: arrays of the same shape, zero at first, named as in `slots`.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from core.errors import UsageError
from core.layers.base import Array
from core.settings import check_all, setting
from core.train.options import TrainOptions

Slots = dict[str, Array]


@dataclass(frozen=True)
class Optimizer:
    """Base of all optimizers. The learning rate comes with each step, because it may change while training runs.

    `clip` shortens the gradient over all weights to that length first (0 = as it is).
    """

    name: ClassVar[str] = ""
    slots: ClassVar[tuple[str, ...]] = ()

    weight_decay: float = setting(0.0, "Weight decay", "Pulls all weights towards zero a little at each step.", low=0.0,
                                  high=10.0)
    clip: float = setting(0.0, "Clip gradients", "Longest gradient allowed over all weights; 0 = no limit.", low=0.0,
                          high=1e9)

    def __post_init__(self) -> None:
        check_all(self)

    def update(self, weight: Array, gradient: Array, slots: Mapping[str, Array], rate: float,
               step: int) -> tuple[Array, Slots]:
        """The new weight and slots of one array after step number `step` (from 1); the old ones stay as they are."""
        return self.follow(weight, gradient + self.weight_decay * weight, slots, rate, step)

    def follow(self, weight: Array, gradient: Array, slots: Mapping[str, Array], rate: float,
               step: int) -> tuple[Array, Slots]:
        """`update` with the weight decay already in the gradient."""
        raise NotImplementedError


@dataclass(frozen=True)
class SGD(Optimizer):
    """Gradient descent: w ← w − η g."""

    name: ClassVar[str] = "sgd"

    def follow(self, weight: Array, gradient: Array, slots: Mapping[str, Array], rate: float,
               step: int) -> tuple[Array, Slots]:
        """A step straight down."""
        return weight - rate * gradient, {}


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Keeps rolling: v ← μ v + g, w ← w − η v."""

    name: ClassVar[str] = "momentum"
    slots: ClassVar[tuple[str, ...]] = ("velocity",)

    momentum: float = setting(0.9, "Momentum", "Share of the last step that goes on (μ).", low=0.0, high=0.9999)

    def follow(self, weight: Array, gradient: Array, slots: Mapping[str, Array], rate: float,
               step: int) -> tuple[Array, Slots]:
        """A step along the velocity."""
        velocity = self.momentum * slots["velocity"] + gradient
        return weight - rate * velocity, {"velocity": velocity}


@dataclass(frozen=True)
class Nesterov(Momentum):
    """Momentum that looks ahead: v ← μ v + g, w ← w − η (g + μ v)."""

    name: ClassVar[str] = "nesterov"

    def follow(self, weight: Array, gradient: Array, slots: Mapping[str, Array], rate: float,
               step: int) -> tuple[Array, Slots]:
        """A step along the gradient and the new velocity."""
        velocity = self.momentum * slots["velocity"] + gradient
        return weight - rate * (gradient + self.momentum * velocity), {"velocity": velocity}


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """Smaller steps for weights that moved much: s ← s + g², w ← w − η g / (√s + ε) (Duchi and others, 2011)."""

    name: ClassVar[str] = "adagrad"
    slots: ClassVar[tuple[str, ...]] = ("square",)

    epsilon: float = setting(1e-10, "Epsilon", "Added to the root, so that nothing is divided by zero.", low=1e-16,
                             high=1.0)

    def follow(self, weight: Array, gradient: Array, slots: Mapping[str, Array], rate: float,
               step: int) -> tuple[Array, Slots]:
        """A step scaled by all squares so far."""
        square = slots["square"] + gradient * gradient
        return weight - rate * gradient / (np.sqrt(square) + self.epsilon), {"square": square}


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """Like Adagrad, but forgets: s ← α s + (1 − α) g², w ← w − η g / (√s + ε) (Tieleman and Hinton, 2012)."""

    name: ClassVar[str] = "rmsprop"
    slots: ClassVar[tuple[str, ...]] = ("square",)

    alpha: float = setting(0.99, "Memory", "Share of the mean square that is kept at each step (α).", low=0.0,
                           high=0.9999)
    epsilon: float = setting(1e-8, "Epsilon", "Added to the root, so that nothing is divided by zero.", low=1e-16,
                             high=1.0)

    def follow(self, weight: Array, gradient: Array, slots: Mapping[str, Array], rate: float,
               step: int) -> tuple[Array, Slots]:
        """A step scaled by the running mean of squares."""
        square = self.alpha * slots["square"] + (1 - self.alpha) * gradient * gradient
        return weight - rate * gradient / (np.sqrt(square) + self.epsilon), {"square": square}


@dataclass(frozen=True)
class Adam(Optimizer):
    """Momentum with a step size of its own for each weight (Kingma and Ba, 2015).

    m ← β₁ m + (1 − β₁) g, s ← β₂ s + (1 − β₂) g², w ← w − η / (1 − β₁ᵗ) · m / (√s / √(1 − β₂ᵗ) + ε).
    """

    name: ClassVar[str] = "adam"
    slots: ClassVar[tuple[str, ...]] = ("mean", "square")

    beta1: float = setting(0.9, "β₁", "Share of the mean gradient that is kept at each step.", low=0.0, high=0.9999)
    beta2: float = setting(0.999, "β₂", "Share of the mean square that is kept at each step.", low=0.0, high=0.99999)
    epsilon: float = setting(1e-8, "Epsilon", "Added to the root, so that nothing is divided by zero.", low=1e-16,
                             high=1.0)

    def follow(self, weight: Array, gradient: Array, slots: Mapping[str, Array], rate: float,
               step: int) -> tuple[Array, Slots]:
        """A step along the mean gradient, scaled by the mean square, both corrected for their start at zero."""
        mean = self.beta1 * slots["mean"] + (1 - self.beta1) * gradient
        square = self.beta2 * slots["square"] + (1 - self.beta2) * gradient * gradient
        root = np.sqrt(square) / np.sqrt(1 - self.beta2**step) + self.epsilon
        return weight - rate / (1 - self.beta1**step) * mean / root, {"mean": mean, "square": square}


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with the weight decay beside the gradient: first w ← (1 − η λ) w (Loshchilov and Hutter, 2019)."""

    name: ClassVar[str] = "adamw"

    def update(self, weight: Array, gradient: Array, slots: Mapping[str, Array], rate: float,
               step: int) -> tuple[Array, Slots]:
        """Decay the weight itself, then follow the bare gradient."""
        return self.follow(weight * (1 - rate * self.weight_decay), gradient, slots, rate, step)


OPTIMIZERS: dict[str, type[Optimizer]] = {kind.name: kind for kind in (SGD, Momentum, Nesterov, Adagrad, RMSprop, Adam,
                                                                       AdamW)}


def make_optimizer(options: TrainOptions) -> Optimizer:
    """The optimizer that the options name, with those of its settings that the options hold."""
    if options.optimizer not in OPTIMIZERS:
        raise UsageError(f"There is no optimizer {options.optimizer!r}; there are {', '.join(OPTIMIZERS)}.")
    kind = OPTIMIZERS[options.optimizer]
    known = {field.name for field in dataclasses.fields(kind)} & {"weight_decay", "clip", "momentum"}
    values: dict[str, Any] = {name: getattr(options, name) for name in known}
    return kind(**values)


def clip_factor(length: float, longest: float) -> float:
    """What gradients are multiplied by so that their common length is at most `longest` (PyTorch's clip_grad_norm_)."""
    return min(1.0, longest / (length + 1e-6)) if longest else 1.0
