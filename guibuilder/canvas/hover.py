"""What answers to a cursor that only looks: ports grow, wires brighten, nodes explain themselves."""

from PySide6.QtCore import QPointF, Qt

from core.graph.block import Block
from core.graph.network import Edge
from core.layers.base import describe
from guibuilder.canvas.hits import Hit, Part
from guibuilder.canvas.scene import NetworkScene
from guibuilder.document import Document

_CURSORS = {
    Part.OUTPUT: Qt.CursorShape.CrossCursor,
    Part.INPUT: Qt.CursorShape.CrossCursor,
    Part.BADGE: Qt.CursorShape.PointingHandCursor,
    Part.WIRE_END: Qt.CursorShape.OpenHandCursor,
}


class Hover:
    """Remembers what the cursor is at, and shows it."""

    def __init__(self, scene: NetworkScene) -> None:
        self._scene = scene
        self._node = ""
        self._edge: Edge | None = None

    def look_at(self, hit: Hit) -> Qt.CursorShape:
        """Show what is under the cursor; gives the cursor for it."""
        on_port = hit.part in (Part.INPUT, Part.OUTPUT)
        node = hit.node if on_port else ""
        if self._node != node and self._node in self._scene.nodes:
            self._scene.nodes[self._node].hover(None)
        if on_port:
            self._scene.nodes[node].hover(hit.port if hit.part is Part.INPUT else None, hit.part is Part.OUTPUT)
        self._node = node
        if hit.edge != self._edge:
            for edge in (self._edge, hit.edge):
                if edge in self._scene.edges:
                    self._scene.edges[edge].mark(hovered=edge == hit.edge)
            self._edge = hit.edge
        return _CURSORS.get(hit.part, Qt.CursorShape.ArrowCursor)


def explanation(document: Document, hit: Hit, point: QPointF | None = None) -> str:
    """The words for a cursor that rests: rich text, empty where there is nothing to say."""
    network, inference = document.network, document.inference
    if hit.edge is not None:
        names = network.nodes[hit.edge.source].name, network.nodes[hit.edge.target].name
        shape = describe(inference.shapes.get(hit.edge.source))
        return (f"{_plain(names[0])} → {_plain(names[1])}: {shape}<br>Double-click puts a layer in; Del removes the "
                "selected wire.")
    if hit.node not in network.nodes:
        return ""
    if hit.part is Part.OUTPUT:
        return "Drag to another layer, or into the void for a list of layers that can follow."
    if hit.part is Part.INPUT:
        taken = hit.port in network.inputs_of(hit.node)
        return "Drag away to move or remove this wire." if taken else "Drag to the layer that should feed this input."
    return _card(document, hit.node)


def _card(document: Document, key: str) -> str:
    """Name, type, shapes and the arithmetic behind them."""
    node, inference = document.network.nodes[key], document.inference
    rows = [f"<b>{_plain(node.name)}</b> &nbsp;{_plain(node.type)}"]
    gets = inference.inputs.get(key)
    shape = inference.shapes.get(key)
    if gets and node.layer.ports[1] != 0:
        rows.append(f"in {', '.join(describe(each) for each in gets)}")
        if shape is not None and not node.layer.bypassed:
            rows += [_plain(line) for line in node.layer.shape_formula(*gets).splitlines()]
    rows.append(f"out {describe(shape)}")
    if gets and shape is not None and not node.layer.bypassed:
        formula = node.layer.parameter_formula(*gets)
        rows += [f"{_plain(formula)} parameters"] if formula else []
    if isinstance(node.layer, Block):
        counted = document.cost.layers.get(key)
        rows += [f"{counted.parameters:,} parameters"] if counted is not None else []
        rows.append(f"{node.layer.short()} inside; a double-click opens it")
    rows += [_plain(problem.sentence()) for problem in inference.problems_of(key)]
    return "<br>".join(rows)


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
