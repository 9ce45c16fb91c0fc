"""Pooling operators as layers."""

from dataclasses import replace
from typing import Any

from core.formats.onnx_reading.building import Value
from core.formats.onnx_reading.call import Call, Reader
from core.formats.onnx_reading.constants import Unsupported, axes_of
from core.formats.onnx_reading.windows import window_settings

_KINDS = {"MaxPool": "MaxPool2D", "AveragePool": "AveragePool2D", "LpPool": "L2Pool2D"}
_MEAN = ("AveragePool",)


def windowed(kind: str) -> Reader:
    """Gives a reader of MaxPool, AveragePool or LpPool."""

    def read(call: Call) -> Value:
        node = call.node
        kernel = node.wholes("kernel_shape") or ()
        if len(kernel) != 2:
            raise Unsupported(f"it pools over {len(kernel)} axes; pictures have 2")
        if len(node.outputs) > 1 and node.outputs[1]:
            raise Unsupported("it also tells where the largest numbers were")
        value = call.builder.plain(call.value(), 3)
        settings = window_settings(node, kernel, value.inner)
        if settings.pop("dilation") != (1, 1):
            raise Unsupported("its window has gaps (dilations)")
        if kind == "AveragePool2D":
            settings["count_padding"] = bool(node.whole("count_include_pad", 0))
        if kind == "L2Pool2D" and node.whole("p", 2) != 2:
            raise Unsupported(f"its power is {node.whole('p', 2)}; 2 is known")
        # The stride of ONNX is 1 where it is left out; ours is the window.
        return call.builder.add(kind, [value], kernel=kernel, ceil=bool(node.whole("ceil_mode", 0)), **settings)

    return read


def whole_pool(call: Call) -> Value:
    """A pool of our own file with its padding written apart: put together again for the size of its input."""
    node = call.node
    kernel, stride = node.wholes("kernel_shape") or (), node.wholes("strides") or ()
    value = call.builder.plain(call.value(), 3)
    if value.inner is None or len(kernel) != 2 or len(stride) != 2:
        raise Unsupported("the size of its input is not known")
    share, sides = node.attributes.get("share"), node.attributes["left_out"]
    pads = node.wholes("pads") or (0, 0, 0, 0)
    counts = kernel[0] * kernel[1] / share[0, 0] if share is not None else None
    found = []
    for axis in (0, 1):
        step, size, before = stride[axis], value.inner[1 + axis], pads[axis]
        kept = (size - node.attributes["skipped"][axis] + before + pads[2 + axis] - kernel[axis]) // step + 1
        before += sides[axis] * step - node.attributes["skipped"][axis]
        reach = (sides[axis] + kept + sides[2 + axis] - 1) * step + kernel[axis]
        if counts is not None:
            # The last window says where the padding ends that counts.
            last = round(float(counts.max(axis=1 - axis)[-1]) / kernel[1 - axis])
            reach -= kernel[axis] - last if not sides[2 + axis] else 0
        found.append((before, max(0, reach - size - before)))
    kind = node.text("kind", "")
    more: dict[str, Any] = {"count_padding": bool(node.whole("count_include_pad", 0))} if kind in _MEAN else {}
    return call.builder.add(_KINDS[kind], [value], kernel=kernel, stride=stride,
                            padding=(found[0][0], found[1][0], found[0][1], found[1][1]), ceil=counts is not None,
                            **more)


def whole(kind: str) -> Reader:
    """Gives a reader of pools over whole maps, whose two axes of length 1 ours leaves out."""

    def read(call: Call) -> Value:
        return _whole(call, kind, keep=True)

    return read


def reduced(kind: str, mode: str) -> Reader:
    """Gives a reader of ReduceMean or ReduceMax over the pixels, or over a group of channels in our own files."""

    def read(call: Call) -> Value:
        value, keep = call.value(), bool(call.node.whole("keepdims", 1))
        given = call.constant(1)
        axes = axes_of(call.node, [given, given] if given is not None else [])
        if value.shape is None or axes is None:
            raise Unsupported("the shape of its input is not known, or it takes the mean of everything")
        rank = len(value.shape)
        places = sorted((axis if axis >= 0 else axis + rank + 1) - 1 for axis in axes)
        if places == [1] and not keep and value.inner and rank == len(value.inner) + 1 and value.order is None:
            return _grouped(call, value, mode)
        if value.order is not None and rank == 3:
            places = sorted(value.order[place] for place in places if 0 <= place < 3)
        if rank != 3 or places != [1, 2]:
            raise Unsupported("it does not take in height and width")
        return _whole(call, kind, keep=keep)

    return read


def _whole(call: Call, kind: str, *, keep: bool) -> Value:
    value = call.builder.settled(call.value())
    order = value.order
    if order is not None:
        value = replace(value, order=None, shape=value.inner)
    found = call.builder.add(kind, [call.builder.plain(value, 3)])
    if not keep or found.inner is None:
        return found
    sizes = (found.inner[0], 1, 1)
    return replace(found, shape=sizes if order is None else tuple(sizes[axis] for axis in order))


def _grouped(call: Call, value: Value, mode: str) -> Value:
    groups, size, *rest = value.shape or (0, 0)
    if value.inner is None or (groups * size, *rest) != value.inner or value.columns is not None:
        raise Unsupported("it does not take in neighbouring channels")
    source = call.builder.settled(replace(value, shape=value.inner))
    return call.builder.add("ChannelPool", [source], size=size, mode=mode)
