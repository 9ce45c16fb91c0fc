"""Convolution over height and width."""

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
    ShapeError,
    Weights,
    describe,
    grouped,
    need_maps,
)
from core.layers.sliding import check_fits, pad_maps, size_formula, taps, unread_warning
from core.layers.window import Padding, Window
from core.settings import LARGEST_SIZE, setting


@dataclass(frozen=True)
class Conv2D(Layer):
    """Slides small filters over the picture; each filter makes one feature map.

    A filter looks at a small patch in all channels at once and answers how strongly the patch looks like the filter.
    The same weights are used everywhere, so a pattern is found wherever it lies.
    """

    family: ClassVar[str] = "convolution"
    rank: ClassVar[int | None] = 3

    filters: int = setting(8, "Filters", "How many filters, and so how many feature maps come out.", low=1,
                           high=LARGEST_SIZE)
    kernel: tuple[int, int] = setting((3, 3), "Kernel", "Height × width of the patch each filter looks at, in pixels.",
                                      kind="pair", low=1, high=1024)
    stride: tuple[int, int] = setting((1, 1), "Stride", "How many pixels the filter moves at each step.", kind="pair",
                                      low=1, high=1024)
    padding: Padding = setting("valid", "Padding", "Zeros around the picture: valid = none, same = as many outputs as "
                               "inputs at stride 1, or pixels per side.", kind="padding", low=0, high=1024)
    dilation: tuple[int, int] = setting((1, 1), "Dilation", "Distance between the pixels a filter looks at; 1 = next "
                                        "to each other.", kind="pair", low=1, high=1024)
    groups: int = setting(1, "Groups", "Cuts the channels into groups that do not see each other.", low=1,
                          high=LARGEST_SIZE)
    bias: bool = setting(True, "Bias", "Add a trained number to each feature map.")
    kernel_init: str = setting("he-uniform", "Initial values", "How the weights are drawn before training.",
                               choices=INITIALISATIONS)

    def window(self) -> Window:
        """The window of one filter."""
        return Window(self.kernel, self.stride, self.dilation, self.padding)

    def output_shape(self, *inputs: Shape) -> Shape:
        """(filters, height, width) by the rule of sliding windows."""
        need_maps(self, inputs[0])
        channels = inputs[0][0]
        for count, what in ((channels, "channels"), (self.filters, "filters")):
            if count % self.groups:
                raise ShapeError("groups", f"cannot cut {count} {what} into {self.groups} equal groups.",
                                 f"{count} / {self.groups} = {count / self.groups:.2f}")
        return (self.filters, *check_fits(self.window(), inputs[0]))

    def arrays(self, *inputs: Shape) -> dict[str, ArraySpec]:
        """weight [filters, channels / groups, height, width] and bias [filters]."""
        area = self.kernel[0] * self.kernel[1]
        per_group = inputs[0][0] // self.groups
        # What goes out is counted over all groups, as PyTorch does.
        weight = ArraySpec((self.filters, per_group, *self.kernel), self.kernel_init,
                           fan_in=per_group * area, fan_out=self.filters * area)
        return {"weight": weight, "bias": ArraySpec((self.filters,))} if self.bias else {"weight": weight}

    def macs(self, inputs: Sequence[Shape], output: Shape) -> int:
        """Each output number costs one multiply-add per weight of its filter."""
        return output[0] * output[1] * output[2] * (inputs[0][0] // self.groups) * self.kernel[0] * self.kernel[1]

    def short(self) -> str:
        """Filters, kernel and what differs from the plain case."""
        parts = [f"{self.filters} of {describe(self.kernel)}"]
        if self.stride != (1, 1):
            parts.append("stride " + (str(self.stride[0]) if self.stride[0] == self.stride[1]
                                      else describe(self.stride)))
        if self.padding == "same":
            parts.append("same")
        elif isinstance(self.padding, tuple) and any(self.padding):
            alike = len(set(self.padding)) == 1
            parts.append(f"pad {self.padding[0]}" if alike else "pad " + ",".join(map(str, self.padding)))
        if self.dilation != (1, 1):
            parts.append(f"dilation {self.dilation[0]}")
        if self.groups > 1:
            parts.append(f"{self.groups} groups")
        if len(parts) == 1:
            parts.append("stride 1")
        return ", ".join(parts)

    def shape_formula(self, *inputs: Shape) -> str:
        """(N − F + 2P)/S + 1 with its numbers."""
        return size_formula(self.window(), inputs[0])

    def parameter_formula(self, *inputs: Shape) -> str:
        """(height·width·channels + 1)·filters."""
        height, width = self.kernel
        channels = inputs[0][0] // self.groups
        total = (height * width * channels + self.bias) * self.filters
        inner = f"({height}·{width}·{channels} + 1)" if self.bias else f"{height}·{width}·{channels}"
        return f"{inner}·{self.filters} = {grouped(total)}"

    def warning(self, *inputs: Shape) -> tuple[str, str, str] | None:
        """Real pixels that no filter position ever reads."""
        return unread_warning(self.window(), inputs[0])

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """y[o, i, j] = b[o] + Σ_c Σ_a Σ_b x[c, i·s + a·d, j·s + b·d] · w[o, c, a, b] (lecture topic 2.1)."""
        x, w = inputs[0], weights["weight"]
        window, groups = self.window(), self.groups
        pads = window.padded(*x.shape[2:])
        padded = pad_maps(x, pads)
        height, width = window.output(*x.shape[2:])
        count, channels = x.shape[:2]
        split = w.reshape(groups, self.filters // groups, channels // groups, *self.kernel)
        y: Array = np.zeros((count, groups, self.filters // groups, height * width), x.dtype)
        for a, b, rows, columns in taps(window, height, width):
            patch = padded[:, :, rows, columns].reshape(count, groups, -1, height * width)
            # Plain products of matrices that lie in one piece: NumPy is some fifty times slower on any others.
            y += np.ascontiguousarray(split[:, :, :, a, b]) @ patch
        y = y.reshape(count, self.filters, height, width)
        if self.bias:
            y += weights["bias"][:, None, None]

        def backward(dy: Array) -> tuple[tuple[Array, ...], dict[str, Array]]:
            dpadded, dsplit = np.zeros_like(padded), np.zeros_like(split)
            grouped_dy = dy.reshape(count, groups, -1, height * width)
            for a, b, rows, columns in taps(window, height, width):
                patch = padded[:, :, rows, columns].reshape(count, groups, -1, height * width)
                dsplit[:, :, :, a, b] = (grouped_dy @ patch.swapaxes(2, 3)).sum(axis=0)
                dpatch = np.ascontiguousarray(split[:, :, :, a, b].swapaxes(1, 2)) @ grouped_dy
                dpadded[:, :, rows, columns] += dpatch.reshape(count, channels, height, width)
            dx = dpadded[:, :, pads[0]:pads[0] + x.shape[2], pads[1]:pads[1] + x.shape[3]]
            gradients = {"weight": dsplit.reshape(w.shape)}
            if self.bias:
                gradients["bias"] = dy.sum(axis=(0, 2, 3))
            return (dx,), gradients

        return y, backward
