"""Each layer as Keras layers: found by its type in `LAYERS`. Feature maps are height × width × channels there.

Paddings are written out in pixels wherever Keras or one of its backends has an idea of its own about them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.export.plan import Step
from core.export.windows import Sides, reach, together
from core.layers.base import Array, Shape
from core.layers.window import Window


@dataclass(frozen=True)
class Part:
    """One Keras layer: its class, its arguments as text, and its arrays as Keras names and shapes them.

    `suffix` is put behind the layer's name where this part is not the layer itself. A class of `layers` or, with `own`,
    one of `resources/export/keras_layers.py`.
    """

    kind: str
    arguments: tuple[str, ...] = ()
    suffix: str = ""
    own: bool = False
    arrays: Mapping[str, Array] | None = None


Parts = Sequence[Part]


def _plain(kind: str, *arguments: str) -> Callable[[Step], Parts]:
    return lambda step: [Part(kind, arguments)]


def _conv(step: Step) -> Parts:
    layer, window = step.layer, step.layer.window()
    pads, same = window.padded(*step.shapes[0][1:]), _like_same(window, step.shapes[0])
    # Keras refuses strides together with dilation: all places are computed, and every so many kept.
    thinned = window.stride != (1, 1) and window.dilation != (1, 1)
    stride = (1, 1) if thinned else window.stride
    arguments = [f"{layer.filters}", _pair(window.kernel)]
    arguments += _unless("strides", stride, (1, 1)) + _unless("dilation_rate", window.dilation, (1, 1))
    arguments += ['padding="same"'] if same else []
    arguments += [f"groups={layer.groups}"] if layer.groups > 1 else []
    arguments += [] if layer.bias else ["use_bias=False"]
    arrays = {"kernel": step.arrays["weight"].transpose(2, 3, 1, 0), **_of(step, bias="bias")}
    found = [] if same or not any(pads) else [_zeros(pads)]
    found.append(Part("Conv2D", tuple(arguments), arrays=arrays))
    return [*found, Part("EveryPixel", (repr(window.stride),), "strides", own=True)] if thinned else found


def _like_same(window: Window, shape: Shape) -> bool:
    """Whether the padding is what Keras calls same; with strides its backends differ."""
    pads = window.padded(*shape[1:])
    same = Window(window.kernel, window.stride, window.dilation, "same").padded(*shape[1:])
    return window.stride == (1, 1) and any(pads) and pads == same


def _zeros(pads: Sides) -> Part:
    top, left, bottom, right = pads
    alike = str(top) if len(set(pads)) == 1 else f"(({top}, {bottom}), ({left}, {right}))"
    return Part("ZeroPadding2D", (alike,), "padding")


def _max_pool(step: Step) -> Parts:
    window = step.layer.window()
    pads = together(*reach(window, step.shapes[0], step.output))
    arguments = (_pair(window.kernel), *_unless("strides", window.stride, window.kernel))
    padding = [Part("PadWith", (repr(pads), 'float("-inf")'), "padding", own=True)] if any(pads) else []
    return [*padding, Part("MaxPooling2D", arguments)]


def _average_pool(step: Step) -> Parts:
    window = step.layer.window()
    pads, over = reach(window, step.shapes[0], step.output)
    counted = step.layer.count_padding
    if any(over) or (any(pads) and not counted):
        more = (f"counted={pads!r}",) if counted and any(pads) else ()
        return [Part("MeanPool2D", (*_windows(window, together(pads, over)), *more), own=True)]
    arguments = (_pair(window.kernel), *_unless("strides", window.stride, window.kernel))
    return [*([_zeros(pads)] if any(pads) else []), Part("AveragePooling2D", arguments)]


def _own_pool(kind: str, *settings: str) -> Callable[[Step], Parts]:
    def parts(step: Step) -> Parts:
        window = step.layer.window()
        arguments = _windows(window, together(*reach(window, step.shapes[0], step.output)))
        more = tuple(f"{name}={getattr(step.layer, name)!r}" for name in settings)
        return [Part(kind, (*arguments, *more), own=True)]

    return parts


def _windows(window: Window, pads: Sides) -> tuple[str, ...]:
    return repr(window.kernel), repr(window.stride), repr(pads)


def _dense(step: Step) -> Parts:
    arguments = (f"{step.layer.units}", *([] if step.layer.bias else ["use_bias=False"]))
    return [Part("Dense", arguments, arrays={"kernel": step.arrays["weight"].T, **_of(step, bias="bias")})]


def _maxout(step: Step) -> Parts:
    arguments = (f"{step.layer.units}", f"pieces={step.layer.pieces}", *([] if step.layer.bias else ["use_bias=False"]))
    arrays = {"kernel": step.arrays["weight"].transpose(0, 2, 1)}
    arrays |= {name: array[:, None] for name, array in _of(step, bias="bias").items()}
    return [Part("Maxout", arguments, own=True, arrays=arrays)]


def _flatten(step: Step) -> Parts:
    return [*_channels_first(step.shapes[0]), Part("Flatten")]


def _reshape(step: Step) -> Parts:
    shape: Shape = step.layer.shape
    back = [Part("Permute", ("(2, 3, 1)",), "channels_last")] if _differs(shape) else []
    if len(shape) == 3 and not back:
        shape = (shape[1], shape[2], shape[0])
    return [*_channels_first(step.shapes[0]), Part("Reshape", (repr(tuple(shape)),)), *back]


def _channels_first(shape: Shape) -> Parts:
    """Numbers are laid out channel by channel, so the channels go to the front first."""
    return [Part("Permute", ("(3, 1, 2)",), "channels_first")] if _differs(shape) else []


def _differs(shape: Shape) -> bool:
    """Whether the order of numbers depends on where the channels stand."""
    return len(shape) == 3 and shape[0] > 1 and shape[1] * shape[2] > 1


def _pad(step: Step) -> Parts:
    if step.layer.value:
        return [Part("PadWith", (repr(step.layer.padding), repr(step.layer.value)), own=True)]
    zeros = _zeros(step.layer.padding)
    return [Part(zeros.kind, zeros.arguments)]


def _batch_norm(step: Step) -> Parts:
    arguments = (f"momentum={_remaining(step.layer.momentum)!r}", f"epsilon={step.layer.epsilon!r}")
    arrays = _of(step, gamma="weight", beta="bias", moving_mean="running_mean", moving_variance="running_var")
    return [Part("BatchNormalization", arguments, arrays=arrays)]


def _remaining(share: float) -> float:
    """1 − share without the noise of rounding: 0.9 of 0.1."""
    return round(1 - share, 15)


def _prelu(step: Step) -> Parts:
    maps = len(step.shapes[0]) == 3
    slopes = step.arrays["weight"].reshape(1, 1, -1) if maps else step.arrays["weight"]
    return [Part("PReLU", ("shared_axes=[1, 2]",) if maps else (), arrays={"alpha": slopes})]


def _leaky(step: Step) -> Parts:
    return [Part("LeakyReLU", (f"negative_slope={step.layer.alpha!r}",))]


def _own(kind: str, *settings: str, **arrays: str) -> Callable[[Step], Parts]:
    return lambda step: [Part(kind, tuple(f"{name}={getattr(step.layer, name)!r}" for name in settings), own=True,
                              arrays=_of(step, **arrays))]


def _softplus(step: Step) -> Parts:
    return [Part("CentredSoftplus", own=True) if step.layer.centred else Part("Activation", ('"softplus"',))]


def _of(step: Step, **names: str) -> dict[str, Array]:
    """Those arrays that the layer has, under Keras's names."""
    return {theirs: np.asarray(step.arrays[ours]) for theirs, ours in names.items() if ours in step.arrays}


