"""Convolutions and pools in PyTorch. Paddings are written in pixels, those that differ from side to side by F.pad."""

from collections.abc import Sequence

from core.export.pytorch.form import CHANNELS, Argument, Form, literal, pair
from core.layers.base import Shape
from core.layers.conv2d import Conv2D
from core.layers.other_pooling import GaussianPool2D, L2Pool2D
from core.layers.pooling import AveragePool2D, MaxPool2D, Pool2D

Sides = tuple[int, int, int, int]


def convolution(layer: Conv2D, shapes: Sequence[Shape]) -> Form:
    """nn.Conv2d."""
    top, left, bottom, right = layer.window().padded(*shapes[0][1:])
    even = (top, left) == (bottom, right)
    arguments = (
        Argument(shapes[0][0], role="in_channels", kind=CHANNELS),
        Argument(layer.filters, role="out_channels", kind=CHANNELS),
        Argument(pair(layer.kernel), "kernel_size", role="kernel_size"),
        Argument(pair(layer.stride), "stride", 1, role="stride"),
        Argument(pair((top, left)) if even else 0, "padding", 0, role="padding"),
        Argument(pair(layer.dilation), "dilation", 1, role="dilation"),
        Argument(layer.groups, "groups", 1, role="groups"),
        Argument(layer.bias, "bias", True, role="bias"),
    )
    expression = "{own}({x})" if even else f"{{own}}(F.pad({{x}}, {_order((top, left, bottom, right))}))"
    return Form("nn.Conv2d", arguments, expression)


def max_pool(layer: MaxPool2D, shapes: Sequence[Shape]) -> Form:
    """nn.MaxPool2d; what it cannot pad itself is padded with −∞."""
    if _symmetric(layer, shapes[0]):
        return Form("nn.MaxPool2d", _pool_arguments(layer, shapes[0]))
    pads = literal(_exact(layer, shapes[0]))
    return Form("nn.MaxPool2d", _window(layer), f"{{own}}(F.pad({{x}}, {pads}, value=-torch.inf))")


def average_pool(layer: AveragePool2D, shapes: Sequence[Shape]) -> Form:
    """nn.AvgPool2d, or a class of our own where the padding differs from side to side."""
    if _symmetric(layer, shapes[0]):
        padded = any(layer.window().padded(*shapes[0][1:]))
        counts = Argument(layer.count_padding if padded else True, "count_include_pad", True, role="count_include_pad")
        return Form("nn.AvgPool2d", (*_pool_arguments(layer, shapes[0]), counts))
    declared, exact = _declared(layer, shapes[0]), _exact(layer, shapes[0])
    beyond = (exact[1] - declared[1], exact[3] - declared[3])
    more = (Argument(_order(layer.window().padded(*shapes[0][1:]), as_text=False), "padding", role="padding"),
            Argument(beyond, "overhang", (0, 0), role="overhang"),
            Argument(layer.count_padding, "count_include_pad", False, role="count_include_pad"))
    return Form("PaddedAvgPool2d", (*_window(layer, always=True), *more), helper="padded_average")


def length_pool(layer: L2Pool2D, shapes: Sequence[Shape]) -> Form:
    """A class of our own: nn.LPPool2d knows no padding, and its gradient is NaN where a whole window is 0."""
    return Form("L2Pool2d", (*_window(layer, always=True), _padding(layer, shapes[0])), helper="length_pool")


def bell_pool(layer: GaussianPool2D, shapes: Sequence[Shape]) -> Form:
    """A class of our own, which PyTorch lacks."""
    sigma = Argument(layer.sigma, "sigma", role="sigma")
    return Form("GaussianPool2d", (*_window(layer, always=True), sigma, _padding(layer, shapes[0])),
                helper="gaussian_pool")


def _padding(layer: Pool2D, shape: Shape) -> Argument:
    return Argument(_exact(layer, shape), "padding", (0, 0, 0, 0), role="padding")


def _window(layer: Pool2D, *, always: bool = False) -> tuple[Argument, ...]:
    """Kernel and stride; the stride only where it is not the kernel, unless it is `always` wanted."""
    window = layer.window()
    kernel, stride = pair(window.kernel), pair(window.stride)
    plain = Argument(kernel, role="kernel_size")
    return (plain, Argument(stride, "stride", None if always or stride != kernel else stride, role="stride"))


def _pool_arguments(layer: Pool2D, shape: Shape) -> tuple[Argument, ...]:
    top, left = layer.window().padded(*shape[1:])[:2]
    return (*_window(layer), Argument(pair((top, left)), "padding", 0, role="padding"),
            Argument(layer.ceil, "ceil_mode", False, role="ceil_mode"))


def _symmetric(layer: Pool2D, shape: Shape) -> bool:
    """Whether PyTorch's pools know this padding: alike on both sides and at most half the window."""
    top, left, bottom, right = layer.window().padded(*shape[1:])
    return top == bottom <= layer.kernel[0] // 2 and left == right <= layer.kernel[1] // 2


def _declared(layer: Pool2D, shape: Shape) -> Sides:
    top, left, bottom, right = layer.window().padded(*shape[1:])
    return (left, right, top, bottom)


def _exact(layer: Pool2D, shape: Shape) -> Sides:
    """(left, right, top, bottom) as F.pad wants them, such that exactly the windows there are fit in."""
    left, right, top, bottom = _declared(layer, shape)
    if not layer.ceil:
        return (left, right, top, bottom)
    window = layer.window()
    height, width = window.output(*shape[1:])
    return (left, (width - 1) * window.stride[1] + window.kernel[1] - shape[2] - left,
            top, (height - 1) * window.stride[0] + window.kernel[0] - shape[1] - top)


def _order(sides: Sides, *, as_text: bool = True) -> str | Sides:
    """(top, left, bottom, right) in the order of F.pad."""
    top, left, bottom, right = sides
    ordered = (left, right, top, bottom)
    return literal(ordered) if as_text else ordered
