"""Pooling as ONNX operators, with any padding.

The operators want less padding than their window on every side. So windows that see nothing but padding are left
out, and put back behind the operator as what they give. Optimising, onnxruntime merges a Pad of zeros in front of a
pool into the pool's own padding, where it is no zero any more but nothing; so the two are kept apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import FormatError
from core.formats.onnx_graph import OnnxGraph, OnnxLayer
from core.layers.base import Array
from core.layers.window import Window


@dataclass(frozen=True)
class _Axis:
    """Height or width of a pool: how its windows lie over `size` pixels behind `before` of padding.

    `counted` pixels, padding included where it counts, begin at `first`; `outputs` windows are wanted.
    """

    kernel: int
    stride: int
    size: int
    before: int
    first: int
    counted: int
    outputs: int

    @property
    def starts(self) -> Array:
        """Where the windows begin, counted from the first padded pixel."""
        return np.arange(self.outputs) * self.stride

    @property
    def kept(self) -> Array:
        """Numbers of the windows that see a real pixel: one run without gaps."""
        starts = self.starts
        return np.flatnonzero((starts < self.before + self.size) & (starts + self.kernel > self.before))

    @property
    def pads(self) -> tuple[int, int]:
        """Padding in front of the first and behind the last window that is kept."""
        first, last = int(self.kept[0]) * self.stride, int(self.kept[-1]) * self.stride
        return max(0, self.before - first), max(0, last + self.kernel - self.before - self.size)

    @property
    def skipped(self) -> int:
        """Real pixels in front of the first window that is kept, which a stride longer than the window passes over."""
        return max(0, int(self.kept[0]) * self.stride - self.before)

    @property
    def counts(self) -> Array:
        """For each window that is kept, how many of its rows or columns count."""
        starts = self.starts[self.kept]
        ends = np.minimum(starts + self.kernel, self.first + self.counted)
        return np.asarray(ends - np.maximum(starts, self.first))

    @property
    def left_out(self) -> tuple[int, int]:
        """How many windows are left out in front and behind."""
        return int(self.kept[0]), self.outputs - 1 - int(self.kept[-1])


def max_pool(graph: OnnxGraph, item: OnnxLayer) -> None:
    """The largest number of each window; −∞ where a window sees padding alone."""
    axes = _axes(item, count_padding=False)
    source = _cut(graph, item, axes)
    _put_back(graph, item, axes, -np.inf, lambda output: graph.node("MaxPool", [source], output, **_shape(axes)))


def average_pool(graph: OnnxGraph, item: OnnxLayer) -> None:
    """The mean of each window over the pixels that count (PyTorch's rule); 0 where a window sees padding alone."""
    axes = _axes(item, count_padding=item.layer.count_padding)
    _put_back(graph, item, axes, 0.0, lambda output: _average(graph, item, axes, output))


def global_average(graph: OnnxGraph, item: OnnxLayer) -> None:
    """The mean of each map."""
    mean = graph.node("GlobalAveragePool", item.inputs, f"{item.name}.mean")
    graph.node("Flatten", [mean], item.name, axis=1)


def global_max(graph: OnnxGraph, item: OnnxLayer) -> None:
    """The largest number of each map."""
    top = graph.node("GlobalMaxPool", item.inputs, f"{item.name}.top")
    graph.node("Flatten", [top], item.name, axis=1)


def length_pool(graph: OnnxGraph, item: OnnxLayer) -> None:
    """The root of each window's sum of squares; 0 where a window sees padding alone."""
    axes = _axes(item, count_padding=False)
    source = _cut(graph, item, axes)
    _put_back(graph, item, axes, 0.0, lambda output: graph.node("LpPool", [source], output, p=2, **_shape(axes)))


def bell_pool(graph: OnnxGraph, item: OnnxLayer) -> None:
    """The weighted mean of each window: a convolution of each channel with the same bell."""
    window: Window = item.layer.window()
    channels, *sizes = item.shapes[0]
    before = window.padded(*sizes)[:2]
    # As far behind the picture as the last window reaches, which rounding up may have put beyond the padding.
    reach = [(item.output[1 + axis] - 1) * window.stride[axis] + window.kernel[axis] for axis in (0, 1)]
    after = [max(0, reach[axis] - sizes[axis] - before[axis]) for axis in (0, 1)]
    bell = np.broadcast_to(item.layer.bell().astype(np.float32), (channels, 1, *window.kernel))
    weight = graph.constant(f"{item.name}.bell", np.ascontiguousarray(bell))
    graph.node("Conv", [*item.inputs, weight], item.name, kernel_shape=window.kernel, strides=window.stride,
               pads=[*before, *after], group=channels)


def _average(graph: OnnxGraph, item: OnnxLayer, axes: Sequence[_Axis], output: str) -> str:
    source = _cut(graph, item, axes)
    if not item.layer.count_padding:
        return graph.node("AveragePool", [source], output, count_include_pad=0, **_shape(axes))
    counts = np.outer(axes[0].counts, axes[1].counts)
    area = axes[0].kernel * axes[1].kernel
    if (counts == area).all():
        return graph.node("AveragePool", [source], output, count_include_pad=1, **_shape(axes))
    # A window that hangs over the edge is divided by what lies inside: its mean over all of it, times all / inside.
    whole = graph.node("AveragePool", [source], f"{item.name}.whole", count_include_pad=1, **_shape(axes))
    share = graph.constant(f"{item.name}.share", (area / counts).astype(np.float32)[None, None])
    return graph.node("Mul", [whole, share], output)


def _axes(item: OnnxLayer, *, count_padding: bool) -> tuple[_Axis, _Axis]:
    window: Window = item.layer.window()
    shape, declared = item.shapes[0], window.padded(*item.shapes[0][1:])
    found = []
    for axis in (0, 1):
        size, before, after = shape[1 + axis], declared[axis], declared[2 + axis]
        first, counted = (0, before + size + after) if count_padding else (before, size)
        found.append(_Axis(window.kernel[axis], window.stride[axis], size, before, first, counted,
                           item.output[1 + axis]))
    if any(not len(axis.kept) for axis in found):
        raise FormatError(f"{item.name} looks at its padding alone, which ONNX cannot carry. Make its padding smaller.")
    return found[0], found[1]


def _shape(axes: Sequence[_Axis]) -> dict[str, list[int]]:
    pads = [axis.pads for axis in axes]
    return {"kernel_shape": [axis.kernel for axis in axes], "strides": [axis.stride for axis in axes],
            "pads": [pads[0][0], pads[1][0], pads[0][1], pads[1][1]]}


def _cut(graph: OnnxGraph, item: OnnxLayer, axes: Sequence[_Axis]) -> str:
    """The layer's input without the rows and columns in front that are passed over.

    Where nothing is to be cut off, cutting nothing off still keeps onnxruntime from merging a Pad.
    """
    if not any(axis.skipped for axis in axes) and not _padded(graph, item.inputs[0]):
        return item.inputs[0]
    limits = [graph.constant(f"{item.name}.{name}", np.array(value, np.int64)) for name, value in (
        ("from", [axis.skipped for axis in axes]), ("to", [axis.size for axis in axes]), ("axes", [2, 3]))]
    return graph.node("Slice", [item.inputs[0], *limits], f"{item.name}.cut")


def _padded(graph: OnnxGraph, name: str) -> bool:
    """Whether a Pad makes this input, perhaps through operators that change nothing."""
    maker = next((node for node in graph.nodes if name in node.output), None)
    while maker is not None and maker.op_type in ("Identity", "Dropout"):
        name = maker.input[0]
        maker = next((node for node in graph.nodes if name in node.output), None)
    return maker is not None and maker.op_type == "Pad"


def _put_back(graph: OnnxGraph, item: OnnxLayer, axes: Sequence[_Axis], value: float,
              pool: Callable[[str], str]) -> None:
    """Let `pool` write its operators, and put windows of nothing but padding around its output."""
    (top, bottom), (left, right) = axes[0].left_out, axes[1].left_out
    if not (top or bottom or left or right):
        pool(item.name)
        return
    inner = pool(f"{item.name}.inner")
    places = graph.constant(f"{item.name}.pads", np.array([0, 0, top, left, 0, 0, bottom, right], np.int64))
    fill = graph.constant(f"{item.name}.fill", np.array(value, np.float32))
    graph.node("Pad", [inner, places, fill], item.name, mode="constant")
