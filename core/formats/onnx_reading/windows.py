"""The settings of sliding windows in ONNX's words, as ours."""

from typing import Any

from core.formats.onnx_reading.constants import Unsupported
from core.formats.onnx_reading.model import OnnxNode
from core.layers.base import Shape


def window_settings(node: OnnxNode, kernel: tuple[int, ...], inner: Shape | None) -> dict[str, Any]:
    """Stride, padding and dilation; SAME_LOWER needs the size of the input."""
    stride = node.wholes("strides") or (1, 1)
    dilation = node.wholes("dilations") or (1, 1)
    if len(stride) != 2 or len(dilation) != 2 or len(kernel) != 2 or min(*stride, *dilation, *kernel) < 1:
        raise Unsupported("its window is not one over height and width")
    reach = [dilation[axis] * (kernel[axis] - 1) + 1 for axis in (0, 1)]
    return {"stride": stride, "dilation": dilation, "padding": _padding(node, reach, stride, inner)}


def _padding(node: OnnxNode, reach: list[int], stride: tuple[int, ...], inner: Shape | None) -> Any:
    auto = node.text("auto_pad", "NOTSET")
    if auto == "SAME_UPPER":
        return "same"
    if auto == "SAME_LOWER":
        if inner is None or len(inner) != 3:
            raise Unsupported("its padding SAME_LOWER needs the size of its input, which is not known")
        missing = [max(0, (-(-size // stride[axis]) - 1) * stride[axis] + reach[axis] - size)
                   for axis, size in enumerate(inner[1:])]
        return (missing[0] - missing[0] // 2, missing[1] - missing[1] // 2, missing[0] // 2, missing[1] // 2)
    pads = node.wholes("pads") or (0, 0, 0, 0)
    if auto not in ("NOTSET", "VALID") or len(pads) != 4:
        raise Unsupported("its padding is not one for height and width")
    return "valid" if auto == "VALID" or not any(pads) else tuple(pads)
