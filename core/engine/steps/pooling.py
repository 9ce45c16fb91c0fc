"""Pooling that is not part of a convolution's step."""

import numpy as np

from core.engine.flow import Task
from core.engine.steps.base import Build, Floats, Step
from core.engine.steps.lines import Lines, pool_sizes
from core.engine.tensor import Tensor
from core.kernels import pooling
from core.layers.base import Shape
from core.layers.other_pooling import ChannelPool, GaussianPool2D
from core.layers.pooling import AveragePool2D
from core.layers.window import Window

_NONE = np.zeros(0, np.float32)


def window_counts(window: Window, shape: Shape, out: Shape, count_padding: bool) -> Floats:
    """How many pixels each window divides by: those on the picture, or with padding those on the padded picture."""
    pads = window.padded(*shape[1:])
    counts = []
    for axis in (0, 1):
        before, after = (pads[axis], pads[axis + 2]) if count_padding else (0, 0)
        starts = np.arange(out[1 + axis]) * window.stride[axis] - pads[axis]
        ends = np.minimum(starts + window.kernel[axis], shape[1 + axis] + after)
        counts.append(np.maximum(ends - np.maximum(starts, -before), 0))
    both: Floats = np.maximum(counts[0][:, None] * counts[1][None, :], 1).astype(np.float32).reshape(-1)
    return both


class _Pool(Step):
    exact = True

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, [source])
        self._source = source
        self._target = source.claim(build.arena) if build.learns else None
        self._lines = Lines(task, source, output, build) if Lines.suit(task, source) else None


class MaxPool(_Pool):
    """MaxPool2D with any window, and GlobalMaxPool2D, whose window is the whole map."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task, source, output, build)
        self._sizes = pool_sizes(task)
        self._winners = build.arena.array(output.values.size, np.int32)

    def forward(self, first: int, end: int, thread: int) -> None:
        """The largest of each window."""
        if self._lines is not None:
            self._lines.largest(self._winners, first, end, thread)
            return
        pooling.max_pool(self._source.values, self.output.values, self._winners, self._sizes, first, end)

    def backward(self, first: int, end: int, thread: int) -> None:
        """To the winners."""
        if self._target is not None:
            assert self.output.gradient is not None
            pooling.max_pool_gradient(self.output.gradient, self._winners, self._target, self._sizes, first, end)


class AveragePool(_Pool):
    """AveragePool2D with any window."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task, source, output, build)
        layer = task.layer
        assert isinstance(layer, AveragePool2D)
        shape = task.input_shapes[0]
        self._sizes = pool_sizes(task)
        self._shares = np.float32(1) / window_counts(layer.window(), shape, task.shape, layer.count_padding)

    def forward(self, first: int, end: int, thread: int) -> None:
        """The mean of each window."""
        if self._lines is not None:
            self._lines.total(self._shares, first, end, thread)
            return
        pooling.average_pool(self._source.values, self.output.values, self._shares, self._sizes, first, end)

    def backward(self, first: int, end: int, thread: int) -> None:
        """Evenly to all."""
        if self._target is not None:
            assert self.output.gradient is not None
            pooling.average_pool_gradient(self.output.gradient, self._target, self._shares, self._sizes, first, end)


class GlobalAverage(_Pool):
    """GlobalAveragePool2D."""

    def forward(self, first: int, end: int, thread: int) -> None:
        """The mean of each map."""
        source = self._source
        if self._lines is not None:
            self._lines.total(np.full(1, 1 / source.pixels, np.float32), first, end, thread)
            return
        pooling.global_average(source.values, self.output.values, source.pixels, source.channels, first, end)

    def backward(self, first: int, end: int, thread: int) -> None:
        """Evenly to all pixels."""
        if self._target is not None:
            assert self.output.gradient is not None
            source = self._source
            pooling.global_average_gradient(self.output.gradient, self._target, source.pixels, source.channels, first,
                                            end)


class LengthPool(_Pool):
    """L2Pool2D."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task, source, output, build)
        self._sizes = pool_sizes(task)

    def forward(self, first: int, end: int, thread: int) -> None:
        """The root of the sum of squares."""
        if self._lines is not None:
            self._lines.total(_NONE, first, end, thread)
            return
        pooling.length_pool(self._source.values, self.output.values, self._sizes, first, end)

    def backward(self, first: int, end: int, thread: int) -> None:
        """To each number in proportion to itself."""
        if self._target is not None:
            assert self.output.gradient is not None
            pooling.length_pool_gradient(self.output.gradient, self._source.values, self.output.values, self._target,
                                         self._sizes, first, end)


class WeightedPool(_Pool):
    """GaussianPool2D."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task, source, output, build)
        layer = task.layer
        assert isinstance(layer, GaussianPool2D)
        self._sizes = pool_sizes(task)
        self._bell: Floats = np.ascontiguousarray(layer.bell(), np.float32).reshape(-1)

    def forward(self, first: int, end: int, thread: int) -> None:
        """The weighted mean of each window."""
        pooling.weighted_pool(self._source.values, self.output.values, self._bell, self._sizes, first, end)

    def backward(self, first: int, end: int, thread: int) -> None:
        """To each number by its weight."""
        if self._target is not None:
            assert self.output.gradient is not None
            pooling.weighted_pool_gradient(self.output.gradient, self._target, self._bell, self._sizes, first, end)


class OverChannels(_Pool):
    """ChannelPool: the channels of a group are neighbours in memory."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task, source, output, build)
        layer = task.layer
        assert isinstance(layer, ChannelPool)
        self._together, self._largest = layer.size, layer.mode == "max"
        self._winners = build.arena.array(output.values.size if self._largest else 0, np.int32)

    def forward(self, first: int, end: int, thread: int) -> None:
        """The largest or the mean of each group."""
        given, made, size = self._source.values, self.output.values, self.output.size
        if self._largest:
            pooling.channel_max(given, made, self._winners, self._together, first * size, end * size)
        else:
            pooling.channel_average(given, made, self._together, first * size, end * size)

    def backward(self, first: int, end: int, thread: int) -> None:
        """To the winners, or evenly."""
        given, target, size = self.output.gradient, self._target, self.output.size
        if target is None or given is None:
            return
        if self._largest:
            pooling.channel_max_gradient(given, self._winners, target, self._together, first * size, end * size)
        else:
            pooling.channel_average_gradient(given, target, self._together, first * size, end * size)
