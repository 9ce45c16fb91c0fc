"""Operators with weights: convolutions, fully connected layers, normalisation, slopes."""

from dataclasses import replace

import numpy as np

from core.formats.onnx_reading.building import Value
from core.formats.onnx_reading.call import Call
from core.formats.onnx_reading.constants import Unsupported
from core.formats.onnx_reading.selection import in_order_of
from core.formats.onnx_reading.windows import window_settings
from core.layers.base import Array


def convolution(call: Call) -> Value:
    """Conv as Conv2D."""
    weight, groups = call.weight(1), call.node.whole("group", 1)
    if weight.ndim != 4:
        raise Unsupported(f"it convolves over {max(0, weight.ndim - 2)} axes; pictures have 2")
    kernel = call.node.wholes("kernel_shape") or weight.shape[2:]
    if tuple(kernel) != weight.shape[2:]:
        raise Unsupported("its kernel_shape is not that of its weights")
    value = call.builder.plain(call.value(), 3)
    arrays = {"weight": weight}
    if call.constant(2) is not None:
        arrays["bias"] = call.weight(2).reshape(-1)
    return call.builder.add("Conv2D", [value], arrays, filters=weight.shape[0], kernel=weight.shape[2:], groups=groups,
                            bias="bias" in arrays, **window_settings(call.node, weight.shape[2:], value.inner))


def fully_connected(call: Call) -> Value:
    """Gemm as Dense: alpha and beta go into the weights."""
    if call.node.whole("transA", 0):
        raise Unsupported("it turns its input over (transA)")
    weight = _times(call.weight(1), call.node.real("alpha", 1.0))
    if weight.ndim != 2:
        raise Unsupported("its weights are no table")
    weight = weight if call.node.whole("transB", 0) else weight.T
    bias = None
    if call.constant(2) is not None:
        bias = _times(call.weight(2), call.node.real("beta", 1.0))
        if bias.size not in (1, len(weight)) or bias.size != max(bias.shape, default=1):
            raise Unsupported("what it adds is not one number per output")
        bias = np.broadcast_to(bias.reshape(-1), len(weight))
    return dense(call, weight, bias)


def _times(array: Array, factor: float) -> Array:
    """The array itself where there is nothing to multiply: it may be hundreds of megabytes of the file."""
    return array if factor == 1 else array * np.float32(factor)


def product(call: Call) -> Value:
    """MatMul with known weights on the right as Dense without bias; what is added later becomes its bias."""
    weight = call.weight(1)
    if weight.ndim != 2:
        raise Unsupported("its weights are no table")
    return dense(call, weight.T, None)


def dense(call: Call, weight: Array, bias: Array | None) -> Value:
    """A Dense layer with weights [units, inputs], whose columns follow the order of the layer before."""
    value = call.builder.settled(call.value())
    shape = value.shape
    if value.order is not None and len(value.order) == 3 and value.order[-1] == 0:
        return _at_each_pixel(call, value, weight, bias)
    if shape is not None and len(shape) != 1:
        raise Unsupported(f"its input has {len(shape)} axes besides the batch; a flat vector is needed")
    if value.columns is not None:
        if weight.shape[1] != len(value.columns):
            raise Unsupported("its weights do not fit its input")
        ours = np.empty_like(weight)
        ours[:, value.columns] = weight
        weight, value = ours, replace(value, columns=None)
    arrays = {"weight": np.ascontiguousarray(weight, np.float32)}
    if bias is not None:
        arrays["bias"] = np.array(bias, np.float32)
    return call.builder.add("Dense", [call.builder.plain(value, 1)], arrays, units=len(weight), bias=bias is not None)


def _at_each_pixel(call: Call, value: Value, weight: Array, bias: Array | None) -> Value:
    """A product over the channels of maps that the file holds with the channels last: a 1×1 convolution."""
    arrays = {"weight": np.ascontiguousarray(weight, np.float32)[:, :, None, None]}
    if bias is not None:
        arrays["bias"] = np.array(bias, np.float32)
    source = replace(value, order=None, shape=value.inner)
    found = call.builder.add("Conv2D", [source], arrays, filters=len(weight), kernel=1, bias=bias is not None)
    return in_order_of(found, value.order)


