"""An ONNX model as a project: operator after operator becomes a layer, or is named where there is none for it."""

import contextlib
import json
from collections import Counter
from collections.abc import Iterable

import numpy as np

from core.errors import FormatError
from core.formats.onnx_reading.building import Builder, Value
from core.formats.onnx_reading.call import Call
from core.formats.onnx_reading.constants import FOLDED, LARGEST, Unsupported, computed, constant
from core.formats.onnx_reading.model import Branch, OnnxModel, OnnxNode
from core.formats.onnx_reading.model import Shape as FileShape
from core.formats.onnx_reading.names import clean, name_of, title_of
from core.formats.onnx_reading.operators import OPERATORS, SEVERAL
from core.formats.onnx_reading.ordered import in_order
from core.formats.onnx_reading.outside import Beside
from core.formats.onnx_reading.patterns import TOGETHER, apart, needed, together
from core.formats.onnx_reading.shaping import sizes
from core.formats.onnx_reading.tensor import Tensor
from core.formats.onnx_reading.wire import shown
from core.formats.weights_files import check_finite
from core.graph.arrange import arrange
from core.graph.network import Edge, Network, Node
from core.layers.base import Array, Shape
from core.layers.input import Input
from core.project import Project

OURS = "guibuilder"
# The side of pictures where the file leaves it open.
OPEN_SIDE = 224
_THROUGH = ("Sub", "Add", "Mul", "Div", "Cast", "Identity")
_MOST_CLASSES = 100_000


def project_of(model: OnnxModel, what: str, beside: Beside) -> Project:
    """The network of a model with its weights, laid out; FormatError in one sentence."""
    reading = _Reading(model, what, beside)
    reading.run()
    return reading.project()


