"""Where the windows of a convolution lie: sizes, and tables of places for the register tiles."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.engine.arena import padded
from core.kernels.dots import FEW
from core.kernels.processor import LANES
from core.layers.base import Shape
from core.layers.conv2d import Conv2D

Integers = NDArray[np.int64]

BLOCK = 4  # Winograd makes blocks of 4×4 outputs


# Fewer channels are little work for each pixel, and up to half a vector of filters leaves room for more pixels in it.
_POINTWISE_CHANNELS = 8


def is_pointwise(layer: Conv2D, shape: Shape) -> bool:
    """Whether a convolution is one matrix product of the pixels it sees, with filters enough to fill vectors."""
    plain = layer.kernel == (1, 1) and layer.groups == 1 and not any(layer.window().padded(*shape[1:]))
    return plain and shape[0] >= _POINTWISE_CHANNELS and 2 * layer.filters > LANES


# Vectors in a row of a filter from which on they are worth adding up at its end.
_LONG = 4


def has_few_long_filters(layer: Conv2D, shape: Shape) -> bool:
    """Whether filters are so few that vectors should lie along their rows, and these long enough."""
    return layer.filters <= FEW and layer.kernel[1] * shape[0] >= _LONG * LANES


@dataclass(frozen=True)
class Geometry:
    """A convolution without dilation or groups: lengths in pixels, places in numbers.

    Steps ask again and again, between kernels, so answers are kept.
    """

    channels: int
    size: tuple[int, int]
    frame: tuple[int, int]
    corner: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    filters: int
    out: tuple[int, int]

    @classmethod
    def of(cls, layer: Conv2D, shape: Shape) -> "Geometry":
        """The geometry of a layer on an input of that shape."""
        window = layer.window()
        top, left, bottom, right = window.padded(*shape[1:])
        frame = (shape[1] + top + bottom, shape[2] + left + right)
        return cls(shape[0], (shape[1], shape[2]), frame, (top, left), layer.kernel, layer.stride, layer.filters,
                   window.output(*shape[1:]))

    def unframed(self) -> "Geometry":
        """For kernels that see to the padding themselves: pictures are not copied into frames."""
        return replace(self, frame=self.size)

    @cached_property
    def blocks(self) -> tuple[int, int]:
        """Blocks of 4×4 outputs down and across."""
        return -(-self.out[0] // BLOCK), -(-self.out[1] // BLOCK)

    @cached_property
    def padded(self) -> bool:
        """Whether the picture must be copied into a larger frame."""
        return self.frame != self.size

    @cached_property
    def line(self) -> int:
        """Numbers in one row of the frame."""
        return self.frame[1] * self.channels

    @cached_property
    def frame_numbers(self) -> int:
        """Numbers in the frame."""
        return self.frame[0] * self.line

    @cached_property
    def inputs(self) -> int:
        """Numbers in the picture."""
        return self.size[0] * self.size[1] * self.channels

    @cached_property
    def inside(self) -> int:
        """Where the picture begins in its frame."""
        return self.corner[0] * self.line + self.corner[1] * self.channels

    @cached_property
    def run(self) -> int:
        """Neighbouring numbers that one row of a filter covers."""
        return self.kernel[1] * self.channels

    @cached_property
    def pixels(self) -> int:
        """Output pixels."""
        return self.out[0] * self.out[1]

    @cached_property
    def group(self) -> int:
        """How many neighbouring output pixels share one vector, so that few filters still fill its lanes.

        g pixels need (kernel + (g − 1)·stride) columns instead of g times kernel: the g with the least work wins. The
        last group of a row may overlap the one before.
        """
        most = max(1, min(LANES // self.filters, self.out[1]))
        return min(range(1, most + 1), key=lambda g: -(-self.out[1] // g) * (self.kernel[1] + (g - 1) * self.stride[1]))

    @cached_property
    def in_row(self) -> int:
        """Groups of neighbouring pixels in a row of the output."""
        return -(-self.out[1] // self.group)

    @cached_property
    def widened(self) -> int:
        """Neighbouring numbers under one row of the filters of a whole group of pixels."""
        return (self.kernel[1] + (self.group - 1) * self.stride[1]) * self.channels

    @cached_property
    def length(self) -> int:
        """Length of a row of packed filters: the filters of a group, up to whole vectors."""
        return padded(self.group * self.filters, LANES)

    def window_places(self, group: int, down_first: bool) -> Integers:
        """Where the window of each (group of) output pixel(s) begins in the frame."""
        rows = np.arange(self.out[0])[:, None] * self.stride[0] * self.line
        return _flat(rows + self._starts(group) * self.stride[1] * self.channels, down_first)

    def output_places(self, group: int, down_first: bool) -> Integers:
        """Where each (group of) output pixel(s) lies in the output."""
        rows = np.arange(self.out[0])[:, None] * self.out[1] * self.filters
        return _flat(rows + self._starts(group) * self.filters, down_first)

    def _starts(self, group: int) -> Integers:
        """The first pixel of each group in a row, [1, groups]; the last one ends where the row does."""
        starts: Integers = np.minimum(np.arange(0, self.out[1], group), self.out[1] - group)[None, :]
        return starts

    def weight_places(self) -> Integers:
        """Where the number under each weight of a (widened) filter lies, seen from the window's beginning."""
        rows = np.arange(self.kernel[0])[:, None] * self.line
        return _flat(rows + np.arange(self.widened)[None, :], down_first=False)


def _flat(places: Integers, down_first: bool) -> Integers:
    """One row after another, or one column after another."""
    return np.ascontiguousarray(places.T if down_first else places).reshape(-1).astype(np.int64)
