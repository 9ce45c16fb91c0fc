"""Which reader makes a layer of which operator."""

from collections.abc import Mapping
from dataclasses import replace

from core.formats.onnx_reading.arithmetic import arithmetic, negated, total
from core.formats.onnx_reading.building import Value
from core.formats.onnx_reading.call import Call, Reader
from core.formats.onnx_reading.constants import Unsupported
from core.formats.onnx_reading.curves import (
    absolute,
    celu,
    clip,
    curve,
    hard_sigmoid,
    larger,
    log_sigmoid,
    selu,
    smaller,
    softplus,
)
from core.formats.onnx_reading.pooling import reduced, summed, whole, whole_pool, windowed
from core.formats.onnx_reading.selection import part, sliced
from core.formats.onnx_reading.shaping import flatten, joined, padded, reshape, squeeze, transpose, unsqueeze
from core.formats.onnx_reading.weighted import (
    band_norm,
    batch_norm,
    convolution,
    fully_connected,
    hinges,
    local_response_norm,
    maxout,
    product,
    slopes,
)


def _identity(call: Call) -> Value:
    return curve("Linear")(call) if call.ours else call.value()


def _same(call: Call) -> Value:
    return call.value()


def _cast(call: Call) -> Value:
    if call.node.whole("to", 0) not in (1, 10, 11, 16):
        raise Unsupported("it turns what depends on the pictures into whole numbers")
    return call.value()


def _dropout(call: Call) -> Value:
    ratio = call.constant(1) if call.opset >= 12 else None
    rate = float(ratio.ravel()[0]) if ratio is not None and ratio.size else call.node.real("ratio", 0.5)
    value = call.builder.settled(call.value())
    source = replace(value, shape=value.inner, order=None, columns=None)
    found = call.builder.add("Dropout", [source], rate=float(f"{min(0.99, max(0.0, rate)):.6g}"))
    return replace(value, node=found.node)


def _softmax(call: Call) -> Value:
    value = call.value()
    rank = len(value.shape) if value.shape is not None else 1
    axis = call.node.whole("axis", -1 if call.opset >= 13 else 1)
    place = (axis if axis >= 0 else axis + rank + 1) - 1
    long = [each for each, length in enumerate(value.shape or (1,)) if length > 1] or [0]
    if long != [place] and not (call.opset < 13 and place == 0 and value.order is None and len(long) == 1):
        raise Unsupported("it works along an axis of maps; a flat vector is needed")
    if value.inner is not None and len(value.inner) == 3:
        value = call.builder.laid_out(replace(call.builder.settled(value), order=None, shape=(max(value.inner),)))
    value = call.builder.settled(value)
    source = replace(value, shape=value.inner, columns=None)
    found = call.builder.add("Softmax", [source])
    return replace(value, node=found.node)


def _log_softmax(call: Call) -> Value:
    if not call.last:
        raise Unsupported("logarithms of probabilities are known at the end of a network only")
    found = _softmax(call)
    call.builder.notes.append("The file puts out the logarithms of the probabilities; here the last layer puts out the "
                              "probabilities themselves.")
    return found


# Nodes that stand for several operators (see `patterns`).
SEVERAL: Mapping[str, Reader] = {"LRN": band_norm, "Maxout": maxout, "APL": hinges, "WholePool": whole_pool,
                                "LogSigmoid": log_sigmoid, "Softplus": softplus, "Part": part}
OPERATORS: Mapping[str, Reader] = {
    "Conv": convolution, "Gemm": fully_connected, "MatMul": product, "BatchNormalization": batch_norm,
    "PRelu": slopes, "LRN": local_response_norm, "MaxPool": windowed("MaxPool2D"),
    "AveragePool": windowed("AveragePool2D"), "LpPool": windowed("L2Pool2D"),
    "GlobalAveragePool": whole("GlobalAveragePool2D"), "GlobalMaxPool": whole("GlobalMaxPool2D"),
    "ReduceMean": reduced("GlobalAveragePool2D", "average"), "ReduceMax": reduced("GlobalMaxPool2D", "max"),
    "ReduceSum": summed, "Relu": curve("ReLU"), "Sigmoid": curve("Sigmoid"), "Tanh": curve("Tanh"),
    "Softplus": softplus, "LeakyRelu": curve("LeakyReLU", ("alpha",)), "Elu": curve("ELU", ("alpha",)), "Selu": selu,
    "Celu": celu, "Abs": absolute, "Clip": clip, "HardSigmoid": hard_sigmoid, "Max": larger,
    "Min": smaller, "Identity": _identity,
    "Dropout": _dropout, "Softmax": _softmax, "LogSoftmax": _log_softmax, "Cast": _cast, "Add": arithmetic,
    "Sub": arithmetic, "Mul": arithmetic, "Div": arithmetic, "Sum": total, "Neg": negated, "Reshape": reshape,
    "Flatten": flatten, "Squeeze": squeeze, "Unsqueeze": unsqueeze, "Transpose": transpose, "Pad": padded,
    "Concat": joined, "Slice": sliced,
}
