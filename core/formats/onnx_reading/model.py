"""An ONNX model as the file has it: nodes with their attributes, tensors, inputs and outputs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.errors import FormatError
from core.formats.onnx_reading.tensor import Tensor, read_tensor
from core.formats.onnx_reading.wire import (
    BYTES,
    VARINT,
    Field,
    WireError,
    fields,
    message,
    real,
    signed,
    signed_list,
    text,
)

OLDEST, NEWEST = 6, 27
MOST_NODES = 20_000
MOST_TENSORS = 50_000
MOST_INSIDE = 1_000
_GRAPHS = (6, 11, 22, 23)
Shape = tuple[int | None, ...]


@dataclass
class OnnxNode:
    """One operator. `number` is its place in the file from 1, `written` its name there if we replaced it."""

    operator: str = ""
    name: str = ""
    domain: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    number: int = 0
    written: str = ""

    def whole(self, name: str, default: int) -> int:
        """An attribute that is a whole number."""
        value = self.attributes.get(name, default)
        return value if isinstance(value, int) else default

    def real(self, name: str, default: float) -> float:
        """An attribute that is a number."""
        value = self.attributes.get(name, default)
        return float(value) if isinstance(value, (int, float)) else default

    def wholes(self, name: str) -> tuple[int, ...] | None:
        """An attribute that is a list of whole numbers, or None."""
        value = self.attributes.get(name)
        proper = isinstance(value, list) and all(isinstance(each, int) for each in value)
        return tuple(value) if proper and value is not None else None

    def text(self, name: str, default: str) -> str:
        """An attribute that is a text."""
        value = self.attributes.get(name, default)
        return value if isinstance(value, str) else default


@dataclass
class Branch:
    """One side of an If: its operators and what it gives. Its names begin with that of the If's output."""

    nodes: list[OnnxNode] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)

    def begin(self, prefix: str) -> set[str]:
        """Give what is made inside names of its own; tells which values from outside are taken."""
        made = {name for node in self.nodes for name in node.outputs if name}
        taken = {name for names in ([node.inputs for node in self.nodes] + [self.outputs]) for name in names} - made
        for node in self.nodes:
            node.inputs = [f"{prefix}/{name}" if name in made else name for name in node.inputs]
            node.outputs = [f"{prefix}/{name}" if name else name for name in node.outputs]
        self.outputs = [f"{prefix}/{name}" if name in made else name for name in self.outputs]
        return taken - {""}


@dataclass
class OnnxModel:
    """What a file holds. `inputs` and `outputs` are (name, sizes); sizes that the file leaves open are None."""

    opset: int = 0
    producer: str = ""
    producer_version: str = ""
    title: str = ""
    nodes: list[OnnxNode] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    inputs: list[tuple[str, Shape | None]] = field(default_factory=list)
    outputs: list[tuple[str, Shape | None]] = field(default_factory=list)
    shapes: dict[str, Shape | None] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)


def read_model(data: bytes | bytearray, what: str) -> OnnxModel:
    """The model in a file's bytes; FormatError in one sentence. `what` names the file."""
    model, versions = OnnxModel(), dict[str, int]()
    try:
        _read(model, versions, memoryview(data))
    except WireError as error:
        raise FormatError(f"{what} is no proper ONNX file, or it is cut off: {error}.") from error
    except FormatError as error:
        raise FormatError(f"{what}: {error.message}") from error
    if not model.nodes:
        raise FormatError(f"{what} holds no operator; it is no ONNX model, or it is cut off.")
    model.opset = versions.get("", versions.get("ai.onnx", 0))
    if not OLDEST <= model.opset <= NEWEST:
        raise FormatError(f"{what} needs the operator set {model.opset}; {OLDEST} to {NEWEST} are read. Export the "
                          f"model with opset 17.")
    return model


def _read(model: OnnxModel, versions: dict[str, int], view: memoryview) -> None:
    graph: memoryview | None = None
    for number, kind, value in fields(view):
        if number == 2:
            model.producer = text(kind, value)
        elif number == 3:
            model.producer_version = text(kind, value)
        elif number == 7:
            graph = message(kind, value)
        elif number == 8:
            entry = {key: content if each == VARINT else text(each, content)
                     for key, each, content in fields(message(kind, value))}
            version = entry.get(2, 0)
            versions[str(entry.get(1, ""))] = version if isinstance(version, int) else 0
        elif number == 14:
            pair = {key: text(each, content) for key, each, content in fields(message(kind, value))}
            model.metadata[pair.get(1, "")] = pair.get(2, "")
    if graph is not None:
        _graph(model, graph)


