"""The same network in PyTorch: each layer becomes the module that a PyTorch user would write, with the same weights."""

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.engine.flow import Flow, Task, make_flow
from core.errors import NetworkError
from core.graph.network import Network
from core.layers.activation import LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from core.layers.arrangement import Pad2D, Reshape, Scale
from core.layers.base import Array, Layer
from core.layers.batch_norm import BatchNorm
from core.layers.conv2d import Conv2D
from core.layers.dense import Dense
from core.layers.dropout import Dropout
from core.layers.local_response_norm import LocalResponseNorm
from core.layers.maxout import Maxout
from core.layers.merge import Add, Concatenate
from core.layers.other_pooling import GlobalMaxPool2D, L2Pool2D
from core.layers.pooling import AveragePool2D, GlobalAveragePool2D, MaxPool2D, Pool2D
from core.layers.rectified import ELU, PReLU, RReLU, Softplus, VeryLeakyReLU
from core.layers.reshape import Flatten

Sides = tuple[int, int, int, int]


@dataclass(frozen=True)
class Twin:
    """PyTorch modules that share their parameters.

    `learns` gives the scores of all outputs that a training looks at, the main one first, as a tuple; `answers` those
    of the main output alone. A last Softmax is left to the loss. `shares` are the weights of the losses.
    """

    learns: Any
    answers: Any
    shares: tuple[float, ...]

    def loss(self, x: Any, target: Any) -> Any:
        """The weighted sum of the cross-entropies of all outputs, mean over the batch."""
        import torch

        losses = [torch.nn.functional.cross_entropy(scores, target) for scores in self.learns(x)]
        if self.shares == (1.0,):
            return losses[0]
        return sum(share * loss for share, loss in zip(self.shares, losses, strict=True))

    def compiled(self) -> "Twin":
        """The same through torch.compile."""
        import torch

        return Twin(torch.compile(self.learns), torch.compile(self.answers), self.shares)


def check_twin(network: Network) -> None:
    """NetworkError where a layer or a loss of the network has no counterpart; PyTorch need not be there."""
    _flow(network)


def make_twin(network: Network, weights: dict[str, Array]) -> Twin:
    """Modules for a network that runs; weights by "layer.parameter" as everywhere."""
    flow = _flow(network)
    writer = _Writer(weights)
    learns = writer.write(flow, [end.source for end in flow.ends], alone=False)
    answers = writer.write(flow, [flow.last], alone=True)
    return Twin(learns, answers, tuple(end.goal.weight for end in flow.ends))


def _flow(network: Network) -> Flow:
    flow = make_flow(network, join_softmax=True)
    for end in flow.ends:
        if end.goal.loss != "cross-entropy":
            raise NetworkError(f"{end.goal.name} has the loss {end.goal.loss}; only networks that learn by "
                               "cross-entropy are compared with PyTorch.")
    for task in flow.tasks:
        if type(task.layer) not in _TWINS or (isinstance(task.layer, LocalResponseNorm) and len(task.shape) != 3):
            raise NetworkError(f"PyTorch has no layer like {task.name} ({task.layer.type}), so this network cannot be "
                               "compared with it.")
    return flow


class _Writer:
    """Writes graphs of PyTorch down; modules of the same task are shared between them."""

    def __init__(self, weights: dict[str, Array]) -> None:
        import torch
        import torch.fx

        self.torch, self.nn, self.weights = torch, torch.nn, weights
        self._parts: dict[str, Any] = {}
        self._graph = torch.fx.Graph()
        self._name, self._count = "", 0

    def write(self, flow: Flow, ends: list[str], *, alone: bool) -> Any:
        """A module of all tasks that lead to these ends; its output is a tuple, or with `alone` the only end."""
        fx = self.torch.fx
        self._graph = fx.Graph()
        made = {flow.source: self._graph.placeholder("x")}
        needed = flow.leading_to(ends)
        for number, task in enumerate(flow.tasks):
            if task.output in needed:
                self._name, self._count = f"layer{number}", 0
                made[task.output] = _TWINS[type(task.layer)](self, task, *(made[each] for each in task.inputs))
        self._graph.output(made[ends[0]] if alone else tuple(made[each] for each in ends))
        parts = {node.target: self._parts[node.target] for node in self._graph.nodes
                 if node.op in ("call_module", "get_attr")}
        return fx.GraphModule(parts, self._graph)

    def module(self, made: Any, x: Any) -> Any:
        """x through a module."""
        return self._graph.call_module(self._keep(made), (x,))

    def value(self, tensor: Any) -> Any:
        """A tensor or a parameter of the network."""
        return self._graph.get_attr(self._keep(tensor))

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a function gives."""
        return self._graph.call_function(function, arguments)

    def _keep(self, part: Any) -> str:
        name = f"{self._name}_{self._count}" if self._count else self._name
        self._count += 1
        self._parts.setdefault(name, part)
        return name

    def filled(self, made: Any, task: Task, **shapes: Any) -> Any:
        """A module with the task's weights; frozen ones do not learn. `shapes` are those that differ from ours."""
        with self.torch.no_grad():
            for name, tensor in [*made.named_parameters(), *made.named_buffers()]:
                array = self.weights.get(f"{task.name}.{name}")
                if array is not None:
                    tensor.copy_(self.torch.from_numpy(array.reshape(shapes.get(name, array.shape))))
        return made.requires_grad_(not task.layer.frozen)

    def parameter(self, task: Task, name: str, shape: tuple[int, ...]) -> Any:
        """One of the task's weights by itself."""
        tensor = self.torch.from_numpy(self.weights[f"{task.name}.{name}"].reshape(shape).copy())
        return self.value(self.nn.Parameter(tensor, requires_grad=not task.layer.frozen))

    def padded(self, x: Any, sides: Sides, value: float = 0.0) -> Any:
        """x in a frame; sides are top, left, bottom, right."""
        if not any(sides):
            return x
        top, left, bottom, right = sides
        return self.module(self.nn.ConstantPad2d((left, right, top, bottom), value), x)


