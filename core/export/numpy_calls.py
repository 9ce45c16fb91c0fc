"""Each layer as a call of one function of `resources/export/numpy_layers.py`: found by its type in `CALLS`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.export.plan import Step
from core.export.windows import NO_PADDING, Sides, reach, together
from core.layers.window import Window


@dataclass(frozen=True)
class Call:
    """A function and what stands behind its inputs, as text; `arrays` are parameters that the file of weights holds."""

    function: str
    arrays: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


def _plain(function: str, *arrays: str) -> Callable[[Step], Call]:
    return lambda step: Call(function, tuple(name for name in arrays if name in step.arrays))


def _conv(step: Step) -> Call:
    window, groups = step.layer.window(), step.layer.groups
    pads = window.padded(*step.shapes[0][1:])
    values = _unless("stride", window.stride, (1, 1)) + _unless("padding", pads, NO_PADDING) \
        + _unless("dilation", window.dilation, (1, 1)) + _unless("groups", groups, 1)
    return Call("conv2d", tuple(step.arrays), values)


def _pool(function: str, *settings: str) -> Callable[[Step], Call]:
    def call(step: Step) -> Call:
        window = step.layer.window()
        pads = together(*reach(window, step.shapes[0], step.output))
        more = tuple(f"{name}={getattr(step.layer, name)!r}" for name in settings)
        return Call(function, (), (*_windows(window, pads), *more))

    return call


def _average(step: Step) -> Call:
    window = step.layer.window()
    pads, over = reach(window, step.shapes[0], step.output)
    if not step.layer.count_padding or not any((*pads, *over)):
        return _pool("average_pool")(step)
    return Call("average_pool_counting", (), (*_windows(window, pads), *_unless("over", over, (0, 0))))


def _windows(window: Window, pads: Sides) -> tuple[str, ...]:
    return (repr(window.kernel), repr(window.stride), *_unless("padding", pads, NO_PADDING))


def _unless(name: str, value: object, usual: object) -> tuple[str, ...]:
    return () if value == usual else (f"{name}={value!r}",)


def _leaky(step: Step) -> Call:
    slope = step.layer.middle if step.type == "RReLU" else step.layer.alpha
    return Call("leaky_relu", (), (repr(slope),))


def _channel_pool(step: Step) -> Call:
    return Call(f"channel_{step.layer.mode}_pool", (), (repr(step.layer.size),))


def _local_response_norm(step: Step) -> Call:
    layer = step.layer
    return Call("local_response_norm", (), tuple(repr(value) for value in (layer.size, layer.alpha, layer.beta,
                                                                           layer.k)))


def _batch_norm(step: Step) -> Call:
    return Call("batch_norm", ("weight", "bias", "running_mean", "running_var"), (repr(step.layer.epsilon),))


def _pad(step: Step) -> Call:
    return Call("pad", (), (repr(step.layer.padding), *_unless("value", step.layer.value, 0.0)))


CALLS: Mapping[str, Callable[[Step], Call]] = {
    "Conv2D": _conv, "Dense": _plain("dense", "weight", "bias"), "Maxout": _plain("maxout", "weight", "bias"),
    "Flatten": _plain("flatten"), "Reshape": lambda step: Call("reshape", (), (repr(step.layer.shape),)), "Pad2D": _pad,
    "MaxPool2D": _pool("max_pool"), "AveragePool2D": _average, "L2Pool2D": _pool("l2_pool"),
    "GaussianPool2D": _pool("gaussian_pool", "sigma"), "ChannelPool": _channel_pool,
    "GlobalAveragePool2D": _plain("global_average_pool"), "GlobalMaxPool2D": _plain("global_max_pool"),
    "ReLU": _plain("relu"), "NoisyReLU": _plain("relu"), "LeakyReLU": _leaky, "VeryLeakyReLU": _leaky, "RReLU": _leaky,
    "ELU": lambda step: Call("elu", (), (repr(step.layer.alpha),)), "PReLU": _plain("prelu", "weight"),
    "APL": _plain("apl", "slopes", "offsets"), "Sigmoid": _plain("sigmoid"), "Tanh": _plain("tanh"),
    "Softplus": lambda step: Call("centred_softplus" if step.layer.centred else "softplus"),
    "Softmax": _plain("softmax"), "BatchNorm": _batch_norm, "LocalResponseNorm": _local_response_norm,
    "Scale": _plain("scale", "weight", "bias"), "Add": _plain("add"), "Concatenate": _plain("concatenate"),
}
# What does nothing at use: the step is left out.
NOTHING = frozenset({"Dropout", "Linear"})
