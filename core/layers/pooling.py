"""Pooling: fewer numbers by keeping the largest or the mean of each window."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.layers.base import Array, Backward, Layer, Pass, Shape, Weights, describe, need_maps
from core.layers.sliding import check_fits, pad_maps, size_formula, taps, unread_warning
from core.layers.window import Padding, Window
from core.settings import setting


@dataclass(frozen=True)
class Pool2D(Layer):
    """What windowed pools share."""

    rank: ClassVar[int | None] = 3

    kernel: tuple[int, int] = setting((2, 2), "Window", "Height × width of the window, in pixels.", kind="pair",
                                      low=1, high=1024)
    stride: tuple[int, int] | None = setting(None, "Stride", "How many pixels the window moves at each step.",
                                             kind="pair", low=1, high=1024, none="as the window")
    padding: Padding = setting("valid", "Padding", "Pixels around the picture that do not count: valid = none, same = "
                               "enough to read every pixel, or pixels per side.", kind="padding", low=0, high=1024)
    ceil: bool = setting(False, "Round up", "Keep a last window that hangs over the edge.")

    def window(self) -> Window:
        """The pooling window."""
        return Window(self.kernel, self.stride or self.kernel, (1, 1), self.padding, self.ceil)

    def output_shape(self, *inputs: Shape) -> Shape:
        """Same channels, fewer rows and columns."""
        need_maps(self, inputs[0])
        return (inputs[0][0], *check_fits(self.window(), inputs[0]))

    def short(self) -> str:
        """Window and stride."""
        stride = self.stride or self.kernel
        step = str(stride[0]) if stride[0] == stride[1] else describe(stride)
        return f"{describe(self.kernel)}, stride {step}" + (", same" if self.padding == "same" else "")

    def shape_formula(self, *inputs: Shape) -> str:
        """(N − F + 2P)/S + 1 with its numbers."""
        return size_formula(self.window(), inputs[0])

    def warning(self, *inputs: Shape) -> tuple[str, str, str] | None:
        """Real pixels that no window ever reads."""
        return unread_warning(self.window(), inputs[0])

    def spread(self, x: Array, fill: float) -> tuple[Array, tuple[int, int, int, int], int, int]:
        """The picture padded so far that every window lies inside it; `fill` outside."""
        window = self.window()
        top, left, bottom, right = window.padded(*x.shape[2:])
        height, width = window.output(*x.shape[2:])
        over = [(out - 1) * window.stride[axis] + self.kernel[axis] - (x.shape[2 + axis] + before + after)
                for axis, (out, before, after) in enumerate(((height, top, bottom), (width, left, right)))]
        pads = (top, left, bottom + max(0, over[0]), right + max(0, over[1]))
        return pad_maps(x, pads, fill), pads, height, width


@dataclass(frozen=True)
class MaxPool2D(Pool2D):
    """Keeps the largest number of each window.

    What was found stays, where exactly is forgotten: small shifts of the picture change little. With 2×2 and stride 2
    three of four numbers (75 %) are discarded.
    """

    family: ClassVar[str] = "pooling"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """The gradient goes to the winner of each window, 0 elsewhere (lecture topic 3.4); the first of equals wins."""
        x = inputs[0]
        padded, pads, height, width = self.spread(x, -np.inf)
        y = np.full((*x.shape[:2], height, width), -np.inf, x.dtype)
        winner = np.zeros(y.shape, np.int32)
        for number, (_, _, rows, columns) in enumerate(taps(self.window(), height, width)):
            patch = padded[:, :, rows, columns]
            winner[patch > y] = number
            # NaN must win: a comparison with it is always false, and it would vanish unseen.
            y = np.where(np.isnan(patch), patch, np.maximum(y, patch))
        run.mark(winner)

        def backward(dy: Array) -> tuple[tuple[Array, ...], dict[str, Array]]:
            dpadded = np.zeros(padded.shape, dy.dtype)
            for number, (_, _, rows, columns) in enumerate(taps(self.window(), height, width)):
                dpadded[:, :, rows, columns] += np.where(winner == number, dy, 0)
            return (dpadded[:, :, pads[0]:pads[0] + x.shape[2], pads[1]:pads[1] + x.shape[3]],), {}

        return y, backward


@dataclass(frozen=True)
class AveragePool2D(Pool2D):
    """Keeps the mean of each window.

    Smoother than the maximum: every number of the window has its say, and every number gets its share of the gradient.
    """

    family: ClassVar[str] = "pooling"

    count_padding: bool = setting(False, "Count padding", "Count the padding's zeros when dividing.")

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """The sum of each window over how many pixels count in it."""
        x = inputs[0]
        padded, pads, height, width = self.spread(x, 0.0)
        counts = self._counts(x, pads, height, width)
        y = np.zeros((*x.shape[:2], height, width), x.dtype)
        for _, _, rows, columns in taps(self.window(), height, width):
            y += padded[:, :, rows, columns]

        def backward(dy: Array) -> tuple[tuple[Array, ...], dict[str, Array]]:
            dpadded, share = np.zeros_like(padded), dy / counts
            for _, _, rows, columns in taps(self.window(), height, width):
                dpadded[:, :, rows, columns] += share
            return (dpadded[:, :, pads[0]:pads[0] + x.shape[2], pads[1]:pads[1] + x.shape[3]],), {}

        return y / counts, backward

    def _counts(self, x: Array, pads: tuple[int, int, int, int], height: int, width: int) -> Array:
        """How many pixels each window divides by (PyTorch's rule), as [height, width]."""
        top, left, bottom, right = self.window().padded(*x.shape[2:])
        inside = np.ones((1, 1, *x.shape[2:]), x.dtype)
        if self.count_padding:
            inside = pad_maps(inside, (top, left, bottom, right), 1.0)
        else:
            inside = pad_maps(inside, (top, left, bottom, right))
        inside = pad_maps(inside, (0, 0, pads[2] - bottom, pads[3] - right))
        counts = np.zeros((height, width), x.dtype)
        for _, _, rows, columns in taps(self.window(), height, width):
            counts += inside[0, 0, rows, columns]
        return np.maximum(counts, 1)


@dataclass(frozen=True)
class GlobalAveragePool2D(Layer):
    """Keeps the mean of each whole feature map: one number per channel.

    Replaces the big fully connected layers of older networks; nothing to learn.
    """

    family: ClassVar[str] = "pooling"
    rank: ClassVar[int | None] = 3

    def output_shape(self, *inputs: Shape) -> Shape:
        """(channels,)."""
        need_maps(self, inputs[0])
        return (inputs[0][0],)

    def short(self) -> str:
        """What it keeps."""
        return "mean of each map"

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """y[c] = mean over height and width; the gradient is spread evenly."""
        x = inputs[0]
        area = x.shape[2] * x.shape[3]

        def backward(dy: Array) -> tuple[tuple[Array, ...], dict[str, Array]]:
            return (np.broadcast_to(dy[:, :, None, None] / area, x.shape).astype(x.dtype),), {}

        return x.mean(axis=(2, 3)), backward