def _pair(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else repr(pair)


def _unless(name: str, value: tuple[int, int], usual: tuple[int, int]) -> list[str]:
    return [] if value == usual else [f"{name}={_pair(value)}"]


LAYERS: Mapping[str, Callable[[Step], Parts]] = {
    "Conv2D": _conv, "Dense": _dense, "Maxout": _maxout, "Flatten": _flatten, "Reshape": _reshape, "Pad2D": _pad,
    "MaxPool2D": _max_pool, "AveragePool2D": _average_pool, "L2Pool2D": _own_pool("L2Pool2D"),
    "GaussianPool2D": _own_pool("GaussianPool2D", "sigma"), "ChannelPool": _own("ChannelPool", "size", "mode"),
    "GlobalAveragePool2D": _plain("GlobalAveragePooling2D"), "GlobalMaxPool2D": _plain("GlobalMaxPooling2D"),
    "ReLU": _plain("ReLU"), "NoisyReLU": _own("NoisyReLU", "sigma"), "LeakyReLU": _leaky, "VeryLeakyReLU": _leaky,
    "RReLU": _own("RReLU", "low", "high"), "ELU": lambda step: [Part("ELU", (f"alpha={step.layer.alpha!r}",))],
    "PReLU": _prelu, "APL": _own("APL", "segments", slopes="slopes", offsets="offsets"), "Softplus": _softplus,
    "Sigmoid": _plain("Activation", '"sigmoid"'), "Tanh": _plain("Activation", '"tanh"'), "Softmax": _plain("Softmax"),
    "Linear": _plain("Activation", '"linear"'), "BatchNorm": _batch_norm, "Scale": _own("Scale", gamma="weight",
                                                                                       beta="bias"),
    "LocalResponseNorm": _own("LocalResponseNorm", "size", "alpha", "beta", "k"),
    "Dropout": lambda step: [Part("Dropout", (repr(step.layer.rate),))], "Add": _plain("Add"),
    "Concatenate": _plain("Concatenate"),
}
