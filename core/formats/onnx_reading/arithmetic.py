"""Adding, multiplying and their like: with constants they become a bias or a Scale, with each other an Add."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.formats.onnx_reading.building import Affine, Value
from core.formats.onnx_reading.call import Call
from core.formats.onnx_reading.constants import Unsupported
from core.layers.base import Array

Change = Callable[[Array, Array, Array], tuple[Array, Array]]
# Each gives the new factor and offset of factor · x + offset, from the old ones and the constant.
RIGHT: dict[str, Change] = {
    "Add": lambda factor, offset, c: (factor, offset + c), "Sub": lambda factor, offset, c: (factor, offset - c),
    "Mul": lambda factor, offset, c: (factor * c, offset * c),
    "Div": lambda factor, offset, c: (factor / c, offset / c),
}
LEFT: dict[str, Change] = {
    "Add": RIGHT["Add"], "Mul": RIGHT["Mul"], "Sub": lambda factor, offset, c: (-factor, c - offset),
}


def arithmetic(call: Call) -> Value:
    """Add, Sub, Mul or Div of two inputs."""
    first, second = call.inputs[0], call.inputs[1] if len(call.inputs) > 1 else None
    if isinstance(first, Value) and isinstance(second, Value):
        if call.node.operator == "Sub":
            second = changed(call, 1, second, np.array(-1.0), RIGHT["Mul"], scaled=True)
        elif call.node.operator != "Add":
            raise Unsupported("it combines two values that both depend on the pictures, for which there is no layer")
        return _added(call, [first, second])
    place = 0 if isinstance(first, Value) else 1
    changes = LEFT if place else RIGHT
    if call.node.operator not in changes:
        raise Unsupported("it divides by what depends on the pictures")
    value = call.value(place)
    if call.ours and call.node.operator == "Mul" and value.affine is not None and value.affine.scaled:
        # Each product in a file of ours begins a Scale, so what is before it is a Scale of its own.
        value = call.builder.settled(value)
    constant = _per_channel(call, value, call.needed(1 - place), first=place == 1)
    scaled = call.node.operator in ("Mul", "Div") or (place == 1 and call.node.operator == "Sub")
    return changed(call, place, value, constant, changes[call.node.operator], scaled=scaled)


def changed(call: Call, place: int, value: Value, constant: Array, change: Change, *, scaled: bool) -> Value:
    """The value with a bit more arithmetic left to do."""
    before = value.affine or Affine(np.array(1.0), np.array(0.0), False, True, "")
    with np.errstate(all="ignore"):
        factor, offset = change(before.factor, before.offset, constant)
    if not (np.isfinite(factor).all() and np.isfinite(offset).all()):
        raise Unsupported("its constant is zero or not finite")
    affine = Affine(factor, offset, before.scaled or scaled, before.alone and call.alone[place], call.builder.name)
    return replace(value, affine=affine)


def total(call: Call) -> Value:
    """Sum of any number of inputs."""
    if len(call.inputs) == 1:
        return call.value()
    if len(call.inputs) == 2:
        return arithmetic(replace(call, node=replace(call.node, operator="Add")))
    return _added(call, [call.value(place) for place in range(len(call.inputs))])


def negated(call: Call) -> Value:
    """Neg."""
    return changed(call, 0, call.value(), np.array(-1.0), RIGHT["Mul"], scaled=True)


def _added(call: Call, values: list[Value]) -> Value:
    settled = [call.builder.settled(value) for value in values]
    first = settled[0]
    for value in settled[1:]:
        same = value.order == first.order and np.array_equal(value.columns if value.columns is not None else (),
                                                            first.columns if first.columns is not None else ())
        if not same or (value.shape != first.shape and None not in (value.shape, first.shape)):
            raise Unsupported("its inputs have different shapes")
    alike = all(value.inner == first.inner for value in settled)
    sources = [replace(value, order=None, columns=None, shape=value.inner) if alike else call.builder.plain(value)
               for value in settled]
    found = call.builder.add("Add", sources)
    return replace(found, order=first.order, columns=first.columns, shape=first.shape if alike else found.shape)


def _per_channel(call: Call, value: Value, constant: Array, *, first: bool) -> Array:
    """The constant as one number, or one per channel of the layer [channels], in float64."""
    numbers = np.asarray(constant, np.float64)
    if call.node.whole("broadcast", 0) and "axis" in call.node.attributes and value.shape is not None and not first:
        missing = len(value.shape) + 1 - call.node.whole("axis", 0) - numbers.ndim
        numbers = numbers.reshape(*numbers.shape, *(1,) * max(0, missing))
    if numbers.size == 1:
        return numbers.reshape(())
    rank = len(value.shape) if value.shape is not None else 3
    sizes = (1,) * (rank + 1 - numbers.ndim) + numbers.shape
    long = [place - 1 for place, length in enumerate(sizes) if length > 1]
    if len(sizes) != rank + 1 or len(long) != 1 or long[0] < 0:
        raise Unsupported("its constant is not one number per channel")
    place = long[0]
    if (value.order[place] if value.order is not None else place) != 0:
        raise Unsupported("its constant is not one number per channel")
    if value.inner is not None and value.inner[0] != numbers.size:
        raise Unsupported(f"its constant has {numbers.size} numbers, which do not fit its input")
    flat = numbers.reshape(-1)
    if value.columns is not None:
        ours = np.empty_like(flat)
        ours[value.columns] = flat
        return ours
    return flat
