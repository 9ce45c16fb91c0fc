"""Operators that bend each number alone: one layer where there is one, else several that give the same curve."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from core.formats.onnx_reading.arithmetic import LEFT, RIGHT, changed
from core.formats.onnx_reading.building import Value
from core.formats.onnx_reading.call import Call, Reader
from core.formats.onnx_reading.constants import Unsupported
from core.formats.onnx_reading.patterns import TOGETHER
from core.graph.arrange import COLUMN
from core.graph.block import Block, BlockInput, BlockOutput
from core.graph.network import Edge, Network, Node
from core.layers import make_layer
from core.layers.base import Array, Layer

_DEFAULTS = {"LeakyRelu": 0.01, "Elu": 1.0}
# What ONNX says where a Selu does not.
_SELU_ALPHA, _SELU_GAMMA = 1.67326319217681884765625, 1.05070102214813232421875
_LIMITED = ("{what} is drawn as a block of layers that keeps each number between {low:g} and {high:g}; training does "
            "not change it.")


def curve(kind: str, settings: tuple[str, ...] = ()) -> Reader:
    """Gives a reader of an operator that works on each number alone, in whatever order they lie."""

    def read(call: Call) -> Value:
        values: dict[str, Any] = {name: _short(call.node.real(name, _DEFAULTS[call.node.operator]))
                                  for name in settings}
        return _bent(call, call.value(), kind, **values)

    return read


def softplus(call: Call) -> Value:
    """Softplus; of β · x and divided by β where PyTorch was told a steepness."""
    beta = call.node.real("beta", 1.0) if call.node.domain == TOGETHER else 1.0
    if beta == 0:
        raise Unsupported("its beta is 0")
    if beta == 1.0:
        return _bent(call, call.value(), "Softplus")
    return _times(call, _bent(call, _times(call, call.value(), beta), "Softplus"), 1 / beta)


def log_sigmoid(call: Call) -> Value:
    """log σ(x) = −softplus(−x)."""
    return _times(call, _bent(call, _times(call, call.value(), -1.0), "Softplus"), -1.0)


def selu(call: Call) -> Value:
    """Selu: γ times an ELU."""
    alpha, gamma = call.node.real("alpha", _SELU_ALPHA), call.node.real("gamma", _SELU_GAMMA)
    return _times(call, _bent(call, call.value(), "ELU", alpha=_short(alpha)), gamma)


def celu(call: Call) -> Value:
    """Celu: α · ELU(x / α)."""
    alpha = call.node.real("alpha", 1.0)
    if alpha == 0:
        raise Unsupported("its alpha is 0")
    return _times(call, _bent(call, _times(call, call.value(), 1 / alpha), "ELU", alpha=1.0), alpha)


def absolute(call: Call) -> Value:
    """Abs: a PReLU whose slope below zero stays −1."""
    value = call.builder.settled(call.value())
    if value.inner is None:
        raise Unsupported("the shape of its input is not known")
    source = replace(value, shape=value.inner, order=None, columns=None)
    found = call.builder.add("PReLU", [source], {"weight": np.full(value.inner[0], -1, np.float32)}, frozen=True)
    return replace(value, node=found.node)


def clip(call: Call) -> Value:
    """Clip, as ReLU6 and hardtanh are written: a ReLU where only one side has a limit, else a block of layers."""
    return _within(call, call.value(), _limit(call, 1, "min"), _limit(call, 2, "max"))


def larger(call: Call) -> Value:
    """Max of a value and a number."""
    value, limit = _with_number(call)
    return _within(call, value, limit, None)


def smaller(call: Call) -> Value:
    """Min of a value and a number."""
    value, limit = _with_number(call)
    return _within(call, value, None, limit)


def _with_number(call: Call) -> tuple[Value, float]:
    place = 0 if isinstance(call.inputs[0], Value) else 1
    value, limit = call.value(place), call.inputs[1 - place] if len(call.inputs) == 2 else None
    if isinstance(limit, Value) or limit is None:
        raise Unsupported("it compares values that all depend on the pictures, for which there is no layer")
    if limit.size == 0 or limit.min() != limit.max() or not np.isfinite(limit.flat[0]):
        raise Unsupported("its constant is not one number for all")
    return value, float(limit.flat[0])


def _within(call: Call, value: Value, low: float | None, high: float | None) -> Value:
    if low is None and high is None:
        return value
    if high is None:
        return _plus(call, _bent(call, _plus(call, value, -(low or 0.0)), "ReLU"), low or 0.0)
    if low is None:
        turned = changed(call, 0, value, np.array(high), LEFT["Sub"], scaled=True)
        return changed(call, 0, _bent(call, turned, "ReLU"), np.array(high), LEFT["Sub"], scaled=True)
    if low >= high:
        raise Unsupported(f"its limits {low:g} and {high:g} leave nothing between them")
    return _between(call, value, 1.0, -low, low, high)


def hard_sigmoid(call: Call) -> Value:
    """HardSigmoid: α · x + β, kept between 0 and 1."""
    alpha, beta = call.node.real("alpha", 0.2), call.node.real("beta", 0.5)
    return _between(call, call.value(), alpha, beta, 0.0, 1.0)


def _limit(call: Call, place: int, name: str) -> float | None:
    """A limit of a Clip: an input, in older files an attribute; None where there is none."""
    given = call.constant(place)
    number = float(given.ravel()[0]) if given is not None and given.size == 1 else call.node.real(name, np.inf)
    return number if abs(number) <= np.finfo(np.float32).max / 2 else None


def _between(call: Call, value: Value, slope: float, shift: float, low: float, high: float) -> Value:
    """low + (slope · x + shift), kept between `low` and `high`: high − ReLU(high − low − ReLU(slope · x + shift))."""
    value = call.builder.settled(value)
    if value.inner is None:
        raise Unsupported("the shape of its input is not known")
    # A Scale multiplies and adds the two numbers; a ReLU has none.
    steps: list[tuple[str, tuple[float, float] | None]] = [("above", None), ("turned", (-1.0, high - low)),
                                                           ("below", None), ("back", (-1.0, high))]
    if (slope, shift) != (1.0, 0.0):
        steps.insert(0, ("shifted", (slope, shift)))
    layers: list[tuple[Layer, str]] = [(BlockInput(), "input")]
    weights: dict[str, Array] = {}
    for name, numbers in steps:
        layers.append((make_layer("Scale", {"frozen": True}) if numbers else make_layer("ReLU", {}), name))
        for parameter, number in zip(("weight", "bias"), numbers or (), strict=False):
            weights[f"{name}.{parameter}"] = np.full(value.inner[0], number, np.float32)
    nodes = [Node(f"n{place + 1}", layer, name, (COLUMN * place, 0.0))
             for place, (layer, name) in enumerate([*layers, (BlockOutput(), "output")])]
    edges = tuple(Edge(first.id, second.id, 0) for first, second in pairwise(nodes))
    block = Block(network=Network({node.id: node for node in nodes}, edges, call.node.operator))
    call.builder.notes.append(_LIMITED.format(what=call.node.operator, low=low, high=high))
    found = call.builder.block(block, replace(value, shape=value.inner, order=None, columns=None), weights)
    return replace(value, node=found.node)


def _bent(call: Call, value: Value, kind: str, **settings: Any) -> Value:
    value = call.builder.settled(value)
    source = replace(value, shape=value.inner, order=None, columns=None)
    return replace(value, node=call.builder.add(kind, [source], None, **settings).node)


def _times(call: Call, value: Value, factor: float) -> Value:
    return changed(call, 0, value, np.array(factor), RIGHT["Mul"], scaled=True)


def _plus(call: Call, value: Value, offset: float) -> Value:
    return changed(call, 0, value, np.array(offset), RIGHT["Add"], scaled=False) if offset else value


def _short(value: float) -> float:
    """A number that was written in float32, as people write it."""
    return float(f"{value:.7g}")
