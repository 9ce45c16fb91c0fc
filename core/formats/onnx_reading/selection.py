"""Operators that pick, reorder or add whole channels: 1×1 convolutions whose weights are 0 and 1 and stay so.

Channel shuffles of ShuffleNet, the halves of a Split, and shortcuts that are padded with empty maps are written so.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.formats.onnx_reading.building import Value
from core.formats.onnx_reading.call import Call
from core.formats.onnx_reading.constants import Unsupported
from core.layers.base import Shape

# The most weights that all of these in one file may have: 0.4 GB.
_MOST = 100_000_000
_FIXED = ("Where the file picks or reorders channels a 1×1 convolution does so here; its weights of 0 and 1 stay as "
          "they are.")
_END = 2**31


def chosen(call: Call, value: Value, channels: Sequence[int]) -> Value:
    """Maps whose channel i is the value's channel `channels[i]`, or empty where that is −1."""
    value = call.builder.plain(value, 3)
    if value.inner is None:
        raise Unsupported("the shape of its input is not known")
    before, after = value.inner[0], len(channels)
    if list(channels) == list(range(before)):
        return value
    call.builder.fixed += after * before
    if not 0 < after <= _MOST or call.builder.fixed > _MOST:
        raise Unsupported(f"it makes {after:,} channels of {before:,}, and there are many of its kind")
    weight = np.zeros((after, before, 1, 1), np.float32)
    for place, channel in enumerate(channels):
        if channel >= 0:
            weight[place, channel] = 1
    call.builder.notes.append(_FIXED)
    return call.builder.add("Conv2D", [value], {"weight": weight}, filters=after, kernel=1, bias=False, frozen=True)


def shuffled(call: Call, value: Value, moved: list[int]) -> Value | None:
    """Channels that a Reshape put into groups, in another order; None where pixels move as well."""
    shape, inner = value.shape or (), value.inner or ()
    groups = len(shape) - 2
    proper = len(inner) == 3 and groups > 1 and value.order is None and value.columns is None
    if not proper or shape[-2:] != inner[1:] or moved[groups:] != [groups, groups + 1]:
        return None
    numbers = np.arange(inner[0]).reshape(shape[:groups]).transpose(moved[:groups]).ravel()
    found = chosen(call, replace(value, shape=inner), numbers.tolist())
    return replace(found, shape=tuple(shape[axis] for axis in moved))


def sliced(call: Call) -> Value:
    """Slice of channels, or of every n-th row and column."""
    names = ("starts", "ends", "axes", "steps")
    lists = [[int(each) for each in found.ravel()] if (found := call.constant(place)) is not None
             else list(call.node.wholes(name) or ()) for place, name in enumerate(names, start=1)]
    starts, ends, axes, steps = lists
    axes, steps = axes or list(range(len(starts))), steps or [1] * len(starts)
    value = call.value()
    if value.shape is None or not len(starts) == len(ends) == len(axes) == len(steps):
        raise Unsupported("the shape of its input is not known")
    rank = len(value.shape)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        place = (axis if axis >= 0 else axis + rank + 1) - 1
        if place == -1 and start == 0 and end >= _END - 1 and step == 1:
            continue
        if not 0 <= place < rank or step < 1:
            raise Unsupported("it takes pictures of the batch apart, or goes backwards")
        value = _part(call, value, place, range(*slice(start, end, step).indices(value.shape[place])))
    return value


def part(call: Call) -> Value:
    """One output of a Split."""
    value, node = call.value(), call.node
    given = call.constant(1)
    sizes = [int(each) for each in given.ravel()] if given is not None else list(node.wholes("split") or ())
    if value.shape is None:
        raise Unsupported("the shape of its input is not known")
    axis, number, parts = node.whole("axis", 0), node.whole("number", 0), node.whole("parts", 1)
    place = (axis if axis >= 0 else axis + len(value.shape) + 1) - 1
    if not 0 <= place < len(value.shape):
        raise Unsupported("it takes pictures of the batch apart")
    length = -(-value.shape[place] // parts)
    sizes = sizes or [length] * (parts - 1) + [value.shape[place] - length * (parts - 1)]
    if len(sizes) != parts or min(sizes) < 1 or sum(sizes) != value.shape[place]:
        raise Unsupported("its parts do not fit its input")
    first = sum(sizes[:number])
    return _part(call, value, place, range(first, first + sizes[number]))


def _part(call: Call, value: Value, place: int, wanted: range) -> Value:
    """The numbers `wanted` along one axis of the file."""
    shape, inner = value.shape or (), value.inner or ()
    if wanted == range(shape[place]):
        return value
    if len(inner) != 3 or len(shape) != 3 or not wanted:
        raise Unsupported("it takes out a part of what is no feature map")
    axis = value.order[place] if value.order is not None else place
    source = replace(call.builder.settled(value), order=None, shape=inner)
    if axis == 0:
        found = chosen(call, source, wanted)
    elif wanted.start == 0 and wanted == range(0, shape[place], wanted.step):
        stride = tuple(wanted.step if each == axis else 1 for each in (1, 2))
        found = call.builder.add("MaxPool2D", [source], kernel=1, stride=stride)
    else:
        raise Unsupported("it cuts pixels off")
    return in_order_of(found, value.order)


def in_order_of(found: Value, order: tuple[int, ...] | None) -> Value:
    """Maps seen with their axes in another order."""
    if order is None or found.inner is None:
        return found
    inner: Shape = found.inner
    return replace(found, order=order, shape=tuple(inner[each] for each in order))
