"""Each layer as ONNX operators (opset 17): one function per type, found by its name in `OPERATORS`.

Paddings are written out in pixels, so that no reader's own idea of "same" or of rounding up matters.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from core.errors import FormatError
from core.formats.onnx_decomposed import (
    channel_pool,
    hinges,
    local_response_norm,
    maxout,
    padded,
    per_channel_slope,
    reshaped,
    scaled,
    softplus,
)
from core.formats.onnx_graph import OnnxGraph, OnnxLayer
from core.formats.onnx_pooling import average_pool, bell_pool, global_average, global_max, length_pool, max_pool

Operator = Callable[[OnnxGraph, OnnxLayer], object]


def write_layer(graph: OnnxGraph, item: OnnxLayer) -> None:
    """Add one layer to the graph; FormatError for a type that has no operators here."""
    if item.layer.bypassed:
        graph.node("Identity", item.inputs[:1], item.name)
        return
    if item.node.type not in OPERATORS:
        raise FormatError(f"{item.name}: ONNX export does not know {item.node.type} yet. Remove it, or export another "
                          f"format.")
    OPERATORS[item.node.type](graph, item)


def _plain(operator: str, **attributes: Any) -> Operator:
    return lambda graph, item: graph.node(operator, item.inputs, item.name, **attributes)


def _conv(graph: OnnxGraph, item: OnnxLayer) -> None:
    window = item.layer.window()
    graph.node("Conv", [*item.inputs, *item.arrays(graph, "weight", "bias")], item.name, kernel_shape=window.kernel,
               strides=window.stride, dilations=window.dilation, pads=window.padded(*item.shapes[0][1:]),
               group=item.layer.groups)


def _dense(graph: OnnxGraph, item: OnnxLayer) -> None:
    graph.node("Gemm", [*item.inputs, *item.arrays(graph, "weight", "bias")], item.name, transB=1)


def _leaky(graph: OnnxGraph, item: OnnxLayer) -> None:
    graph.node("LeakyRelu", item.inputs, item.name, alpha=item.layer.alpha)


def _random_leaky(graph: OnnxGraph, item: OnnxLayer) -> None:
    graph.node("LeakyRelu", item.inputs, item.name, alpha=item.layer.middle)


def _elu(graph: OnnxGraph, item: OnnxLayer) -> None:
    graph.node("Elu", item.inputs, item.name, alpha=item.layer.alpha)


def _batch_norm(graph: OnnxGraph, item: OnnxLayer) -> None:
    arrays = item.arrays(graph, "weight", "bias", "running_mean", "running_var")
    graph.node("BatchNormalization", [*item.inputs, *arrays], item.name, epsilon=item.layer.epsilon,
               momentum=1 - item.layer.momentum)


def _dropout(graph: OnnxGraph, item: OnnxLayer) -> None:
    # Does nothing at use; it stays in the file so that a reader sees it and training can go on elsewhere.
    ratio = graph.constant(f"{item.name}.ratio", np.array(item.layer.rate, np.float32))
    graph.node("Dropout", [*item.inputs, ratio], item.name)


def _add(graph: OnnxGraph, item: OnnxLayer) -> None:
    graph.node("Add" if len(item.inputs) == 2 else "Sum", item.inputs, item.name)


OPERATORS: Mapping[str, Operator] = {
    "Conv2D": _conv, "Dense": _dense, "Flatten": _plain("Flatten", axis=1), "MaxPool2D": max_pool,
    "AveragePool2D": average_pool, "GlobalAveragePool2D": global_average, "ReLU": _plain("Relu"),
    "LeakyReLU": _leaky, "Sigmoid": _plain("Sigmoid"), "Tanh": _plain("Tanh"), "Softmax": _plain("Softmax", axis=1),
    "BatchNorm": _batch_norm, "Dropout": _dropout, "Add": _add, "Concatenate": _plain("Concat", axis=1),
    "Linear": _plain("Identity"), "VeryLeakyReLU": _leaky, "RReLU": _random_leaky, "NoisyReLU": _plain("Relu"),
    "ELU": _elu, "Softplus": softplus, "PReLU": per_channel_slope, "APL": hinges, "Maxout": maxout,
    "L2Pool2D": length_pool, "GaussianPool2D": bell_pool, "ChannelPool": channel_pool, "GlobalMaxPool2D": global_max,
    "LocalResponseNorm": local_response_norm, "Reshape": reshaped, "Pad2D": padded, "Scale": scaled,
}
