"""Layers that ONNX has no single operator for, put together from several."""

import math

import numpy as np

from core.formats.onnx_graph import OnnxGraph, OnnxLayer
from core.layers.base import Array


def softplus(graph: OnnxGraph, item: OnnxLayer) -> None:
    """ln(1 + eˣ), less ln 2 where it is centred."""
    if not item.layer.centred:
        graph.node("Softplus", item.inputs, item.name)
        return
    curve = graph.node("Softplus", item.inputs, f"{item.name}.curve")
    half = graph.constant(f"{item.name}.half", np.array(math.log(2), np.float32))
    graph.node("Sub", [curve, half], item.name)


def per_channel_slope(graph: OnnxGraph, item: OnnxLayer) -> None:
    """PRelu with a slope per channel."""
    slope = graph.constant(f"{item.name}.weight", _spread(item, item.weights["weight"]))
    graph.node("PRelu", [*item.inputs, slope], item.name)


def hinges(graph: OnnxGraph, item: OnnxLayer) -> None:
    """max(x, 0) + Σ a max(0, b − x)."""
    parts = [graph.node("Relu", item.inputs, f"{item.name}.0")]
    pairs = zip(item.weights["slopes"], item.weights["offsets"], strict=True)
    for number, (slope, offset) in enumerate(pairs, start=1):
        name = f"{item.name}.{number}"
        place = graph.constant(f"{name}.offset", _spread(item, offset))
        distance = graph.node("Sub", [place, item.inputs[0]], f"{name}.distance")
        opened = graph.node("Relu", [distance], f"{name}.opened")
        factor = graph.constant(f"{name}.slope", _spread(item, slope))
        parts.append(graph.node("Mul", [opened, factor], name))
    graph.node("Sum", parts, item.name)


def maxout(graph: OnnxGraph, item: OnnxLayer) -> None:
    """A fully connected layer for each piece, and the largest of them."""
    pieces = []
    for number, weight in enumerate(item.weights["weight"], start=1):
        name = f"{item.name}.{number}"
        arrays = [graph.constant(f"{name}.weight", np.ascontiguousarray(weight))]
        if "bias" in item.weights:
            arrays.append(graph.constant(f"{name}.bias", np.ascontiguousarray(item.weights["bias"][number - 1])))
        pieces.append(graph.node("Gemm", [*item.inputs, *arrays], name, transB=1))
    graph.node("Max", pieces, item.name)


def channel_pool(graph: OnnxGraph, item: OnnxLayer) -> None:
    """The channels of a group on an axis of their own, over which the largest or the mean is taken."""
    size = item.layer.size
    parted = _reshape(graph, item, f"{item.name}.groups", (item.shapes[0][0] // size, size, *item.shapes[0][1:]))
    graph.node("ReduceMax" if item.layer.mode == "max" else "ReduceMean", [parted], item.name, axes=[2], keepdims=0)


def local_response_norm(graph: OnnxGraph, item: OnnxLayer) -> None:
    """LRN; for an even number of channels, which ONNX counts from the other side, and for vectors its arithmetic.

    So too for α or β of 0, which onnxruntime refuses in an LRN.
    """
    layer = item.layer
    if layer.size % 2 and len(item.shapes[0]) == 3 and layer.alpha > 0 and layer.beta > 0:
        graph.node("LRN", item.inputs, item.name, size=layer.size, alpha=layer.alpha, beta=layer.beta, bias=layer.k)
        return
    squares = graph.node("Mul", [item.inputs[0]] * 2, f"{item.name}.squares")
    band = _band(item.shapes[0][0], layer.size // 2, (layer.size - 1) // 2) * np.float32(layer.alpha / layer.size)
    if len(item.shapes[0]) == 3:
        weight = graph.constant(f"{item.name}.band", band[:, :, None, None])
        total = graph.node("Conv", [squares, weight], f"{item.name}.sum", kernel_shape=[1, 1])
    else:
        weight = graph.constant(f"{item.name}.band", np.ascontiguousarray(band.T))
        total = graph.node("MatMul", [squares, weight], f"{item.name}.sum")
    offset = graph.constant(f"{item.name}.offset", np.array(layer.k, np.float32))
    base = graph.node("Add", [total, offset], f"{item.name}.base")
    power = graph.constant(f"{item.name}.power", np.array(layer.beta, np.float32))
    divisor = graph.node("Pow", [base, power], f"{item.name}.divisor")
    graph.node("Div", [item.inputs[0], divisor], item.name)


def reshaped(graph: OnnxGraph, item: OnnxLayer) -> None:
    """The same numbers in another shape."""
    _reshape(graph, item, item.name, item.layer.shape)


def padded(graph: OnnxGraph, item: OnnxLayer) -> None:
    """Rows and columns of one number around each map."""
    top, left, bottom, right = item.layer.padding
    pads = graph.constant(f"{item.name}.pads", np.array([0, 0, top, left, 0, 0, bottom, right], np.int64))
    value = graph.constant(f"{item.name}.value", np.array(item.layer.value, np.float32))
    graph.node("Pad", [*item.inputs, pads, value], item.name, mode="constant")


def scaled(graph: OnnxGraph, item: OnnxLayer) -> None:
    """γx + β with both per channel."""
    weight, bias = (graph.constant(f"{item.name}.{name}", _spread(item, item.weights[name]))
                    for name in ("weight", "bias"))
    stretched = graph.node("Mul", [*item.inputs, weight], f"{item.name}.stretched")
    graph.node("Add", [stretched, bias], item.name)


def _reshape(graph: OnnxGraph, item: OnnxLayer, output: str, shape: tuple[int, ...]) -> str:
    # 0 keeps the batch, whatever it is.
    sizes = graph.constant(f"{item.name}.sizes", np.array([0, *shape], np.int64))
    return graph.node("Reshape", [item.inputs[0], sizes], output)


def _spread(item: OnnxLayer, values: Array) -> Array:
    """One number per channel, shaped to meet the layer's input."""
    return values.reshape(-1, 1, 1) if len(item.shapes[0]) == 3 else values


def _band(channels: int, before: int, after: int) -> Array:
    """[channels, channels] float32 with 1 where a channel is looked at for another."""
    distance = np.arange(channels)[None, :] - np.arange(channels)[:, None]
    return ((distance >= -before) & (distance <= after)).astype(np.float32)
