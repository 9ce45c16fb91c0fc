"""Every layer with every setting that changes its numbers, on inputs of odd and even sizes, drawn by Hypothesis."""

from dataclasses import fields, replace

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from core.layers import LAYERS, make_layer
from core.layers.base import Array, Layer, Shape, ShapeError

Case = tuple[Layer, tuple[Shape, ...]]

CHANNELS = st.sampled_from([1, 2, 3, 5, 6, 7, 16, 17, 33])
VECTORS = st.tuples(st.integers(1, 40))
MAPS = st.tuples(CHANNELS, st.integers(1, 9), st.integers(1, 9))
EITHER = st.one_of(VECTORS, MAPS)
_PAIR = st.tuples(st.integers(1, 4), st.integers(1, 4))
_PADDING = st.one_of(st.sampled_from(["valid", "same"]), st.integers(0, 3), st.tuples(*[st.integers(0, 3)] * 4))
_POOL = {"kernel": _PAIR, "stride": st.one_of(st.none(), _PAIR), "padding": _PADDING, "ceil": st.booleans()}
_SLOPE = st.floats(0.0, 1.0, width=32)

_CONVOLUTION = {"kernel": _PAIR, "stride": _PAIR, "padding": _PADDING, "bias": st.booleans()}
SETTINGS: dict[str, tuple[st.SearchStrategy, dict[str, st.SearchStrategy]]] = {
    "Dense": (VECTORS, {"units": st.integers(1, 20), "bias": st.booleans()}),
    "Flatten": (EITHER, {}),
    "ReLU": (EITHER, {}),
    "LeakyReLU": (EITHER, {"alpha": _SLOPE}),
    "VeryLeakyReLU": (EITHER, {"alpha": st.floats(0.1, 0.5)}),
    "RReLU": (EITHER, {"low": _SLOPE, "high": _SLOPE}),
    "NoisyReLU": (EITHER, {"sigma": st.floats(0, 2)}),
    "ELU": (EITHER, {"alpha": st.sampled_from([0.0, 0.3, 1.0, 10.0])}),
    "Softplus": (EITHER, {"centred": st.booleans()}),
    "PReLU": (EITHER, {}),
    "APL": (EITHER, {"segments": st.integers(1, 5)}),
    "Linear": (EITHER, {}),
    "Sigmoid": (EITHER, {}),
    "Tanh": (EITHER, {}),
    "Softmax": (VECTORS, {}),
    "Maxout": (VECTORS, {"units": st.integers(1, 20), "pieces": st.integers(1, 5), "bias": st.booleans()}),
    "Dropout": (EITHER, {"rate": st.floats(0, 0.9)}),
    "Scale": (EITHER, {}),
    "LocalResponseNorm": (EITHER, {"size": st.one_of(st.integers(1, 9), st.just(50)),
                                   "alpha": st.sampled_from([0.0, 1e-4, 0.5, 2.0]),
                                   "beta": st.sampled_from([0.0, 0.5, 0.75, 1.0, 2.5]),
                                   "k": st.sampled_from([0.01, 1.0, 2.0])}),
    "MaxPool2D": (MAPS, _POOL),
    "AveragePool2D": (MAPS, {**_POOL, "count_padding": st.booleans()}),
    "L2Pool2D": (MAPS, _POOL),
    "GaussianPool2D": (MAPS, {**_POOL, "sigma": st.floats(0.3, 5)}),
    "GlobalAveragePool2D": (MAPS, {}),
    "GlobalMaxPool2D": (MAPS, {}),
    "Pad2D": (MAPS, {"padding": st.tuples(*[st.integers(0, 3)] * 4), "value": st.sampled_from([0.0, 0.5, -3.0])}),
}


@st.composite
def _convolution(draw: st.DrawFn) -> Case:
    """Whole vectors of channels as well as a few, with groups and dilation."""
    settings = {name: draw(strategy) for name, strategy in _CONVOLUTION.items()}
    shape = draw(st.tuples(st.sampled_from([1, 2, 3, 4, 16]), st.integers(1, 9), st.integers(1, 9)))
    plain = draw(st.booleans())
    groups = 1 if plain else draw(st.sampled_from([each for each in (1, 2, 4, 16) if shape[0] % each == 0]))
    filters = groups * draw(st.sampled_from([1, 2, 3, 16] if groups < 16 else [1, 2]))
    dilation = (1, 1) if plain else draw(_PAIR)
    if draw(st.booleans()):
        settings.update(kernel=(3, 3), stride=(1, 1))
    return make_layer("Conv2D", {**settings, "filters": filters, "groups": groups, "dilation": dilation}), (shape,)