def _graph(model: OnnxModel, view: memoryview) -> None:
    for number, kind, value in fields(view):
        if number == 1:
            if len(model.nodes) >= MOST_NODES:
                raise FormatError(f"It holds more than {MOST_NODES:,} operators, which is more than can be drawn.")
            model.nodes.append(_node(message(kind, value), len(model.nodes) + 1))
        elif number == 2:
            model.title = text(kind, value)
        elif number == 5:
            tensor = read_tensor(message(kind, value))
            if tensor.name in model.tensors or len(model.tensors) >= MOST_TENSORS:
                raise FormatError(f"It holds the tensor {tensor.title} twice, or too many tensors; it is damaged.")
            model.tensors[tensor.name] = tensor
        elif number == 15:
            raise FormatError("It holds sparse tensors, which are not read. Export the model with dense weights.")
        elif number in (11, 12, 13):
            name, shape = _described(message(kind, value))
            model.shapes[name] = shape
            if number < 13:
                (model.inputs if number == 11 else model.outputs).append((name, shape))


def _node(view: memoryview, number: int, *, inside: bool = False) -> OnnxNode:
    """A NodeProto; graphs in it are read for an If that is not `inside` of another one."""
    node = OnnxNode(number=number)
    for each, kind, value in fields(view):
        if each == 1:
            node.inputs.append(text(kind, value))
        elif each == 2:
            node.outputs.append(text(kind, value))
        elif each == 3:
            node.name = text(kind, value)
        elif each == 4:
            node.operator = text(kind, value)
        elif each == 5:
            name, content = _attribute(message(kind, value), None if inside else number)
            node.attributes[name] = content
        elif each == 7:
            node.domain = text(kind, value).removeprefix("ai.onnx")
    branches = [each for each in node.attributes.values() if isinstance(each, Branch)]
    taken = [branch.begin(f"{node.outputs[0] if node.outputs else ''}/{place}")
             for place, branch in enumerate(branches)]
    # What the sides take from outside has to be there before the If, like its own inputs.
    node.inputs += sorted(set().union(*taken) - set(node.inputs))
    return node


def _branch(view: memoryview, number: int) -> Branch:
    """A GraphProto inside a node; its tensors become operators that hold them."""
    branch = Branch()
    for each, kind, value in fields(view):
        if each == 1:
            branch.nodes.append(_node(message(kind, value), number, inside=True))
        elif each == 5:
            tensor = read_tensor(message(kind, value))
            branch.nodes.insert(0, OnnxNode("Constant", outputs=[tensor.name], attributes={"value": tensor},
                                            number=number))
        elif each == 12:
            branch.outputs.append(_described(message(kind, value))[0])
        if len(branch.nodes) > MOST_INSIDE:
            raise FormatError(f"An operator holds more than {MOST_INSIDE:,} others; that is not read.")
    return branch


@dataclass
class _Attribute:
    """An attribute as its fields come in; only one of them is filled."""

    name: str = ""
    value: Any = None
    values: list[Any] = field(default_factory=list)
    type: int = 0


def _attribute(view: memoryview, node: int | None) -> tuple[str, Any]:
    """Name and content; graphs are read where the number of the node is given."""
    found = _Attribute()
    for number, kind, value in fields(view):
        if number == 1:
            found.name = text(kind, value)
        elif number == 20:
            found.type = signed(value)
        elif number == 6 and node is not None and found.name in ("then_branch", "else_branch"):
            found.value = _branch(message(kind, value), node)
        elif number in _GRAPHS:
            # Operators that hold graphs are not opened but for If, so what they hold is never looked at.
            found.value = "a graph"
        elif number in _ONE:
            found.value = _ONE[number](kind, value)
        elif number in _MANY:
            found.values += _MANY[number](kind, value)
    return found.name, found.values if found.values or found.type in (6, 7, 8, 9) else found.value


def _reals(kind: int, value: Field) -> list[float]:
    if kind != BYTES or isinstance(value, int):
        return [real(kind, value)]
    if len(value) % 4:
        raise WireError("numbers are cut off")
    return [float(each) for each in np.frombuffer(value, "<f4")]


_ONE: dict[int, Callable[[int, Field], Any]] = {
    2: real, 3: lambda kind, value: signed(value), 4: text,
    5: lambda kind, value: read_tensor(message(kind, value)),
}
_MANY: dict[int, Callable[[int, Field], list[Any]]] = {
    7: _reals, 8: signed_list, 9: lambda kind, value: [text(kind, value)],
}


def _described(view: memoryview) -> tuple[str, Shape | None]:
    """A ValueInfoProto: name and sizes, None where it does not tell them."""
    name, shape = "", None
    for number, kind, value in fields(view):
        if number == 1:
            name = text(kind, value)
        elif number == 2:
            shape = _sizes(message(kind, value))
    return name, shape


def _sizes(view: memoryview) -> Shape | None:
    tensors = (message(kind, value) for number, kind, value in fields(view) if number == 1)
    shapes = (message(kind, value) for tensor in tensors for number, kind, value in fields(tensor) if number == 2)
    shape = next(shapes, None)
    if shape is None:
        return None
    return tuple(_size(message(kind, value)) for number, kind, value in fields(shape) if number == 1)


def _size(view: memoryview) -> int | None:
    for number, kind, value in fields(view):
        if number == 1 and kind == VARINT:
            size = signed(value)
            return size if size > 0 else None
    return None
