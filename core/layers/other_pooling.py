"""Pools besides the largest and the mean of a window (lecture topics 3.1 and 3.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.layers.base import Array, Backward, Layer, Pass, Shape, ShapeError, Weights, need_maps
from core.layers.pooling import Pool2D
from core.layers.sliding import taps
from core.settings import setting

MODES = ("max", "average")


@dataclass(frozen=True)
class L2Pool2D(Pool2D):
    """Keeps the length of each window: the root of the sum of its squares, √Σx².

    Large numbers count for more than in the mean, but none alone decides, and the sign is forgotten.
    """

    family: ClassVar[str] = "pooling"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """∂y/∂x = x / y; 0 where the whole window is 0."""
        x = inputs[0]
        padded, pads, height, width = self.spread(x, 0.0)
        squares = np.zeros((*x.shape[:2], height, width), x.dtype)
        for _, _, rows, columns in taps(self.window(), height, width):
            squares += padded[:, :, rows, columns] ** 2
        y = np.sqrt(squares)

        def backward(dy: Array) -> tuple[tuple[Array, ...], dict[str, Array]]:
            share = np.divide(dy, y, out=np.zeros_like(dy), where=y != 0)
            dpadded = np.zeros_like(padded)
            for _, _, rows, columns in taps(self.window(), height, width):
                dpadded[:, :, rows, columns] += share * padded[:, :, rows, columns]
            return (dpadded[:, :, pads[0]:pads[0] + x.shape[2], pads[1]:pads[1] + x.shape[3]],), {}

        return y, backward


@dataclass(frozen=True)
class GaussianPool2D(Pool2D):
    """Keeps a mean of each window in which numbers near the centre count most.

    The weights fall with the distance from the centre like a bell curve and add up to 1. Padding counts as zero.
    """

    family: ClassVar[str] = "pooling"

    sigma: float = setting(1.0, "Width", "Standard deviation of the bell curve (σ).", low=0.05, high=100.0,
                           unit="pixels")

    def bell(self) -> Array:
        """The weights [height, width] in float64: exp(−d² / 2σ²) at distance d from the centre, over their sum."""
        distances = [(np.arange(size) - (size - 1) / 2) ** 2 for size in self.kernel]
        # Counted from the nearest, so that a narrow bell on an even window does not vanish altogether.
        squares = distances[0][:, None] + distances[1]
        weights: Array = np.exp(-(squares - squares.min()) / (2 * self.sigma**2))
        return np.asarray(weights / weights.sum())

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """Each number gets its weight's share of the gradient."""
        x = inputs[0]
        bell = self.bell().astype(x.dtype)
        padded, pads, height, width = self.spread(x, 0.0)
        y = np.zeros((*x.shape[:2], height, width), x.dtype)
        for a, b, rows, columns in taps(self.window(), height, width):
            y += bell[a, b] * padded[:, :, rows, columns]

        def backward(dy: Array) -> tuple[tuple[Array, ...], dict[str, Array]]:
            dpadded = np.zeros_like(padded)
            for a, b, rows, columns in taps(self.window(), height, width):
                dpadded[:, :, rows, columns] += bell[a, b] * dy
            return (dpadded[:, :, pads[0]:pads[0] + x.shape[2], pads[1]:pads[1] + x.shape[3]],), {}

        return y, backward


@dataclass(frozen=True)
class ChannelPool(Layer):
    """Pools over neighbouring channels instead of neighbouring pixels.

    If the channels of a group have learned the same thing turned or stretched, the result no longer depends on which.
    """

    family: ClassVar[str] = "pooling"

    size: int = setting(2, "Channels at a time", "How many neighbouring channels become one.", low=1, high=4096)
    mode: str = setting("max", "Kept", "The largest number of the channels, or their average.", choices=MODES)

    def output_shape(self, *inputs: Shape) -> Shape:
        """(channels / size, height, width), or (units / size,)."""
        channels = inputs[0][0]
        if channels % self.size:
            raise ShapeError("groups", f"cannot cut {channels} channels into groups of {self.size}.",
                             f"{channels} / {self.size} = {channels / self.size:.2f}")
        return (channels // self.size, *inputs[0][1:])

    def short(self) -> str:
        """How many become one."""
        return f"{self.mode} of {self.size} channels"

    def shape_formula(self, *inputs: Shape) -> str:
        """Channels over the size of a group."""
        return f"{inputs[0][0]} / {self.size} = {inputs[0][0] // self.size}"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """The largest (its winner gets the gradient) or the mean (the gradient is spread)."""
        x = inputs[0]
        parts = x.reshape(x.shape[0], -1, self.size, *x.shape[2:])
        if self.mode == "average":
            return parts.mean(axis=2), lambda dy: (
                (np.repeat(dy, self.size, axis=1) / x.dtype.type(self.size),), {})
        winner = parts.argmax(axis=2)
        run.mark(winner)

        def backward(dy: Array) -> tuple[tuple[Array, ...], dict[str, Array]]:
            dparts = np.zeros(parts.shape, dy.dtype)
            np.put_along_axis(dparts, winner[:, :, None], dy[:, :, None], axis=2)
            return (dparts.reshape(x.shape),), {}

        return parts.max(axis=2), backward


@dataclass(frozen=True)
class GlobalMaxPool2D(Layer):
    """Keeps the largest number of each whole feature map: one number per channel.

    Says whether a feature is anywhere in the picture, no matter where; nothing to learn.
    """

    family: ClassVar[str] = "pooling"
    rank: ClassVar[int | None] = 3

    def output_shape(self, *inputs: Shape) -> Shape:
        """(channels,)."""
        need_maps(self, inputs[0])
        return (inputs[0][0],)

    def short(self) -> str:
        """What it keeps."""
        return "largest of each map"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """The gradient goes to the winner of each map; the first of equals wins."""
        x = inputs[0]
        flat = x.reshape(*x.shape[:2], -1)
        winner = flat.argmax(axis=2)
        run.mark(winner)

        def backward(dy: Array) -> tuple[tuple[Array, ...], dict[str, Array]]:
            dflat = np.zeros(flat.shape, dy.dtype)
            np.put_along_axis(dflat, winner[:, :, None], dy[:, :, None], axis=2)
            return (dflat.reshape(x.shape),), {}

        return flat.max(axis=2), backward
