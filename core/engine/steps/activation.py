"""Activations: a curve for each number, from the layer's input or from its output."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from core.engine.flow import Task
from core.engine.steps.base import Build, Step, hand_back
from core.engine.tensor import Floats, Tensor
from core.kernels import elementwise, losses
from core.layers.activation import LeakyReLU, ReLU, Sigmoid, Tanh
from core.layers.base import Layer
from core.layers.rectified import ELU, Softplus, VeryLeakyReLU

_Forward = Callable[[Floats, Floats, int, int, int], None]
_Backward = Callable[[Floats, Floats, int, int, int], None]


def _leaky(alpha: float) -> tuple[_Forward, _Backward, bool]:
    slope = np.float32(alpha)

    def forward(values: Floats, target: Floats, first: int, end: int, length: int) -> None:
        elementwise.leaky_rows(values, target, slope, first, end, length)

    def backward(gradient: Floats, values: Floats, first: int, end: int, length: int) -> None:
        elementwise.leaky_gradient(gradient, values, slope, first, end, length)

    return forward, backward, True


def _elu(alpha: float) -> tuple[_Forward, _Backward, bool]:
    lowest = np.float32(alpha)

    def forward(values: Floats, target: Floats, first: int, end: int, length: int) -> None:
        elementwise.elu_rows(values, target, lowest, first, end, length)

    def backward(gradient: Floats, output: Floats, first: int, end: int, length: int) -> None:
        elementwise.elu_gradient(gradient, output, lowest, first, end, length)

    return forward, backward, False


def _softplus(centred: bool) -> tuple[_Forward, _Backward, bool]:
    lowered = np.float32(math.log(2) if centred else 0)

    def forward(values: Floats, target: Floats, first: int, end: int, length: int) -> None:
        elementwise.softplus_rows(values, target, lowered, first, end, length)

    return forward, elementwise.softplus_gradient, True


def curve(layer: Layer) -> tuple[_Forward, _Backward, bool] | None:
    """(forward, backward, whether backward reads the layer's input rather than its output) of an activation."""
    if isinstance(layer, ReLU):
        return _leaky(0.0)
    if isinstance(layer, LeakyReLU | VeryLeakyReLU):
        return _leaky(layer.alpha)
    if isinstance(layer, Sigmoid):
        return elementwise.sigmoid_rows, elementwise.sigmoid_gradient, False
    if isinstance(layer, Tanh):
        return elementwise.tanh_rows, elementwise.tanh_gradient, False
    if isinstance(layer, ELU):
        return _elu(layer.alpha)
    if isinstance(layer, Softplus):
        return _softplus(layer.centred)
    return None


class Activation(Step):
    """ReLU, LeakyReLU, VeryLeakyReLU, ELU, Softplus, Sigmoid, Tanh on their own."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, [source])
        found = curve(task.layer)
        assert found is not None
        forward, backward, reads_input = found
        self._target = source.claim(build.arena) if build.learns else None
        self._forward = partial(forward, source.values, output.values)
        self._seen, self._backward = source.values if reads_input else output.values, backward

    def forward(self, first: int, end: int, thread: int) -> None:
        """The curve."""
        self._forward(first, end, self.output.size)

    def backward(self, first: int, end: int, thread: int) -> None:
        """Its slope times the gradient."""
        if self._target is not None and self.output.gradient is not None:
            self._backward(self.output.gradient, self._seen, first, end, self.output.size)
            hand_back(self.output.gradient, self._target, (first, end), self.output.size)


class SoftmaxRows(Step):
    """Softmax that is not joined with the loss."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, [source])
        shape = (output.batch, output.size)
        self._source, self._made = source.values.reshape(shape), output.values.reshape(shape)
        target = source.claim(build.arena) if build.learns else None
        self._target = None if target is None else target.reshape(shape)

    def forward(self, first: int, end: int, thread: int) -> None:
        """Probabilities."""
        losses.softmax_rows(self._source, self._made, first, end)

    def backward(self, first: int, end: int, thread: int) -> None:
        """y (dy − Σ dy·y)."""
        if self._target is not None and self.output.gradient is not None:
            given = self.output.gradient.reshape(self._made.shape)
            losses.softmax_rows_gradient(given, self._made, self._target, first, end)
