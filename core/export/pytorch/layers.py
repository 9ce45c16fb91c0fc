"""Every type of layer in PyTorch: one function per type, found by its name in `FORMS`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.errors import FormatError
from core.export.pytorch import windows
from core.export.pytorch.form import CHANNELS, Argument, Form, literal
from core.layers.base import Layer, Shape

Write = Callable[[Any, Sequence[Shape]], Form]


def form_of(name: str, layer: Layer, shapes: Sequence[Shape]) -> Form:
    """A layer as PyTorch code; FormatError for a type that has none here."""
    if layer.type not in FORMS:
        raise FormatError(f"{name}: the export to PyTorch does not know {layer.type} yet. Remove it, or export another "
                          f"format.")
    return FORMS[layer.type](layer, shapes)


def _plain(expression: str, *, fuses: bool = False) -> Write:
    return lambda layer, shapes: Form(expression=expression, fuses=fuses)


def _dense(layer: Any, shapes: Sequence[Shape]) -> Form:
    return Form("nn.Linear", (Argument(shapes[0][0], role="in_features", kind=CHANNELS),
                              Argument(layer.units, role="out_features", kind=CHANNELS),
                              Argument(layer.bias, "bias", True, role="bias")))


def _channels(shapes: Sequence[Shape]) -> Argument:
    return Argument(shapes[0][0], role="channels", kind=CHANNELS)


def _batch_norm(layer: Any, shapes: Sequence[Shape]) -> Form:
    # A frozen one normalises with the batch all the same, but its running figures stay.
    momentum = 0.0 if layer.frozen else layer.momentum
    return Form("nn.BatchNorm2d" if len(shapes[0]) == 3 else "nn.BatchNorm1d",
                (_channels(shapes), Argument(layer.epsilon, "eps", 1e-5, role="eps"),
                 Argument(momentum, "momentum", 0.1, role="momentum")), fuses=True)


def _response(layer: Any, shapes: Sequence[Shape]) -> Form:
    arguments = (Argument(layer.size, role="size"), Argument(layer.alpha, "alpha", 1e-4, role="alpha"),
                 Argument(layer.beta, "beta", 0.75, role="beta"), Argument(layer.k, "k", 1.0, role="k"))
    # PyTorch's wants an axis behind the channels.
    expression = "{own}({x})" if len(shapes[0]) == 3 else "{own}({x}.unsqueeze(2)).squeeze(2)"
    return Form("nn.LocalResponseNorm", arguments, expression)


def _leaky(layer: Any, shapes: Sequence[Shape]) -> Form:
    return Form(expression=f"F.leaky_relu({{x}}, {literal(layer.alpha)})", fuses=True)


def _random_leaky(layer: Any, shapes: Sequence[Shape]) -> Form:
    low, high = sorted((layer.low, layer.high))
    return Form("nn.RReLU", (Argument(low, role="lower"), Argument(high, role="upper")), fuses=True)


def _elu(layer: Any, shapes: Sequence[Shape]) -> Form:
    return Form(expression="F.elu({x})" if layer.alpha == 1 else f"F.elu({{x}}, alpha={literal(layer.alpha)})",
                fuses=True)


def _softplus(layer: Any, shapes: Sequence[Shape]) -> Form:
    return Form(expression="F.softplus({x}) - math.log(2)" if layer.centred else "F.softplus({x})", fuses=True)


def _learned_slope(layer: Any, shapes: Sequence[Shape]) -> Form:
    return Form("nn.PReLU", (_channels(shapes), Argument(layer.initial, "init", 0.25, role="init")), fuses=True)


def _noisy(layer: Any, shapes: Sequence[Shape]) -> Form:
    return Form("NoisyReLU", (Argument(layer.sigma, role="sigma"),), helper="noisy_relu", fuses=True)


def _hinges(layer: Any, shapes: Sequence[Shape]) -> Form:
    return Form("APL", (_channels(shapes), Argument(layer.segments, "segments", role="segments")), helper="apl",
                fuses=True)


def _maxout(layer: Any, shapes: Sequence[Shape]) -> Form:
    return Form("Maxout", (Argument(shapes[0][0], role="in_features", kind=CHANNELS),
                           Argument(layer.units, role="out_features", kind=CHANNELS),
                           Argument(layer.pieces, "pieces", role="pieces"),
                           Argument(layer.bias, "bias", True, role="bias")), helper="maxout")


def _scale(layer: Any, shapes: Sequence[Shape]) -> Form:
    return Form("Scale", (_channels(shapes),), helper="scale")


def _dropout(layer: Any, shapes: Sequence[Shape]) -> Form:
    return Form("nn.Dropout", (Argument(layer.rate, role="p"),))


def _channel_pool(layer: Any, shapes: Sequence[Shape]) -> Form:
    kept = "amax" if layer.mode == "max" else "mean"
    return Form(expression=f"{{x}}.unflatten(1, (-1, {layer.size})).{kept}(dim=2)")


def _reshape(layer: Any, shapes: Sequence[Shape]) -> Form:
    return Form(expression=f"{{x}}.reshape(-1, {', '.join(str(length) for length in layer.shape)})")


def _pad(layer: Any, shapes: Sequence[Shape]) -> Form:
    top, left, bottom, right = layer.padding
    value = f", value={literal(layer.value)}" if layer.value else ""
    return Form(expression=f"F.pad({{x}}, ({left}, {right}, {top}, {bottom}){value})")


FORMS: Mapping[str, Write] = {
    "Conv2D": windows.convolution, "MaxPool2D": windows.max_pool, "AveragePool2D": windows.average_pool,
    "L2Pool2D": windows.length_pool, "GaussianPool2D": windows.bell_pool, "ChannelPool": _channel_pool,
    "GlobalAveragePool2D": _plain("{x}.mean(dim=(2, 3))"), "GlobalMaxPool2D": _plain("{x}.amax(dim=(2, 3))"),
    "Dense": _dense, "Flatten": _plain("torch.flatten({x}, 1)"), "Reshape": _reshape, "Pad2D": _pad,
    "ReLU": _plain("F.relu({x})", fuses=True), "LeakyReLU": _leaky, "VeryLeakyReLU": _leaky, "RReLU": _random_leaky,
    "NoisyReLU": _noisy, "ELU": _elu, "Softplus": _softplus, "PReLU": _learned_slope, "APL": _hinges,
    "Sigmoid": _plain("torch.sigmoid({x})", fuses=True), "Tanh": _plain("torch.tanh({x})", fuses=True),
    "Linear": _plain("{x}"), "Softmax": _plain("torch.softmax({x}, dim=1)", fuses=True), "Maxout": _maxout,
    "LocalResponseNorm": _response, "BatchNorm": _batch_norm, "Scale": _scale, "Dropout": _dropout,
    "Add": _plain("{sum}"), "Concatenate": _plain("torch.cat([{all}], dim=1)"),
}
