"""Operators whose inputs are all known: computed while reading, with the size of the result known before it is made.

They work out the sizes of a Reshape and the weights of models that keep them in another form.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from core.errors import FormatError
from core.formats.onnx_reading.model import OnnxNode
from core.formats.onnx_reading.tensor import MOST_AXES, TYPES, Tensor
from core.layers.base import Array

LARGEST = 1_000_000_000
# Stands for the batch in the sizes that a Shape operator gives: a prime that no real size is.
BATCH = 1_000_003
Compute = Callable[[OnnxNode, Sequence[Array]], Array]


class Unsupported(Exception):
    """Why an operator cannot become a layer; the text goes behind "because "."""


def computed(node: OnnxNode, inputs: Sequence[Array]) -> Array:
    """The output of an operator from constants; Unsupported where it is not known here or its inputs do not fit."""
    if node.operator not in FOLDED:
        raise Unsupported(f"{node.operator} is not computed from constants here")
    try:
        with np.errstate(all="ignore"):
            return np.asarray(FOLDED[node.operator](node, inputs))
    except (ValueError, IndexError, TypeError, ZeroDivisionError, OverflowError) as error:
        raise Unsupported("its constants do not fit each other") from error


def _checked(shape: Sequence[int], size: int) -> tuple[int, ...]:
    """A shape whose array may be made."""
    total = size
    for length in shape:
        total *= int(length)
    if len(shape) > MOST_AXES or min(shape, default=0) < 0 or total > LARGEST:
        raise FormatError(f"A constant of the model would take {total / 1e9:,.1f} GB; it is not opened.")
    return tuple(int(length) for length in shape)


def _fill(node: OnnxNode, inputs: Sequence[Array]) -> Array:
    tensor = node.attributes.get("value")
    value = tensor.array(_nowhere) if isinstance(tensor, Tensor) else np.zeros(1, np.float32)
    if value.size != 1:
        raise Unsupported("it fills with more than one number")
    # A view of the one number: nothing is allocated until it becomes a layer's weights.
    return np.broadcast_to(value.reshape(()), _checked(_alike(inputs[0]), value.itemsize))


def _alike(shape: Array) -> list[int]:
    """A shape to fill: what is the same for every picture of the batch is made once."""
    first, *rest = shape.ravel().tolist() or [1]
    return [1 if first == BATCH else first, *rest] if shape.size else []


def _nowhere(where: dict[str, str], wanted: int, title: str) -> memoryview:
    raise FormatError(f"{title} lies outside of the file, where only weights may.")


def _arithmetic(function: Callable[[Array, Array], Array]) -> Compute:
    def compute(node: OnnxNode, inputs: Sequence[Array]) -> Array:
        first, second = inputs
        if node.whole("broadcast", 0) and "axis" in node.attributes:
            second = second.reshape(*second.shape, *(1,) * (first.ndim - node.whole("axis", 0) - second.ndim))
        _checked(np.broadcast_shapes(first.shape, second.shape), 8)
        return np.asarray(function(first, second))

    return compute


def _divide(first: Array, second: Array) -> Array:
    if first.dtype.kind in "iu" and second.dtype.kind in "iu":
        return np.asarray(np.trunc(first / second), first.dtype)
    return np.asarray(first / second)


def axes_of(node: OnnxNode, inputs: Sequence[Array], place: int = 1) -> tuple[int, ...] | None:
    """The axes of an operator, which older files hold as an attribute and newer ones as an input."""
    if len(inputs) > place:
        return tuple(int(axis) for axis in inputs[place].ravel())
    return node.wholes("axes")


def _unsqueeze(node: OnnxNode, inputs: Sequence[Array]) -> Array:
    return np.expand_dims(inputs[0], axes_of(node, inputs) or ())


def _squeeze(node: OnnxNode, inputs: Sequence[Array]) -> Array:
    return np.squeeze(inputs[0], axes_of(node, inputs))


def _concat(node: OnnxNode, inputs: Sequence[Array]) -> Array:
    _checked([sum(each.size for each in inputs)], 8)
    return np.concatenate(list(inputs), axis=node.whole("axis", 0))


def _gather(node: OnnxNode, inputs: Sequence[Array]) -> Array:
    axis = node.whole("axis", 0)
    _checked([inputs[1].size, inputs[0].size // max(1, inputs[0].shape[axis])], inputs[0].itemsize)
    return np.take(inputs[0], inputs[1], axis=axis)


def _slice(node: OnnxNode, inputs: Sequence[Array]) -> Array:
    lists = [each.ravel().tolist() for each in inputs[1:]] or [list(node.wholes(name) or ())
                                                              for name in ("starts", "ends", "axes")]
    starts, ends, *rest = lists
    axes = rest[0] if rest and rest[0] else range(len(starts))
    steps = rest[1] if len(rest) > 1 else [1] * len(starts)
    cut = [slice(None)] * inputs[0].ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        cut[axis] = slice(start, end if end > -2**31 else None, step)
    return inputs[0][tuple(cut)]


def _cast(node: OnnxNode, inputs: Sequence[Array]) -> Array:
    kind = TYPES.get(node.whole("to", 0))
    if kind is None:
        raise Unsupported("it casts to a kind of number that is not read")
    _checked(inputs[0].shape, 8)
    return inputs[0].astype(kind)


def _reshape(node: OnnxNode, inputs: Sequence[Array]) -> Array:
    wanted = inputs[1].ravel().tolist() if len(inputs) > 1 else list(node.wholes("shape") or ())
    if not node.whole("allowzero", 0):
        wanted = [inputs[0].shape[axis] if length == 0 else length for axis, length in enumerate(wanted)]
    return inputs[0].reshape(wanted)


def _flatten(node: OnnxNode, inputs: Sequence[Array]) -> Array:
    rows = int(np.prod(inputs[0].shape[:node.whole("axis", 1)], dtype=np.int64))
    return inputs[0].reshape(rows, -1)


def _transpose(node: OnnxNode, inputs: Sequence[Array]) -> Array:
    return np.transpose(inputs[0], node.wholes("perm"))


def _expand(node: OnnxNode, inputs: Sequence[Array]) -> Array:
    shape = np.broadcast_shapes(inputs[0].shape, tuple(_alike(inputs[1])))
    return np.broadcast_to(inputs[0], _checked(shape, inputs[0].itemsize))


def _product(node: OnnxNode, inputs: Sequence[Array]) -> Array:
    return np.asarray(np.prod(inputs[0], axis=axes_of(node, inputs), keepdims=bool(node.whole("keepdims", 1))),
                      inputs[0].dtype)


def _range(node: OnnxNode, inputs: Sequence[Array]) -> Array:
    start, end, step = (each.ravel()[0] for each in inputs)
    _checked([max(0, int((end - start) / step) + 1)], 8)
    return np.arange(start, end, step)


def constant(node: OnnxNode) -> Array | Tensor:
    """What a Constant holds."""
    for name in ("value", "value_float", "value_int", "value_floats", "value_ints"):
        value = node.attributes.get(name)
        if isinstance(value, Tensor):
            return value
        if value is not None and name != "value":
            return np.array(value, np.float32 if "float" in name else np.int64)
    raise Unsupported("it holds nothing that is read")


FOLDED: Mapping[str, Compute] = {
    "ConstantOfShape": _fill, "Add": _arithmetic(np.add), "Sub": _arithmetic(np.subtract),
    "Mul": _arithmetic(np.multiply), "Div": _arithmetic(_divide), "Pow": _arithmetic(np.power),
    "Max": _arithmetic(np.maximum), "Min": _arithmetic(np.minimum), "Equal": _arithmetic(np.equal),
    "Sqrt": lambda node, inputs: np.sqrt(inputs[0]), "Neg": lambda node, inputs: -inputs[0],
    "Reciprocal": lambda node, inputs: 1 / inputs[0], "Identity": lambda node, inputs: inputs[0],
    "Floor": lambda node, inputs: np.floor(inputs[0]), "Exp": lambda node, inputs: np.exp(inputs[0]),
    "Unsqueeze": _unsqueeze, "Squeeze": _squeeze, "Concat": _concat, "Gather": _gather, "Slice": _slice,
    "Cast": _cast, "Reshape": _reshape, "Flatten": _flatten, "Transpose": _transpose, "Expand": _expand,
    "ReduceProd": _product, "Range": _range,
    "Shape": lambda node, inputs: np.array(inputs[0].shape, np.int64),
    "Where": lambda node, inputs: np.where(*inputs),
}