# layers with weights -------------------------------------------------------------------------------------------------


def _convolution(write: _Writer, task: Task, x: Any) -> Any:
    layer = task.layer
    assert isinstance(layer, Conv2D)
    sides = layer.window().padded(*task.input_shapes[0][1:])
    even = sides[:2] == sides[2:]
    made = write.nn.Conv2d(task.input_shapes[0][0], layer.filters, layer.kernel, layer.stride,
                           sides[:2] if even else 0, layer.dilation, layer.groups, layer.bias)
    return write.module(write.filled(made, task), x if even else write.padded(x, sides))


def _dense(write: _Writer, task: Task, x: Any) -> Any:
    layer = task.layer
    assert isinstance(layer, Dense)
    return write.module(write.filled(write.nn.Linear(_length(task), layer.units, layer.bias), task), x)


def _maxout(write: _Writer, task: Task, x: Any) -> Any:
    layer = task.layer
    assert isinstance(layer, Maxout)
    length, outputs = _length(task), layer.pieces * layer.units
    made = write.filled(write.nn.Linear(length, outputs, layer.bias), task, weight=(outputs, length), bias=(outputs,))
    pieces = write.module(write.nn.Unflatten(1, (layer.pieces, layer.units)), write.module(made, x))
    return write.call(write.torch.amax, pieces, 1)


def _batch_norm(write: _Writer, task: Task, x: Any) -> Any:
    layer = task.layer
    assert isinstance(layer, BatchNorm)
    kind = write.nn.BatchNorm2d if len(task.shape) == 3 else write.nn.BatchNorm1d
    return write.module(write.filled(kind(task.shape[0], layer.epsilon, layer.momentum), task), x)


def _scale(write: _Writer, task: Task, x: Any) -> Any:
    shape = (task.shape[0], *(1,) * (len(task.shape) - 1))
    scaled = write.call(operator.mul, x, write.parameter(task, "weight", shape))
    return write.call(operator.add, scaled, write.parameter(task, "bias", shape))


def _prelu(write: _Writer, task: Task, x: Any) -> Any:
    return write.module(write.filled(write.nn.PReLU(task.shape[0]), task), x)


def _length(task: Task) -> int:
    return math.prod(task.input_shapes[0])


# pools ---------------------------------------------------------------------------------------------------------------


def _max_pool(write: _Writer, task: Task, x: Any) -> Any:
    layer = task.layer
    assert isinstance(layer, MaxPool2D)
    if _native(layer, task):
        return write.module(write.nn.MaxPool2d(layer.kernel, layer.stride, _sides(task)[:2], ceil_mode=layer.ceil), x)
    sides = _reaching(layer, task)
    return write.module(write.nn.MaxPool2d(layer.kernel, layer.stride), write.padded(x, sides, -math.inf))


def _average_pool(write: _Writer, task: Task, x: Any) -> Any:
    layer = task.layer
    assert isinstance(layer, AveragePool2D)
    if _native(layer, task):
        return write.module(write.nn.AvgPool2d(layer.kernel, layer.stride, _sides(task)[:2], layer.ceil,
                                               layer.count_padding), x)
    # The mean over all of each window, zeros included, over the share of the window that counts.
    sides, pool = _reaching(layer, task), write.nn.AvgPool2d(layer.kernel, layer.stride)
    own = _sides(task)
    counts = write.torch.ones(1, 1, *task.input_shapes[0][1:])
    counts = _framed(write, counts, own, 1.0 if layer.count_padding else 0.0)
    counts = _framed(write, counts, (0, 0, sides[2] - own[2], sides[3] - own[3]), 0.0)
    share = pool(counts).clamp(min=1 / math.prod(layer.kernel))
    return write.call(operator.truediv, write.module(pool, write.padded(x, sides)), write.value(share))


