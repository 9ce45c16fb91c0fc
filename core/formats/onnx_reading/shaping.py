"""Operators that arrange numbers anew: most of them only change how the file sees a value, and need no layer."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.formats.onnx_reading.building import Value
from core.formats.onnx_reading.call import Call
from core.formats.onnx_reading.constants import BATCH, Unsupported, axes_of
from core.formats.onnx_reading.selection import chosen, in_order_of, shuffled
from core.formats.onnx_reading.wire import shown
from core.layers.base import Shape

_MOST = 2**31
_WIDEST = 2**16


def reshape(call: Call) -> Value:
    """Reshape: Flatten, Reshape, or only another way to see the same numbers."""
    sizes = call.constant(1) if len(call.inputs) > 1 else None
    wanted = [int(each) for each in (sizes.ravel() if sizes is not None else call.node.wholes("shape") or ())]
    value = call.value()
    target = _target(call, value, wanted)
    if call.ours and len(target) in (1, 3) and value.shape == value.inner and value.order is None:
        # In our own files this is a Reshape, even where a Flatten would do.
        return call.builder.add("Reshape", [call.builder.plain(value)], shape=target)
    return arranged(call, value, target)


def flatten(call: Call) -> Value:
    """Flatten behind the batch."""
    value = call.value()
    if call.node.whole("axis", 1) != 1:
        raise Unsupported("it does not begin behind the batch")
    if value.shape is None or (value.shape == value.inner and value.order is None and value.columns is None):
        return call.builder.add("Flatten", [call.builder.plain(value)])
    return arranged(call, value, (_count(value.shape),))


def squeeze(call: Call) -> Value:
    """Squeeze: axes of length 1 go."""
    value, axes = call.value(), axes_of(call.node, _axes_input(call))
    if value.shape is None:
        raise Unsupported("the shape of its input is not known")
    places = [axis if axis >= 0 else axis + len(value.shape) + 1 for axis in axes or ()]
    if axes is None:
        places = [place for place, length in enumerate(value.shape, start=1) if length == 1]
    kept = tuple(length for place, length in enumerate(value.shape, start=1) if place not in places)
    if 0 in places or _count(kept) != _count(value.shape):
        raise Unsupported("it takes the batch or an axis longer than 1 away")
    return arranged(call, value, kept or (1,), eager=False)


def unsqueeze(call: Call) -> Value:
    """Unsqueeze: axes of length 1 come."""
    value, axes = call.value(), axes_of(call.node, _axes_input(call))
    if value.shape is None or axes is None:
        raise Unsupported("the shape of its input is not known")
    total = len(value.shape) + len(axes) + 1
    places = {axis if axis >= 0 else axis + total for axis in axes}
    if 0 in places or max(places) >= total:
        raise Unsupported("it puts an axis in front of the batch")
    old = iter(value.shape)
    return arranged(call, value, tuple(1 if place in places else next(old) for place in range(1, total)), eager=False)


def arranged(call: Call, value: Value, wanted: Shape, *, eager: bool = True) -> Value:
    """The value in another shape of the file; a layer where ours has to change as well."""
    if value.shape is not None and value.shape == wanted:
        return value
    if value.columns is not None:
        raise Unsupported("it parts a vector whose numbers lie in another order")
    if value.order is not None:
        return _from_pixels(call, value, wanted)
    if wanted == value.inner:
        if call.ours:
            # The operator before carries a name of its own, the last one that of the layer.
            call.builder.rename(value.node, call.builder.name)
        return replace(value, shape=wanted)
    if len(wanted) == 1:
        return call.builder.add("Flatten", [replace(call.builder.settled(value), shape=value.inner)])
    if len(wanted) == 3 and eager:
        source = replace(call.builder.settled(value), shape=value.inner)
        return call.builder.add("Reshape", [source], shape=wanted)
    return replace(value, shape=wanted)


def _from_pixels(call: Call, value: Value, wanted: Shape) -> Value:
    """A vector from maps that the file holds with the channels last: ours has the same numbers in another order."""
    if len(wanted) != 1 or value.inner is None or value.order is None:
        raise Unsupported("it parts maps whose axes lie in another order")
    columns = np.arange(_count(value.inner)).reshape(value.inner).transpose(value.order).ravel()
    source = replace(call.builder.settled(value), order=None, shape=value.inner)
    found = call.builder.add("Flatten", [source])
    return found if (np.diff(columns) == 1).all() else replace(found, columns=columns)


def transpose(call: Call) -> Value:
    """Transpose: only the order in which the file sees the axes changes."""
    value, axes = call.value(), call.node.wholes("perm")
    if value.shape is None or value.inner is None:
        raise Unsupported("the shape of its input is not known")
    rank = len(value.shape)
    if axes is None or sorted(axes) != list(range(rank + 1)) or axes[0] != 0:
        raise Unsupported("it moves the batch")
    moved = [axis - 1 for axis in axes[1:]]
    shape = tuple(value.shape[axis] for axis in moved)
    long = [axis for axis in moved if value.shape[axis] > 1]
    if value.order is None and long == sorted(long):
        return replace(value, shape=shape)
    before = value.order or tuple(range(rank))
    mixed = shuffled(call, value, moved)
    if mixed is not None:
        return mixed
    if rank != len(value.inner) or (value.order is None and value.shape != value.inner):
        raise Unsupported("it moves axes that a Reshape made")
    order = tuple(before[axis] for axis in moved)
    return replace(value, shape=shape, order=None if order == tuple(range(rank)) else order)


def sizes(call: Call) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Shape: the sizes, with a number for the batch that is recognised in a Reshape."""
    value = call.value()
    if value.shape is None:
        raise Unsupported("the shape of its input is not known")
    found = np.array((BATCH, *value.shape), np.int64)
    end = call.node.whole("end", len(found))
    return found[call.node.whole("start", 0):end]


