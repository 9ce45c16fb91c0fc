"""Every layer as PyTorch has it, and in a few lines of tensor arithmetic where PyTorch has none.

Nothing here looks at the layers' own arithmetic: settings and arrays go in, numbers come out, and autograd does the
rest.
"""

import math

import numpy as np

from core.layers.base import Layer


def reference(torch, layer: Layer, x: list, w: dict, training: bool):
    """The output of a layer as a tensor: `x` are its inputs, `w` its arrays, all tensors."""
    found = _WITH_PYTORCH.get(layer.type) or _WITHOUT[layer.type]
    return found(torch, layer, x, w, training)


def _per_channel(values, x):
    return values.reshape(-1, *[1] * (x.ndim - 2))


# sliding windows ------------------------------------------------------------------------------------------------


def _sides(layer: Layer, height: int, width: int, reach: tuple[int, int], stride: tuple[int, int]) -> list[int]:
    """Padding as PyTorch's `pad` wants it: left, right, top, bottom."""
    if layer.padding == "valid":
        return [0, 0, 0, 0]
    if layer.padding != "same":
        top, left, bottom, right = layer.padding
        return [left, right, top, bottom]
    found = []
    for size, axis in ((width, 1), (height, 0)):
        whole = max(0, (math.ceil(size / stride[axis]) - 1) * stride[axis] + reach[axis] - size)
        found += [whole // 2, whole - whole // 2]
    return found


def _convolution(torch, layer, x, w, training):
    reach = tuple(d * (k - 1) + 1 for d, k in zip(layer.dilation, layer.kernel, strict=True))
    padded = torch.nn.functional.pad(x[0], _sides(layer, *x[0].shape[2:], reach, layer.stride))
    return torch.nn.functional.conv2d(padded, w["weight"], w.get("bias"), layer.stride, 0, layer.dilation,
                                      layer.groups)


def _symmetric(layer, x):
    """(vertical, horizontal) padding where PyTorch's pools know it, else None."""
    left, right, top, bottom = _sides(layer, *x.shape[2:], layer.kernel, layer.stride or layer.kernel)
    known = left == right <= layer.kernel[1] // 2 and top == bottom <= layer.kernel[0] // 2
    return (top, left) if known else None


def _windows(torch, layer, x, outside, fill):
    """Every window of the padded picture, N×C×H×W×h×w; `outside` is what lies in the padding, `fill` behind that."""
    stride, pads = layer.stride or layer.kernel, _sides(layer, *x.shape[2:], layer.kernel, layer.stride or layer.kernel)
    padded = torch.nn.functional.pad(x, pads, value=outside)
    more, counts = [], []
    for axis, (size, before) in enumerate(zip(x.shape[2:], (pads[2], pads[0]), strict=True)):
        room = padded.shape[2 + axis] - layer.kernel[axis]
        count = (math.ceil(room / stride[axis]) if layer.ceil else room // stride[axis]) + 1
        if layer.ceil and (count - 1) * stride[axis] >= size + before:
            count -= 1
        counts.append(count)
        more.append(max(0, (count - 1) * stride[axis] - room))
    padded = torch.nn.functional.pad(padded, [0, more[1], 0, more[0]], value=fill)
    seen = padded.unfold(2, layer.kernel[0], stride[0]).unfold(3, layer.kernel[1], stride[1])
    return seen[:, :, :counts[0], :counts[1]]


def _max_pool(torch, layer, x, w, training):
    pads = _symmetric(layer, x[0])
    if pads is not None:
        return torch.nn.functional.max_pool2d(x[0], layer.kernel, layer.stride, pads, ceil_mode=layer.ceil)
    return _windows(torch, layer, x[0], -torch.inf, -torch.inf).amax((4, 5))


def _average_pool(torch, layer, x, w, training):
    pads = _symmetric(layer, x[0])
    if pads is not None:
        return torch.nn.functional.avg_pool2d(x[0], layer.kernel, layer.stride, pads, layer.ceil, layer.count_padding)
    counts = _windows(torch, layer, torch.ones_like(x[0]), float(layer.count_padding), 0.0).sum((4, 5))
    return _windows(torch, layer, x[0], 0.0, 0.0).sum((4, 5)) / counts.clamp(min=1)


def _length_pool(torch, layer, x, w, training):
    if layer.padding == "valid" and not layer.ceil:
        return torch.nn.functional.lp_pool2d(x[0], 2.0, layer.kernel, layer.stride)
    return torch.linalg.vector_norm(_windows(torch, layer, x[0], 0.0, 0.0), dim=(4, 5))


def _bell_pool(torch, layer, x, w, training):
    rows, columns = (np.arange(size) - (size - 1) / 2 for size in layer.kernel)
    bell = np.exp(-(rows[:, None] ** 2 + columns[None, :] ** 2) / (2 * layer.sigma**2))
    weights = torch.tensor(bell / bell.sum(), dtype=x[0].dtype)
    return (_windows(torch, layer, x[0], 0.0, 0.0) * weights).sum((4, 5))


# others ---------------------------------------------------------------------------------------------------------


def _batch_norm(torch, layer, x, w, training):
    return torch.nn.functional.batch_norm(x[0], w["running_mean"], w["running_var"], w["weight"], w["bias"], training,
                                          layer.momentum, layer.epsilon)


def _response(torch, layer, x, w, training):
    maps = x[0] if x[0].ndim == 4 else x[0][:, :, None]
    return torch.nn.functional.local_response_norm(maps, layer.size, layer.alpha, layer.beta,
                                                   layer.k).reshape(x[0].shape)


def _softplus(torch, layer, x, w, training):
    return torch.nn.functional.softplus(x[0]) - (math.log(2) if layer.centred else 0)


def _random_slope(torch, layer, x, w, training):
    # Without noise a slope is what PyTorch takes in inference.
    return torch.nn.functional.leaky_relu(x[0], (layer.low + layer.high) / 2)


def _pad(torch, layer, x, w, training):
    top, left, bottom, right = layer.padding
    return torch.nn.functional.pad(x[0], (left, right, top, bottom), value=layer.value)


def _hinges(torch, layer, x, w, training):
    y = torch.relu(x[0])
    for slope, offset in zip(w["slopes"], w["offsets"], strict=True):
        y = y + _per_channel(slope, x[0]) * torch.relu(_per_channel(offset, x[0]) - x[0])
    return y


def _maxout(torch, layer, x, w, training):
    bias = w.get("bias")
    pieces = [torch.nn.functional.linear(x[0], weight, None if bias is None else bias[number])
              for number, weight in enumerate(w["weight"])]
    return torch.stack(pieces).max(dim=0).values


def _channel_pool(torch, layer, x, w, training):
    groups = x[0].unflatten(1, (-1, layer.size))
    return groups.amax(2) if layer.mode == "max" else groups.mean(2)


_WITH_PYTORCH = {
    "Conv2D": _convolution,
    "Dense": lambda torch, layer, x, w, training: torch.nn.functional.linear(x[0], w["weight"], w.get("bias")),
    "Flatten": lambda torch, layer, x, w, training: torch.flatten(x[0], 1),
    "Reshape": lambda torch, layer, x, w, training: x[0].reshape(-1, *layer.shape),
    "Pad2D": _pad,
    "ReLU": lambda torch, layer, x, w, training: torch.nn.functional.relu(x[0]),
    "LeakyReLU": lambda torch, layer, x, w, training: torch.nn.functional.leaky_relu(x[0], layer.alpha),
    "VeryLeakyReLU": lambda torch, layer, x, w, training: torch.nn.functional.leaky_relu(x[0], layer.alpha),
    "PReLU": lambda torch, layer, x, w, training: torch.nn.functional.prelu(x[0], w["weight"]),
    "RReLU": _random_slope,
    "ELU": lambda torch, layer, x, w, training: torch.nn.functional.elu(x[0], layer.alpha),
    "Softplus": _softplus,
    "Sigmoid": lambda torch, layer, x, w, training: torch.sigmoid(x[0]),
    "Tanh": lambda torch, layer, x, w, training: torch.tanh(x[0]),
    "Softmax": lambda torch, layer, x, w, training: torch.softmax(x[0], 1),
    "Dropout": lambda torch, layer, x, w, training: torch.nn.functional.dropout(x[0], layer.rate, training=False),
    "BatchNorm": _batch_norm,
    "LocalResponseNorm": _response,
    "MaxPool2D": _max_pool,
    "AveragePool2D": _average_pool,
    "L2Pool2D": _length_pool,
    "GlobalAveragePool2D": lambda torch, layer, x, w, training: x[0].mean((2, 3)),
    "GlobalMaxPool2D": lambda torch, layer, x, w, training: torch.nn.functional.adaptive_max_pool2d(
        x[0], 1).flatten(1),
    "Add": lambda torch, layer, x, w, training: sum(x[1:], start=x[0]),
    "Concatenate": lambda torch, layer, x, w, training: torch.cat(x, 1),
}
_WITHOUT = {
    "Linear": lambda torch, layer, x, w, training: x[0] * 1,
    "NoisyReLU": lambda torch, layer, x, w, training: torch.clamp(x[0], min=0),
    "APL": _hinges,
    "Maxout": _maxout,
    "Scale": lambda torch, layer, x, w, training: _per_channel(w["weight"], x[0]) * x[0] + _per_channel(
        w["bias"], x[0]),
    "GaussianPool2D": _bell_pool,
    "ChannelPool": _channel_pool,
}
