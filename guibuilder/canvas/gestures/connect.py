"""Drawing wires: from an output or an input, or by the loose end of a wire that was there."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem

from core.graph.network import Edge, Network
from core.graph.shapes import Inference, infer
from guibuilder.canvas.gestures.base import Gesture, Modifiers
from guibuilder.canvas.hits import Hit, Part, hit_at
from guibuilder.canvas.routes import loose_route
from guibuilder.canvas.suggestions import Place
from guibuilder.canvas.wiring import edge_between, open_sources, open_targets, outcome, refusal

if TYPE_CHECKING:
    from guibuilder.canvas.view import NetworkView

_ON_TOP = 9.0
_CLOSED = 0.38


class Connect(Gesture):
    """One end is fixed, the other in the hand: nodes that may not be reached are dimmed, and the tag says why.

    `node` and `port` name the fixed end: an output (port None) or an input. `taken` is a wire whose end was picked up.
    """

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, view: "NetworkView", start: QPointF, node: str, port: int | None = None,
                 taken: Edge | None = None) -> None:
        super().__init__(view, start)
        self._node, self._port, self._taken = node, port, taken
        self._network: Network = self.document.network.disconnect(taken) if taken else self.document.network
        self._inference: Inference = infer(self._network, self.document.inference) if taken else self.document.inference
        self._open = (open_targets(self._network, node) if port is None
                      else open_sources(self._network, node, port))
        self._outcomes: dict[Edge, tuple[str, bool]] = {}
        self._target = ""
        self._moved = False
        self._wire = QGraphicsPathItem()
        self._wire.setPen(self.scene.style_now.wire_selected)
        self._wire.setZValue(_ON_TOP)
        self.scene.addItem(self._wire)
        if taken:
            self.scene.edges[taken].setVisible(False)
        for key, item in self.scene.nodes.items():
            item.setOpacity(1.0 if key in self._open or key == node else _CLOSED)

    # moving -----------------------------------------------------------------------------------------------------

    def move(self, point: QPointF, modifiers: Modifiers) -> None:
        self._moved = self._moved or (point - self.start).manhattanLength() * self.view.camera.zoom >= 4
        hit = self._hit(point)
        self._aim(hit.node if hit is not None else "")
        edge = None if hit is None else self._edge(hit)
        refused = "" if edge is None else refusal(self._network, edge)
        end = point if edge is None or refused else self._docked(edge)
        self._wire.setPath(self._path(end))
        self._wire.setPen(self.scene.style_now.wire_cut if refused else self.scene.style_now.wire_selected)
        self._explain(edge, refused, point)

    def _hit(self, point: QPointF) -> Hit | None:
        hit = hit_at(self.scene, point, self.view.camera.zoom)
        if hit.part in (Part.EMPTY, Part.WIRE, Part.WIRE_END) or (hit.node == self._node and not self._left(point)):
            return None
        return hit

    def _left(self, point: QPointF) -> bool:
        """Whether the hand has come back to its own node from elsewhere, rather than not left it yet."""
        return self.scene.nodes[self._node].body().adjusted(20, 0, -20, 0).contains(point)

    def _edge(self, hit: Hit) -> Edge:
        """The wire that letting go here would draw: to the input under the hand, else to the first free one."""
        if self._port is not None:
            return Edge(hit.node, self._node, self._port)
        exact = hit.port if hit.part is Part.INPUT and hit.port not in self._network.inputs_of(hit.node) else None
        return edge_between(self._network, self._node, hit.node, exact)

    def _aim(self, node: str) -> None:
        wanted = node if node in self._open else ""
        if wanted != self._target:
            for key in (self._target, wanted):
                if key in self.scene.nodes:
                    self.scene.nodes[key].set_target(key == wanted)
            self._target = wanted

    def _docked(self, edge: Edge) -> QPointF:
        if self._port is not None:
            return self.scene.nodes[edge.source].output_at()
        item = self.scene.nodes[edge.target]
        return item.input_at(min(edge.port, item.look.ports - 1))

    def _path(self, end: QPointF) -> QPainterPath:
        item = self.scene.nodes[self._node]
        if self._port is not None:
            return loose_route(end, item.input_at(self._port))
        return loose_route(item.output_at(), end)

    def _explain(self, edge: Edge | None, refused: str, point: QPointF) -> None:
        at = self.view.mapFromScene(point)
        if edge is None:
            self.view.tag.clear()
        elif refused:
            self.view.tag.say(refused, at, "error")
        else:
            if edge not in self._outcomes:
                self._outcomes[edge] = outcome(self._network, self._inference, edge)
            text, runs = self._outcomes[edge]
            self.view.tag.say(text, at, "good" if runs else "plain")

    # letting go -------------------------------------------------------------------------------------------------

    def end(self, point: QPointF, modifiers: Modifiers) -> None:
        hit = self._hit(point)
        edge = None if hit is None else self._edge(hit)
        refused = "" if edge is None else refusal(self._network, edge)
        moved = self._moved
        self.cancel()
        if not moved:
            self._clicked()
        elif refused:
            self.view.refuse(refused, point)
        elif edge is not None:
            self._draw(edge)
        elif self._taken is not None:
            self.document.edit("Remove a wire", network=self._network)
        elif not self._at_home(point):
            self._offer(point)

    def _clicked(self) -> None:
        """Without a move it was a click: on the wire, or on the node."""
        if self._taken is not None:
            self.selection.set(())
            self.scene.select_edges([self._taken])
        else:
            self.selection.set([self._node])

    def _at_home(self, point: QPointF) -> bool:
        return self.scene.nodes[self._node].body().adjusted(-12, 0, 12, 0).contains(point)

    def _draw(self, edge: Edge) -> None:
        if edge == self._taken:
            return
        names = self._network.nodes[edge.source].name, self._network.nodes[edge.target].name
        title = f"Connect {names[0]} to {names[1]}" if self._taken is None else f"Move a wire to {names[1]}"
        self.document.edit(title, network=self._network.connect(edge))

    def _offer(self, point: QPointF) -> None:
        """A list of layers that could follow, at the place where the wire was dropped."""
        if self._port is None:
            self.view.layer_wanted.emit(point, Place((self._node,)))
        else:
            self.view.layer_wanted.emit(point, Place((), Edge("", self._node, self._port)))

    def cancel(self) -> None:
        self._aim("")
        self.view.tag.clear()
        self.scene.removeItem(self._wire)
        for item in self.scene.nodes.values():
            item.setOpacity(1.0)
        if self._taken in self.scene.edges:
            self.scene.edges[self._taken].setVisible(True)
