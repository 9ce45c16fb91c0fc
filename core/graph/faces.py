"""Three faces of one layer: a window that slides, a sparse matrix, a fully connected layer with tied weights.

Lecture topic 2.5: a convolution is a fully connected layer whose weights outside the window are 0, and whose others are
shared. Row = output number, column = input number, both in the order channels, rows, columns; an entry says which
weight joins the two. Everything is worked out for the rows that are asked for, so large layers cost nothing.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.layers.base import Array, Layer, Shape, grouped
from core.layers.conv2d import Conv2D
from core.layers.dense import Dense
from core.layers.pooling import Pool2D
from core.layers.window import Window

NONE = -1
_LARGEST_EXAMPLE = 24


@dataclass(frozen=True)
class Links:
    """What one output reads: `columns` (input numbers, ascending) and the `weights` they are multiplied by."""

    columns: NDArray[np.int64]
    weights: NDArray[np.int64]


@dataclass(frozen=True)
class Count:
    """How many weights a layer of one kind would have, and the arithmetic: "25·4,704 = 117,600"."""

    weights: int
    formula: str


@dataclass(frozen=True)
class Faces:
    """The structure of a layer on an input of a shape. `window` is None where every output reads every input.

    Weights are numbered as they lie in the layer's weight array; those of pools, which are not learned, by their place
    in the window.
    """

    layer: Layer
    inputs: Shape
    outputs: Shape
    window: Window | None

    @property
    def rows(self) -> int:
        """How many outputs."""
        return _size(self.outputs)

    @property
    def columns(self) -> int:
        """How many inputs."""
        return _size(self.inputs)

    @property
    def groups(self) -> int:
        """Groups of channels that do not see each other; in a pool every channel is one."""
        return self.layer.groups if isinstance(self.layer, Conv2D) else self.inputs[0]

    @property
    def read(self) -> int:
        """How many weights one output has, where its window lies on the picture as a whole."""
        if self.window is None:
            return self.columns
        return self.window.kernel[0] * self.window.kernel[1] * (self.inputs[0] // self.groups)

    def place(self, row: int) -> tuple[int, int, int]:
        """(channel, row, column) of an output; for a vector (0, 0, unit)."""
        _, height, width = _maps(self.outputs)
        channel, rest = divmod(row, height * width)
        return channel, *divmod(rest, width)

    def corner(self, row: int) -> tuple[int, int]:
        """(row, column) of the input where an output's window begins; negative where it begins in the padding."""
        if self.window is None:
            return 0, 0
        _, down, across = self.place(row)
        top, left = self.window.padded(*self.inputs[1:])[:2]
        return down * self.window.stride[0] - top, across * self.window.stride[1] - left

    def links(self, row: int) -> Links:
        """What one output reads."""
        if self.window is None:
            columns = np.arange(self.columns)
            return Links(columns, row * self.columns + columns)
        (channels, height, width), (down, across) = self.inputs, self.window.kernel
        each, own = channels // self.groups, self.outputs[0] // self.groups
        output = self.place(row)[0]
        top, left = self.corner(row)
        number = np.arange(self.read)
        channel, rest = np.divmod(number, down * across)
        y = top + rest // across * self.window.dilation[0]
        x = left + rest % across * self.window.dilation[1]
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        columns = ((output // own * each + channel) * height + y) * width + x
        first = output * self.read if isinstance(self.layer, Conv2D) else 0
        return Links(columns[inside], first + number[inside])

    def entries(self, first: int, count: int, column: int = 0, columns: int | None = None) -> NDArray[np.int64]:
        """A cut-out of the matrix: which weight is where, `NONE` where there is none."""
        end = self.columns if columns is None else min(self.columns, column + columns)
        rows = range(first, min(self.rows, first + count))
        found = np.full((len(rows), max(0, end - column)), NONE, np.int64)
        for place, row in enumerate(rows):
            links = self.links(row)
            seen = (links.columns >= column) & (links.columns < end)
            found[place, links.columns[seen] - column] = links.weights[seen]
        return found

    def matrix(self, weights: Array) -> Array:
        """The whole matrix with a layer's weights in it; only for small layers."""
        entries = self.entries(0, self.rows)
        flat = np.asarray(weights).reshape(-1)
        return np.where(entries == NONE, 0, flat[np.maximum(entries, 0)])

    # how many weights -------------------------------------------------------------------------------------------

    @property
    def fully_connected(self) -> Count:
        """Every output with every input, a weight for each."""
        return Count(self.rows * self.columns,
                     f"{grouped(self.columns)} inputs · {grouped(self.rows)} outputs = "
                     f"{grouped(self.rows * self.columns)}")

    @property
    def locally_connected(self) -> Count:
        """Every output has a window of its own weights."""
        return Count(self.read * self.rows, f"{grouped(self.read)} in a window · {grouped(self.rows)} outputs = "
                                            f"{grouped(self.read * self.rows)}")

    def _fixed(self) -> str:
        return "the largest of the window wins" if self.layer.type == "MaxPool2D" else "the weights are fixed"

    @property
    def shared(self) -> Count:
        """The same weights at every place of the window; nothing to learn in a pool."""
        if isinstance(self.layer, Pool2D):
            return Count(0, self._fixed())
        if self.window is None or not isinstance(self.layer, Conv2D):
            return self.fully_connected
        total = self.read * self.layer.filters
        down, across = self.window.kernel
        filters = f"{grouped(self.layer.filters)} filter{'' if self.layer.filters == 1 else 's'}"
        parts = f"{down}·{across}·{self.inputs[0] // self.groups} in a window · {filters}"
        return Count(total, f"{parts} = {grouped(total)}")


def faces(layer: Layer, shape: Shape) -> Faces | None:
    """The three faces of a convolution, a pool or a dense layer on an input of that shape; None for other layers."""
    if isinstance(layer, Conv2D | Pool2D):
        return Faces(layer, shape, layer.output_shape(shape), layer.window())
    if isinstance(layer, Dense):
        return Faces(layer, shape, layer.output_shape(shape), None)
    return None


def example(layer: Layer, shape: Shape) -> Faces | None:
    """The same window on a picture so small that every number of it can be drawn; None where there is no window.

    One filter for each group, one channel in each, and three window positions along each axis.
    """
    whole = faces(layer, shape)
    if whole is None or whole.window is None:
        return None
    window = whole.window
    sizes = [window.reach(axis) + 2 * window.stride[axis] for axis in (0, 1)]
    if window.padding == "same":
        sizes = [max(window.reach(axis), 3) * window.stride[axis] for axis in (0, 1)]
    elif isinstance(window.padding, tuple):
        taken = (window.padding[0] + window.padding[2], window.padding[1] + window.padding[3])
        sizes = [max(sizes[axis] - taken[axis], window.reach(axis), 2) for axis in (0, 1)]
    if max(sizes) > _LARGEST_EXAMPLE:
        return None
    if isinstance(layer, Conv2D):
        groups = min(layer.groups, 2)
        return faces(replace(layer, filters=groups, groups=groups), (groups, *sizes))
    return faces(layer, (1, *sizes))


def why_none(layer: Layer) -> str:
    """Why a layer has no window and no matrix, in a sentence."""
    if layer.family == "activation":
        return f"{layer.type} has no window: it changes each number on its own."
    if layer.family == "merge":
        return f"{layer.type} has no weights: it brings the outputs of other layers together."
    return (f"{layer.type} has neither window nor weight matrix. Select a Conv2D, a pooling layer with a window, or a "
            f"Dense layer.")


def _maps(shape: Shape) -> tuple[int, int, int]:
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (1, 1, shape[0])


def _size(shape: Shape) -> int:
    size = 1
    for length in shape:
        size *= length
    return size
