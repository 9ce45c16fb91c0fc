"""Pooling operators as layers."""

from dataclasses import replace
from typing import Any

import numpy as np

from core.formats.onnx_reading.arithmetic import RIGHT, changed
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
        if node.whole("edge", 0):
            settings["padding"] = _repeated(call, kernel)
        if kind == "AveragePool2D":
            settings["count_padding"] = bool(node.whole("count_include_pad", 0))
        if kind == "L2Pool2D" and node.whole("p", 2) != 2:
            raise Unsupported(f"its power is {node.whole('p', 2)}; 2 is known")
        # The stride of ONNX is 1 where it is left out; ours is the window.
        return call.builder.add(kind, [value], kernel=kernel, ceil=bool(node.whole("ceil_mode", 0)), **settings)

    return read


def _repeated(call: Call, kernel: tuple[int, ...]) -> tuple[int, ...]:
    """Padding in place of a repeated edge: each window with copies in it has the edge in it too."""
    pads = [int(each) for each in call.needed(1).ravel()]
    around = [pads[place] for place in (2, 3, 6, 7)] if len(pads) == 8 else []
    if not around or any(pads[place] for place in (0, 1, 4, 5)) or min(around) < 0:
        raise Unsupported("it repeats the edge of something else than feature maps")
    if any(each >= kernel[place % 2] for place, each in enumerate(around)):
        raise Unsupported("it repeats the edge more often than its window is wide")
    return tuple(around)


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
        return _whole(call, call.value(), kind, keep=True)

    return read


def reduced(kind: str, mode: str) -> Reader:
    """Gives a reader of ReduceMean or ReduceMax over the pixels, or over a group of channels in our own files."""

    def read(call: Call) -> Value:
        value, keep = call.value(), bool(call.node.whole("keepdims", 1))
        places = _places(call, value)
        shape, inner = value.shape or (), value.inner
        if inner is None:
            raise Unsupported("the shape of its input is not known")
        if value.order is None and len(inner) == 3 and shape == (inner[0], inner[1] * inner[2]) and places == [1]:
            # The pixels of each map in one row.
            return _kept(_whole(call, replace(value, shape=inner), kind, keep=False), (inner[0], 1) if keep else None)
        if places == [1] and not keep and len(shape) == len(inner) + 1 and value.order is None:
            return _grouped(call, value, mode)
        axes = _axes(value, places)
        if axes == [1, 2]:
            return _whole(call, value, kind, keep=keep and len(shape) == 3)
        if axes == [1] or axes == [2]:
            return _one_way(call, value, mode, axes[0], keep=keep)
        raise Unsupported("it does not take in height and width")

    return read


def summed(call: Call) -> Value:
    """ReduceSum over the pixels: their mean, times how many they are."""
    value = call.value()
    if _axes(value, _places(call, value)) != [1, 2] or value.inner is None:
        raise Unsupported("it does not add up height and width")
    found = _whole(call, value, "GlobalAveragePool2D", keep=bool(call.node.whole("keepdims", 1)))
    return changed(call, 0, found, np.array(float(value.inner[1] * value.inner[2])), RIGHT["Mul"], scaled=True)


def _places(call: Call, value: Value) -> list[int]:
    """The axes behind the batch that are reduced, as the file counts them."""
    given = call.constant(1)
    axes = axes_of(call.node, [given, given] if given is not None else [])
    if value.shape is None or axes is None:
        raise Unsupported("the shape of its input is not known, or it takes in everything")
    rank = len(value.shape)
    return sorted((axis if axis >= 0 else axis + rank + 1) - 1 for axis in axes)


def _axes(value: Value, places: list[int]) -> list[int]:
    """The axes of our maps that these are; those of length 1 that the file has left out are reduced already."""
    shape, inner = value.shape or (), value.inner or ()
    if len(inner) != 3 or not all(0 <= place < len(shape) for place in places):
        return []
    if value.order is not None:
        return sorted(value.order[place] for place in places)
    if shape == inner:
        return places
    if len(shape) == 2 and places == [1] and (shape[0], shape[1], 1) == inner:
        return [1, 2]
    if len(shape) == 2 and places == [1] and (shape[0], 1, shape[1]) == inner:
        return [1, 2]
    return []


def _one_way(call: Call, value: Value, mode: str, axis: int, *, keep: bool) -> Value:
    """A pool over whole rows or whole columns."""
    order, inner = value.order, value.inner or ()
    if len(value.shape or ()) != 3:
        raise Unsupported("it does not take in height and width")
    value = replace(call.builder.settled(value), order=None, shape=value.inner)
    kernel = (inner[1], 1) if axis == 1 else (1, inner[2])
    found = call.builder.add("MaxPool2D" if mode == "max" else "AveragePool2D", [value], kernel=kernel, stride=kernel)
    sizes = found.inner or ()
    if order is not None:
        if not keep:
            raise Unsupported("it takes away an axis of maps whose axes lie in another order")
        return replace(found, shape=tuple(sizes[each] for each in order), order=order)
    return found if keep else replace(found, shape=tuple(size for each, size in enumerate(sizes) if each != axis))


def _kept(value: Value, shape: tuple[int, ...] | None) -> Value:
    return value if shape is None else replace(value, shape=shape)


def _whole(call: Call, value: Value, kind: str, *, keep: bool) -> Value:
    value = call.builder.settled(value)
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