def _length_pool(write: _Writer, task: Task, x: Any) -> Any:
    layer = task.layer
    assert isinstance(layer, L2Pool2D)
    # Zeros add nothing to a length, and PyTorch's own rounding up would scale the windows that hang over.
    sides = _reaching(layer, task)
    pool = write.nn.LPPool2d(2, layer.kernel, layer.stride)
    return write.module(pool, write.padded(x, sides) if any(sides) else x)


def _framed(write: _Writer, x: Any, sides: Sides, value: float) -> Any:
    top, left, bottom, right = sides
    return write.nn.functional.pad(x, (left, right, top, bottom), value=value)


def _sides(task: Task) -> Sides:
    window = task.layer.window()
    assert window is not None
    return window.padded(*task.input_shapes[0][1:])


def _native(layer: Pool2D, task: Task) -> bool:
    """Whether PyTorch's own padding, alike on both sides and at most half a window, will do."""
    sides = _sides(task)
    return sides[:2] == sides[2:] and all(2 * side <= size for side, size in zip(sides, layer.kernel, strict=False))


def _reaching(layer: Pool2D, task: Task) -> Sides:
    """The padding so far that every window lies inside of it."""
    sides, stride = _sides(task), layer.stride or layer.kernel
    over = [max(0, (task.layer_shape[1 + axis] - 1) * stride[axis] + layer.kernel[axis]
                - (task.input_shapes[0][1 + axis] + sides[axis] + sides[axis + 2])) for axis in (0, 1)]
    return (sides[0], sides[1], sides[2] + over[0], sides[3] + over[1])


def _global_average(write: _Writer, task: Task, x: Any) -> Any:
    return write.module(write.nn.Flatten(), write.module(write.nn.AdaptiveAvgPool2d(1), x))


def _global_max(write: _Writer, task: Task, x: Any) -> Any:
    return write.module(write.nn.Flatten(), write.module(write.nn.AdaptiveMaxPool2d(1), x))


# all others ----------------------------------------------------------------------------------------------------------


def _local_response(write: _Writer, task: Task, x: Any) -> Any:
    layer = task.layer
    assert isinstance(layer, LocalResponseNorm)
    return write.module(write.nn.LocalResponseNorm(layer.size, layer.alpha, layer.beta, layer.k), x)


def _leaky(write: _Writer, task: Task, x: Any) -> Any:
    assert isinstance(task.layer, LeakyReLU | VeryLeakyReLU)
    return write.module(write.nn.LeakyReLU(task.layer.alpha), x)


def _random_slope(write: _Writer, task: Task, x: Any) -> Any:
    assert isinstance(task.layer, RReLU)
    return write.module(write.nn.RReLU(task.layer.low, task.layer.high), x)


def _elu(write: _Writer, task: Task, x: Any) -> Any:
    assert isinstance(task.layer, ELU)
    return write.module(write.nn.ELU(task.layer.alpha), x)


def _softplus(write: _Writer, task: Task, x: Any) -> Any:
    assert isinstance(task.layer, Softplus)
    made = write.module(write.nn.Softplus(), x)
    return write.call(operator.sub, made, math.log(2)) if task.layer.centred else made


def _dropout(write: _Writer, task: Task, x: Any) -> Any:
    assert isinstance(task.layer, Dropout)
    return write.module(write.nn.Dropout(task.layer.rate), x)


def _reshape(write: _Writer, task: Task, x: Any) -> Any:
    return write.call(write.torch.reshape, x, (-1, *task.shape))


def _pad(write: _Writer, task: Task, x: Any) -> Any:
    assert isinstance(task.layer, Pad2D)
    return write.padded(x, task.layer.padding, task.layer.value)


def _add(write: _Writer, task: Task, *inputs: Any) -> Any:
    total = inputs[0]
    for each in inputs[1:]:
        total = write.call(operator.add, total, each)
    return total


def _concatenate(write: _Writer, task: Task, *inputs: Any) -> Any:
    return write.call(write.torch.cat, inputs, 1)


def _plain(name: str, *settings: Any) -> Callable[..., Any]:
    """A module without weights and with no more settings than these."""
    return lambda write, task, x: write.module(getattr(write.nn, name)(*settings), x)


_TWINS: dict[type[Layer], Callable[..., Any]] = {
    Conv2D: _convolution, Dense: _dense, Maxout: _maxout, BatchNorm: _batch_norm, Scale: _scale, PReLU: _prelu,
    MaxPool2D: _max_pool, AveragePool2D: _average_pool, L2Pool2D: _length_pool,
    GlobalAveragePool2D: _global_average, GlobalMaxPool2D: _global_max, LocalResponseNorm: _local_response,
    LeakyReLU: _leaky, VeryLeakyReLU: _leaky, RReLU: _random_slope, ELU: _elu, Softplus: _softplus, Dropout: _dropout,
    Reshape: _reshape, Pad2D: _pad, Add: _add,
    Concatenate: _concatenate, ReLU: _plain("ReLU"), Sigmoid: _plain("Sigmoid"), Tanh: _plain("Tanh"),
    Softmax: _plain("Softmax", 1), Flatten: _plain("Flatten"),
}