def batch_norm(call: Call) -> Value:
    """BatchNormalization as it works at use."""
    if call.node.whole("training_mode", 0) or not call.node.whole("spatial", 1):
        raise Unsupported("it takes the mean of the batch or of each pixel; export the model for use (eval)")
    arrays = {name: call.weight(place).reshape(-1)
              for place, name in enumerate(("weight", "bias", "running_mean", "running_var"), start=1)}
    value = call.builder.settled(call.value())
    if value.order is not None and value.order[-1] != 0:
        raise Unsupported("its channels are not where ours are")
    if value.order is not None or (value.shape is not None and len(value.shape) not in (1, 3)):
        raise Unsupported("its input is neither maps nor a vector in our order")
    epsilon = min(1.0, max(1e-12, call.node.real("epsilon", 1e-5)))
    momentum = min(1.0, max(0.0, 1 - call.node.real("momentum", 0.9)))
    # 1 − 0.9 in float32 is 0.1 but for rounding.
    return call.builder.add("BatchNorm", [call.builder.plain(value)], arrays, epsilon=float(f"{epsilon:.6g}"),
                            momentum=float(f"{momentum:.6g}"))


def slopes(call: Call) -> Value:
    """PRelu as PReLU: one slope per channel."""
    value, slope = call.builder.plain(call.value()), call.weight(1)
    if value.inner is None:
        raise Unsupported("the shape of its input is not known")
    channels, rank = value.inner[0], len(value.inner)
    axis = slope.ndim - rank
    other = [length for place, length in enumerate(slope.shape) if place != axis]
    if slope.size == channels == max(slope.shape, default=1) and (axis < 0 or max(other, default=1) == 1):
        slope = slope.reshape(-1)
    elif slope.size == 1:
        slope = np.broadcast_to(slope.reshape(-1), channels).copy()
    else:
        raise Unsupported("its slopes are not one number per channel")
    return call.builder.add("PReLU", [value], {"weight": slope})


def local_response_norm(call: Call) -> Value:
    """LRN, whose even sizes reach to the other side than ours."""
    size = call.node.whole("size", 0)
    if size % 2 == 0:
        raise Unsupported(f"its even size {size} reaches to the other side than here")
    return band_norm(call)


def band_norm(call: Call) -> Value:
    """The same, put together from other operators that reach to our side."""
    return call.builder.add("LocalResponseNorm", [call.builder.plain(call.value())], size=call.node.whole("size", 0),
                            alpha=_short(call.node.real("alpha", 1e-4)), beta=_short(call.node.real("beta", 0.75)),
                            k=_short(call.node.real("bias", 1.0)))


def maxout(call: Call) -> Value:
    """Fully connected layers of which the largest counts: first all weights, then all biases."""
    pieces = call.node.whole("pieces", 1)
    weights = [call.weight(place) for place in range(1, pieces + 1)]
    biases = [call.weight(place).reshape(-1) for place in range(pieces + 1, len(call.inputs))]
    if len({weight.shape for weight in weights}) > 1 or weights[0].ndim != 2 or len({len(b) for b in biases}) > 1:
        raise Unsupported("its pieces have different sizes")
    arrays = {"weight": np.stack(weights)}
    if biases:
        arrays["bias"] = np.stack(biases)
    return call.builder.add("Maxout", [call.builder.plain(call.value(), 1)], arrays, units=len(weights[0]),
                            pieces=pieces, bias=bool(biases))


def hinges(call: Call) -> Value:
    """Slopes and offsets of each hinge, one number per channel."""
    segments, arrays = call.node.whole("segments", 1), [each.reshape(-1) for each in call.constants]
    if len({array.size for array in arrays}) > 1:
        raise Unsupported("its hinges have different sizes")
    parts = {"slopes": np.stack(arrays[:segments]).astype(np.float32),
             "offsets": np.stack(arrays[segments:]).astype(np.float32)}
    return call.builder.add("APL", [call.builder.plain(call.value())], parts, segments=segments)


def _short(value: float) -> float:
    """A number that was written in float32, as people write it."""
    return float(f"{value:.7g}")
