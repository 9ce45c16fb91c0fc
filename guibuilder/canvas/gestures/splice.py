"""Putting a node into a wire by dropping it there: moved nodes and layers from the palette share this."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

from core.graph.heal import insert_on_edge
from core.graph.network import Edge, Node
from guibuilder.canvas.edge_item import EdgeItem
from guibuilder.canvas.geometry import NODE_HEIGHT, NODE_WIDTH
from guibuilder.canvas.placing import can_insert
from guibuilder.canvas.segments import distance, enters
from guibuilder.canvas.wiring import outcome_of

if TYPE_CHECKING:
    from guibuilder.canvas.scene import NetworkScene

_INNER = QRectF(16, 14, NODE_WIDTH - 32, NODE_HEIGHT - 28)


class Splice:
    """Finds the wire that a node would be put into, and shows it: wire and both ends light up."""

    def __init__(self, scene: "NetworkScene") -> None:
        self._scene = scene
        self._shown: EdgeItem | None = None
        self._outcomes: dict[Edge, tuple[str, bool]] = {}

    @property
    def edge(self) -> Edge | None:
        """The wire that is highlighted now."""
        return None if self._shown is None else self._shown.edge

    def seek(self, node: Node, place: QPointF) -> None:
        """Highlight the wire under the node's middle that it can be put into."""
        inner = _INNER.translated(place)
        middle = inner.center()
        found = [(distance(item.points(), middle), number, item) for number, item in
                 enumerate(self._scene.wires_in(inner)) if enters(item.points(), inner)]
        for _, _, item in sorted(found):
            if can_insert(self._scene.network, node, item.edge):
                self._show(item)
                return
        self.clear()

    def outcome(self, node: Node) -> tuple[str, bool]:
        """What the node would put out in the highlighted wire, in words, and whether it would run."""
        edge = self.edge
        if edge is None:
            return "", True
        if edge not in self._outcomes:
            after = insert_on_edge(self._scene.network, node, edge)
            self._outcomes[edge] = outcome_of(after, self._scene.document.inference, node.id)
        return self._outcomes[edge]

    def clear(self) -> None:
        """Highlight none."""
        self._show(None)

    def _show(self, item: EdgeItem | None) -> None:
        if item is not self._shown:
            self._mark(self._shown, False)
            self._mark(item, True)
            self._shown = item

    def _mark(self, item: EdgeItem | None, on: bool) -> None:
        if item is None:
            return
        item.mark(inserting=on)
        for key in (item.edge.source, item.edge.target):
            if key in self._scene.nodes:
                self._scene.nodes[key].set_target(on)
