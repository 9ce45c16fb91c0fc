"""A layer that is dragged from the palette: its shadow shows where it would land and what it would be wired to."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QGraphicsPathItem

from core.graph.cost import Cost
from core.graph.network import Network, Node
from core.graph.shapes import Inference
from core.templates.blocks import BLOCKS, new_node
from guibuilder.canvas.geometry import NODE_HEIGHT, NODE_WIDTH
from guibuilder.canvas.gestures.base import Modifiers
from guibuilder.canvas.gestures.move import Guides
from guibuilder.canvas.gestures.splice import Splice
from guibuilder.canvas.look import node_look
from guibuilder.canvas.node_item import NodeItem
from guibuilder.canvas.placing import follows, place_beside
from guibuilder.canvas.routes import loose_route
from guibuilder.canvas.snapping import snap
from guibuilder.canvas.suggestions import Place
from guibuilder.canvas.wiring import linked, outcome_of

if TYPE_CHECKING:
    from guibuilder.canvas.view import NetworkView

_SHADOW = 0.72
_ON_TOP = 8.0
_MIDDLE = QPointF(NODE_WIDTH / 2, NODE_HEIGHT / 2)


class LayerDrop:
    """From the moment the layer comes over the canvas until it is dropped or leaves.

    Over a wire it is put into it; right of a layer whose output is free it is wired to it. Alt keeps it alone.
    """

    def __init__(self, view: "NetworkView", kind: str) -> None:
        self._view, self._scene, self._kind = view, view.drawing, kind
        network = view.document.network
        self._node: Node = new_node(network, kind)
        alone = Network().add(self._node)
        look = node_look(alone, Inference(), Cost(), self._node.id)
        self._shadow = NodeItem(look, self._scene.style_now, self._scene.detail)
        self._shadow.setOpacity(_SHADOW)
        self._shadow.setZValue(_ON_TOP)
        self._wire = QGraphicsPathItem()
        self._wire.setPen(self._scene.style_now.wire_selected)
        self._wire.setZValue(_ON_TOP)
        for item in (self._shadow, self._wire):
            self._scene.addItem(item)
        self._splice, self._guides = Splice(self._scene), Guides(view)
        self._source: str | None = None
        self._outcomes: dict[str, tuple[str, bool]] = {}
        self._made: dict[int, Node] = {}

    def move(self, point: QPointF, modifiers: Modifiers) -> None:
        """The hand is over this point of the canvas."""
        free = bool(modifiers & Modifiers.AltModifier)
        place = self._placed(point, free)
        self._shadow.setPos(place)
        if free:
            self._splice.clear()
        else:
            self._splice.seek(self._node, place)
        lonely = free or self._splice.edge is not None
        self._source = None if lonely else follows(self._scene.network, self._node, (place.x(), place.y()))
        if self._source is not None:
            self._fall_in(self._source)
        self._show_wire()
        self._explain(point)

    def _fall_in(self, source: str) -> None:
        """Line up with the layer it will follow, one column on."""
        slot = place_beside(self._scene.network, source)
        if slot is not None:
            self._shadow.setPos(*slot)
            self._guides.show(())

    def _placed(self, point: QPointF, free: bool) -> QPointF:
        corner = point - _MIDDLE
        if free:
            self._guides.show(())
            return corner
        seen = self._view.camera.visible()
        found = snap(QRectF(corner.x(), corner.y(), NODE_WIDTH, NODE_HEIGHT), self._scene.places.within(seen).values())
        self._guides.show(found.guides)
        return found.place

    def _show_wire(self) -> None:
        self._wire.setVisible(self._source is not None)
        if self._source is not None:
            start = self._scene.nodes[self._source].output_at()
            self._wire.setPath(loose_route(start, self._shadow.input_at(0)))

    def _explain(self, point: QPointF) -> None:
        """What it would put out there."""
        edge = self._splice.edge
        spliced = self._node if edge is None else self._fitted(edge.source)
        text, runs = self._splice.outcome(spliced) if self._source is None else self._following(self._source)
        self._view.tag.say(text, self._view.mapFromScene(point), "good" if runs else "plain")

    def _following(self, source: str) -> tuple[str, bool]:
        if source not in self._outcomes:
            after = linked(self._scene.network, self._fitted(source), (source,))
            self._outcomes[source] = outcome_of(after, self._view.document.inference, self._node.id)
        return self._outcomes[source]

    def _fitted(self, source: str) -> Node:
        """What would be added behind a layer: a block of the palette fits itself to its channels."""
        shape = self._view.document.inference.shapes.get(source)
        if self._kind not in BLOCKS or shape is None or len(shape) != 3:
            return self._node
        if shape[0] not in self._made:
            self._made[shape[0]] = replace(self._node, layer=BLOCKS[self._kind].layer(shape[0]))
        return self._made[shape[0]]

    def drop(self, point: QPointF, modifiers: Modifiers) -> None:
        """The hand let go: add the layer, in one step of undo."""
        self.move(point, modifiers)
        place, edge = self._shadow.pos(), self._splice.edge
        sources = () if self._source is None else (self._source,)
        self.leave()
        self._view.edits.drop_layer(self._kind, (place.x(), place.y()), Place(sources, into=edge))

    def leave(self) -> None:
        """The layer left the canvas, or was dropped."""
        self._view.tag.clear()
        self._splice.clear()
        self._guides.remove()
        for item in (self._shadow, self._wire):
            self._scene.removeItem(item)