class _Reading:
    """One run over the operators of a file. `known` has each value of the file by its name there."""

    def __init__(self, model: OnnxModel, what: str, beside: Beside) -> None:
        self._model, self._what, self._beside = model, what, beside
        self._ours = model.producer == OURS
        self._builder = Builder()
        self._known: dict[str, Value | Array | Tensor] = dict(model.tensors)
        self._takers: Counter[str] = Counter()
        self._batches: tuple[int, ...] = ()
        self._bytes = 0

    def run(self) -> None:
        """Read inputs and operators."""
        inputs = [(name, shape) for name, shape in self._model.inputs if name not in self._model.tensors]
        if not inputs:
            raise FormatError(f"{self._what} has no input for pictures, so there is no network to draw.")
        for name, shape in inputs:
            self._input(name, shape)
        wanted = [name for name, _ in self._model.outputs]
        nodes = needed(apart(in_order(self._model, self._what)), wanted)
        self._fold(nodes)
        nodes = together(nodes, self._constant, wanted, self._ours)
        self._takers = Counter(name for node in nodes for name in node.inputs)
        self._takers.update(name for name, _ in self._model.outputs)
        for node in nodes:
            self._node(node)

    def _fold(self, nodes: list[OnnxNode]) -> None:
        """Compute what is known without the pictures, so that groups of operators are found by their numbers."""
        for node in nodes:
            known = all(not name or isinstance(self._known.get(name), Tensor | np.ndarray) for name in node.inputs)
            if not known or len(node.outputs) != 1 or node.domain or node.operator not in (*FOLDED, "Constant"):
                continue
            with contextlib.suppress(Unsupported):  # told when its turn comes, if it is needed then
                self._known[node.outputs[0]] = self._result(node)

    def _constant(self, name: str) -> Array | None:
        """A constant of the file, for what is looked for before its operators are read."""
        found = self._known.get(name)
        if isinstance(found, Tensor):
            return found.array(self._beside.read)
        return found if isinstance(found, np.ndarray) else None

    # inputs ------------------------------------------------------------------------------------------------------

    def _input(self, name: str, shape: FileShape | None) -> None:
        if shape is None or len(shape) not in (2, 3, 4):
            raise FormatError(f"{self._what}: the input {name[:80]!r} takes neither pictures (batch × channels × "
                              f"height × width) nor vectors.")
        self._batches += (1 if shape[0] is None else shape[0],)
        rest = self._filled(name, shape[1:])
        order = (1, 2, 0) if len(rest) == 3 and self._channels_last(name) else None
        inner = rest if len(rest) != 2 else (1, *rest)
        if order is not None:
            inner = (rest[2], rest[0], rest[1])
            self._builder.notes.append(f"The file takes pictures as height × width × channels; here {clean(name)} "
                                       f"takes them as channels × height × width.")
        try:
            found = self._builder.add("Input", [], name=name, shape=inner)
        except Unsupported as error:
            raise FormatError(f"{self._what}: the input {name[:80]!r} cannot be used: {error}.") from error
        self._known[name] = Value(found.node, inner, rest, order)

    def _filled(self, name: str, rest: FileShape) -> Shape:
        """Sizes without gaps: an open side of a picture becomes a usual one, which is said."""
        if None in rest and (len(rest) != 3 or (rest[0] is None and rest[2] is None)):
            raise FormatError(f"{self._what} does not say how many numbers its input {name[:80]!r} takes. Export the "
                              f"model with a fixed size.")
        if None in rest:
            self._builder.notes.append(f"The file leaves the size of its pictures open; {OPEN_SIDE}×{OPEN_SIDE} is "
                                       f"assumed.")
        return tuple(OPEN_SIDE if size is None else size for size in rest)

    def _channels_last(self, name: str) -> bool:
        """Whether everything that takes this input first moves its last axis to the front."""
        takers = [node for node in self._model.nodes if name in node.inputs]
        return bool(takers) and all(
            node.wholes("perm") == (0, 3, 1, 2) if node.operator == "Transpose"
            else node.operator in _THROUGH and self._channels_last(node.outputs[0]) for node in takers)

    # operators ---------------------------------------------------------------------------------------------------

    def _node(self, node: OnnxNode) -> None:
        self._builder.name = name_of(node, self._ours)
        if not node.outputs or node.outputs[0] in self._known:
            return
        try:
            self._known[node.outputs[0]] = self._branch(node) if node.operator == "If" else self._result(node)
        except Unsupported as error:
            found = self._unknown(node, str(error))
            self._known.update(dict.fromkeys(node.outputs, found))

    def _result(self, node: OnnxNode) -> Value | Array | Tensor:
        if node.domain not in ("", TOGETHER):
            raise Unsupported(f"it belongs to {shown(node.domain)}, not to ONNX itself")
        if node.operator == "Constant":
            return constant(node)
        inputs = [self._look_up(name) for name in node.inputs]
        while inputs and inputs[-1] is None:
            inputs.pop()
        alone = [self._takers[name] == 1 for name in node.inputs]
        last = any(name == node.outputs[0] for name, _ in self._model.outputs)
        call = Call(node, inputs, self._builder, self._model.opset, alone, self._batches, self._ours, last)
        if node.operator == "Shape" and inputs and isinstance(inputs[0], Value):
            return sizes(call)
        constants = [each for each in inputs if isinstance(each, np.ndarray)]
        if len(constants) == len(inputs):
            return self._counted(computed(node, constants))
        reader = SEVERAL.get(node.operator) if node.domain == TOGETHER else None
        reader = reader or OPERATORS.get(node.operator)
        if reader is None:
            raise Unsupported("there is no layer for it")
        return reader(call)

    def _branch(self, node: OnnxNode) -> Value | Array | Tensor:
        """What an If gives whose condition is known from the sizes of the pictures: that side's operators, in turn."""
        try:
            condition = self._look_up(node.inputs[0]) if node.inputs else None
        except Unsupported:
            condition = None
        if isinstance(condition, np.ndarray) and condition.size == 1:
            branch = node.attributes.get("then_branch" if condition.ravel()[0] else "else_branch")
        else:
            raise Unsupported("what it does depends on the pictures")
        if not isinstance(branch, Branch) or len(node.outputs) != 1 or len(branch.outputs) != 1:
            raise Unsupported("what it holds is not read")
        for inner in branch.nodes:
            try:
                self._known.update(dict.fromkeys(inner.outputs[:1], self._result(inner)))
            except Unsupported as error:
                raise Unsupported(f"it holds {shown(inner.operator)}: {error}") from error
        found = self._known.get(branch.outputs[0])
        if found is None:
            raise Unsupported("a side of it takes what nothing makes")
        return found

    def _look_up(self, name: str) -> Value | Array | None:
        if not name:
            return None
        found = self._known.get(name)
        if found is None:
            raise Unsupported("it takes a second output of another operator")
        if isinstance(found, Tensor):
            found = self._counted(found.array(self._beside.read))
            self._known[name] = found
        return found

    def _counted(self, array: Array) -> Array:
        """Refuse files whose constants grow beyond what any model needs."""
        self._bytes += array.nbytes
        if self._bytes > 4 * LARGEST:
            raise FormatError(f"{self._what}: its constants take more than {4 * LARGEST / 1e9:.0f} GB; it is not "
                              f"opened.")
        return array

    def _unknown(self, node: OnnxNode, why: str) -> Value:
        values = [found for name in node.inputs if isinstance(found := self._known.get(name), Value)]
        sources = []
        for value in values:
            try:
                sources.append(self._builder.settled(value))
            except Unsupported:
                sources.append(value)
        described = self._model.shapes.get(node.outputs[0]) or (None,)
        rest = [size for size in described[1:] if size is not None]
        shape = tuple(rest) if rest and len(rest) == len(described) - 1 else None
        operator = shown(node.written or node.operator)
        kept = {"onnx": {"operator": operator, "node": shown(node.name or node.outputs[0]),
                         "number": node.number, "why": why[:400]}}
        return self._builder.unknown(f"ONNX {clean(operator)}", sources, shape, kept)

    # the result --------------------------------------------------------------------------------------------------

    def project(self) -> Project:
        """Everything that leads to an output of the file, with its weights."""
        layers, wanted = self._builder.layers, self._reached(self._ends())
        if not any(isinstance(layers[key].layer, Input) for key in wanted):
            raise FormatError(f"{self._what} computes nothing from its inputs, so there is no network to draw.")
        ids = {key: f"n{number}" for number, key in enumerate(wanted, start=1)}
        nodes = {ids[key]: Node(ids[key], layers[key].layer, layers[key].name) for key in wanted}
        edges = tuple(Edge(ids[source], ids[key], port) for key in wanted
                      for port, source in enumerate(layers[key].sources))
        network = Network(nodes, edges, clean(title_of(self._model.title, self._what)))
        weights = {}
        for key in wanted:
            for name, array in layers[key].named_weights().items():
                check_finite(name, array, self._what)
                weights[name] = np.array(array, np.float32, order="C")
        return Project(network.move(arrange(network)), weights, notes=self._notes(), classes=self._classes())

    def _ends(self) -> list[str]:
        """The layers whose outputs the file puts out."""
        ends = []
        for name, _ in self._model.outputs:
            value = self._known.get(name)
            if not isinstance(value, Value):
                self._builder.notes.append(f"The output {shown(name)} does not depend on the pictures; it is left out.")
                continue
            try:
                value = self._builder.settled(value)
            except Unsupported as error:
                self._builder.notes.append(f"What is computed last for {shown(name)} is left out, because {error}.")
            if value.order is not None or value.columns is not None:
                self._builder.notes.append(f"The file puts {shown(name)} out in another order of axes.")
            ends.append(value.node)
        return ends

    def _reached(self, ends: Iterable[str]) -> list[str]:
        """All layers that lead to the ends, in order."""
        found, waiting = set(ends), list(ends)
        while waiting:
            for source in self._builder.layers[waiting.pop()].sources:
                if source not in found:
                    found.add(source)
                    waiting.append(source)
        return [key for key in self._builder.layers if key in found]

    def _notes(self) -> str:
        made = " ".join(part for part in (self._model.producer, self._model.producer_version) if part)[:100]
        by = f", made by {clean(made) if not made.isprintable() else made}" if made else ""
        lines = [f"Read from {self._what} (ONNX, operator set {self._model.opset}{by}).",
                 *dict.fromkeys(self._builder.notes)]
        return "\n\n".join(lines) + "\n"

    def _classes(self) -> tuple[str, ...]:
        try:
            found = json.loads(self._model.metadata.get("classes", "[]"))
        except (ValueError, RecursionError):
            return ()
        if not isinstance(found, list) or len(found) > _MOST_CLASSES:
            return ()
        return tuple(found) if all(isinstance(each, str) for each in found) else ()