@st.composite
def _normalised(draw: st.DrawFn) -> Case:
    layer = make_layer("BatchNorm", {"momentum": draw(_SLOPE), "epsilon": draw(st.sampled_from([1e-5, 1e-3, 1.0]))})
    return layer, (draw(EITHER),)


@st.composite
def _pooled_channels(draw: st.DrawFn) -> Case:
    size, shape = draw(st.integers(1, 5)), draw(EITHER)
    mode = draw(st.sampled_from(["max", "average"]))
    return make_layer("ChannelPool", {"size": size, "mode": mode}), ((shape[0] * size, *shape[1:]),)


@st.composite
def _reshaped(draw: st.DrawFn) -> Case:
    lengths = draw(st.tuples(st.sampled_from([1, 2, 3, 6]), st.sampled_from([1, 2, 4]), st.sampled_from([1, 3, 5])))
    size = lengths[0] * lengths[1] * lengths[2]
    shapes = st.sampled_from([lengths, lengths[::-1], (lengths[1], lengths[2], lengths[0]), (size,)])
    return make_layer("Reshape", {"shape": draw(shapes)}), (draw(shapes),)


@st.composite
def _merged(draw: st.DrawFn, kind: str) -> Case:
    shape, count = draw(EITHER), draw(st.integers(2, 4))
    firsts = [shape[0] if kind == "Add" else draw(st.integers(1, 9)) for _ in range(count)]
    return make_layer(kind, {}), tuple((first, *shape[1:]) for first in firsts)


_OTHERS = {"Conv2D": _convolution(), "BatchNorm": _normalised(), "ChannelPool": _pooled_channels(),
           "Reshape": _reshaped(), "Add": _merged("Add"), "Concatenate": _merged("Concatenate")}
KINDS = [*SETTINGS, *_OTHERS]
assert {*KINDS, "Input", "Unknown"} == {*LAYERS, "Unknown"}


@st.composite
def cases(draw: st.DrawFn, kind: str) -> Case:
    """A layer of this kind with the shapes of its inputs; only those that fit."""
    if kind in _OTHERS:
        layer, shapes = draw(_OTHERS[kind])
    else:
        inputs, settings = SETTINGS[kind]
        layer, shapes = make_layer(kind, {name: draw(each) for name, each in settings.items()}), (draw(inputs),)
    try:
        layer.output_shape(*shapes)
    except ShapeError:
        assume(False)
    if kind == "MaxPool2D":
        assume(_sees_the_picture(layer, shapes[0]))
    return layer, shapes


def _sees_the_picture(layer: Layer, shape: Shape) -> bool:
    """Whether no window lies in the padding alone, where nothing is largest."""
    window = layer.window()
    assert window is not None
    pads, out = window.padded(*shape[1:]), window.output(*shape[1:])
    starts = [(out[axis] - 1) * window.stride[axis] - pads[axis] for axis in (0, 1)]
    return all(pads[axis] < window.kernel[axis] and starts[axis] < shape[1 + axis] for axis in (0, 1))


def numbers(layer: Layer, shapes: tuple[Shape, ...], count: int, seed: int) -> tuple[dict[str, Array], list[Array],
                                                                                    Array]:
    """(weights, inputs, a gradient of the output) in float32; pictures, and some zeros and large numbers."""
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> Array:
        return rng.normal(size=shape).astype(np.float32)

    weights = {name: normal(*spec.shape) for name, spec in layer.arrays(*shapes).items()}
    if "running_var" in weights:
        weights["running_var"] = np.abs(weights["running_var"]) + np.float32(0.1)
    inputs = [normal(count, *shape) for shape in shapes]
    return weights, inputs, normal(count, *layer.output_shape(*shapes))


def frozen(layer: Layer) -> Layer:
    """The same layer, frozen."""
    assert "frozen" in {field.name for field in fields(layer)}
    return replace(layer, frozen=True)