def padded(call: Call) -> Value:
    """Pad with a number as Pad2D, in whatever order the file sees the axes; empty channels by a fixed convolution."""
    node, value = call.node, call.builder.settled(call.value())
    fill = call.constant(2)
    number = float(fill.ravel()[0]) if fill is not None and fill.size else node.real("value", 0.0)
    mode = node.text("mode", "constant")
    if mode != "constant":
        raise Unsupported(f"it fills in pixels of the picture ({shown(mode)}), not one number")
    pads = _pads(call)
    if len(pads) != 8 or pads[0] or pads[4] or min(pads) < 0 or max(pads) > _WIDEST:
        raise Unsupported("it cuts off, or adds to something else than feature maps")
    order = value.order
    if order is not None:
        value, seen = replace(value, order=None, shape=value.inner), pads
        for place, axis in enumerate(order, start=1):
            pads = [*pads[:axis + 1], seen[place], *pads[axis + 2:]]
            pads = [*pads[:axis + 5], seen[place + 4], *pads[axis + 6:]]
    value = call.builder.plain(value, 3)
    if pads[1] or pads[5]:
        if number or value.inner is None:
            raise Unsupported("it adds channels that are not empty")
        value = chosen(call, value, [*[-1] * pads[1], *range(value.inner[0]), *[-1] * pads[5]])
        if not any(pads[each] for each in (2, 3, 6, 7)):
            return in_order_of(value, order)
    found = call.builder.add("Pad2D", [value], padding=(pads[2], pads[3], pads[6], pads[7]), value=number)
    return in_order_of(found, order)


def _pads(call: Call) -> list[int]:
    """What is added before each of the four axes, then behind each, as the file counts them."""
    given = call.constant(1)
    pads = [int(each) for each in (given.ravel() if given is not None else call.node.wholes("pads") or ())]
    axes = call.constant(3)
    if axes is None:
        return pads
    places = [int(axis) % 4 for axis in axes.ravel()]
    if len(pads) != 2 * len(places):
        raise Unsupported("what it adds does not fit its axes")
    spread = [0] * 8
    for number, axis in enumerate(places):
        spread[axis], spread[axis + 4] = pads[number], pads[number + len(places)]
    return spread


def joined(call: Call) -> Value:
    """Concat over the channels as Concatenate."""
    values = [call.builder.settled(call.value(place)) for place in range(len(call.inputs))]
    if len(values) == 1:
        return values[0]
    first = values[0]
    axis = call.node.whole("axis", 1)
    rank = len(first.shape) if first.shape is not None else 3
    place = (axis if axis >= 0 else axis + rank + 1) - 1
    if any(value.order != first.order for value in values) or not 0 <= place < rank:
        raise Unsupported("its inputs lie in different orders of axes")
    if (first.order[place] if first.order is not None else place) != 0:
        raise Unsupported("it does not join channels")
    sources = [call.builder.plain(replace(value, order=None, shape=value.inner) if value.order else value)
               for value in values]
    found = call.builder.add("Concatenate", sources)
    if found.inner is None:
        return found
    if first.order is not None:
        return replace(found, shape=tuple(found.inner[axis] for axis in first.order), order=first.order)
    return replace(found, shape=(*found.inner, 1, 1)) if len(found.inner) == 1 and rank == 3 else found


def _axes_input(call: Call) -> list[np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    found = call.constant(1)
    return [] if found is None else [found, found]


def _target(call: Call, value: Value, wanted: Sequence[int]) -> Shape:
    """The shape behind the batch that a Reshape asks for."""
    if not wanted:
        raise Unsupported("it does not say which shape it makes")
    if value.shape is None:
        return _blind(wanted)
    given = (BATCH, *value.shape)
    full = list(wanted)
    if not call.node.whole("allowzero", 0):
        full = [given[place] if length == 0 and place < len(given) else length for place, length in enumerate(full)]
    first, rest = full[0], full[1:]
    total = _count(value.shape)
    fixed = _count([length for length in rest if length > 0])
    if rest.count(-1) == 1 and fixed and total % fixed == 0:
        rest = [total // fixed if length == -1 else length for length in rest]
    keeps_batch = first in (BATCH, -1, *call.batches)
    if not keeps_batch or min(rest, default=0) < 1 or _count(rest) != total or max(rest) >= _MOST:
        raise Unsupported(f"it makes the shape {tuple(wanted)[:8]}, which does not keep the batch apart")
    return tuple(rest)


def _blind(wanted: Sequence[int]) -> Shape:
    """The shape where that of the input is not known."""
    if min(wanted[1:], default=0) < 1 or BATCH in wanted[1:]:
        raise Unsupported("the shape of its input is not known")
    return tuple(wanted[1:])


def _count(shape: Sequence[int]) -> int:
    total = 1
    for length in shape:
        total *= length
    return total
