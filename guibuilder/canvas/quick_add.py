"""The lists that open over the canvas: layers that could be added here, and layers that a wire could lead to."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QCursor, QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem

from core.graph.block import Block
from core.graph.network import Edge, Node
from core.templates.blocks import BLOCKS, ShippedBlock
from guibuilder.canvas.geometry import NODE_HEIGHT, NODE_WIDTH
from guibuilder.canvas.picker import Picker, Question, Row
from guibuilder.canvas.placing import default_anchor, follows
from guibuilder.canvas.requests import rank
from guibuilder.canvas.routes import loose_route
from guibuilder.canvas.suggestions import Place, Suggestion, suggest
from guibuilder.canvas.view import NetworkView
from guibuilder.canvas.wiring import edge_between, open_targets, outcome
from guibuilder.document import Change

_ON_TOP = 9.0
_FORETOLD = 40


class QuickAdd(QObject):
    """Asks which layer to add, or which to connect to, and does it."""

    def __init__(self, view: NetworkView, picker: Picker) -> None:
        super().__init__(view)
        self._view, self._picker = view, picker
        self._wire: QGraphicsPathItem | None = None
        picker.closed.connect(self._done)
        view.drawing.leaving.connect(self._drop_wire)
        view.document.changed.connect(self._follow)

    # adding -----------------------------------------------------------------------------------------------------

    def open(self, point: QPointF | None = None, place: Place | None = None) -> None:
        """List layers: behind the selection, at a point of the canvas, or at the loose end of a wire (`place`)."""
        self._drop_wire()
        network = self._view.document.network
        anchors = default_anchor(network, self._view.selection.ids)
        if point is None and not anchors and network.nodes:
            point = self._cursor()
        if point is None:
            self._ask(self._beside(anchors), Place(anchors), None)
            return
        if place is None or place.into is not None:
            place = place if place is not None else self._neighbour(point)
            corner = point - QPointF(NODE_WIDTH / 2, NODE_HEIGHT / 2)
        else:
            self._show_wire(point, place)
            corner = point - QPointF(0 if place.sources else NODE_WIDTH, NODE_HEIGHT / 2)
        self._ask(self._view.mapFromScene(point) + QPoint(10, 10), place, corner)

    def open_for(self, edge: Edge | None) -> None:
        """List layers to be put into a wire, or behind the selection."""
        if edge is None:
            self.open()
        else:
            middle = self._view.drawing.edges[edge].path().pointAtPercent(0.5)
            self.open(middle, Place((edge.source,), into=edge))

    def _ask(self, at: QPoint, place: Place, corner: QPointF | None) -> None:
        wish = _Wish(self._view, place, corner)
        self._picker.open(at, Question("Find a layer, such as conv 6 5x5", wish.rows, wish.choose,
                                       "Enter adds, Ctrl+Enter adds and stays", "No layer answers to this."))

    def _beside(self, anchors: Sequence[str]) -> QPoint:
        if anchors:
            area = self._view.drawing.nodes[anchors[-1]].body()
            self._view.camera.reveal(area)
            right = self._view.mapFromScene(area.topRight()) + QPoint(24, 0)
            if right.x() + self._picker.width() <= self._view.width():
                return right
            return self._view.mapFromScene(area.bottomLeft()) + QPoint(0, 16)
        return self._view.viewport().rect().center() - QPoint(168, 120)

    def _cursor(self) -> QPointF:
        at = self._view.viewport().mapFromGlobal(QCursor.pos())
        area = self._view.viewport().rect()
        return self._view.mapToScene(at if area.contains(at) else area.center())

    def _neighbour(self, point: QPointF) -> Place:
        """A layer that is put right of one whose output is free follows it."""
        corner = (point.x() - NODE_WIDTH / 2, point.y() - NODE_HEIGHT / 2)
        network = self._view.document.network
        source = follows(network, network.new_node("ReLU"), corner)
        return Place() if source is None else Place((source,))

    # connecting -------------------------------------------------------------------------------------------------

    def connect_from(self, source: str) -> None:
        """List the layers that a wire from `source` may lead to, the nearest first."""
        network = self._view.document.network
        start = network.nodes[source].position
        targets = [network.nodes[key] for key in open_targets(network, source)]
        targets.sort(key=lambda node: (_apart(node.position, start), node.id))

        def rows(text: str) -> list[Row]:
            found = [node for node in targets if _answers(node, text)]
            return [self._target_row(source, node, number < _FORETOLD) for number, node in enumerate(found)]

        def choose(edge: Edge) -> None:
            self._view.edits.connect_nodes(edge)

        name = network.nodes[source].name
        self._picker.open(self._beside((source,)),
                          Question(f"Connect {name} to …", rows, choose, "Enter connects",
                                   f"{name} can reach no such layer: the others are taken or come before it."))

    def _target_row(self, source: str, node: Node, foretold: bool) -> Row:
        document = self._view.document
        edge = edge_between(document.network, source, node.id)
        text, runs = outcome(document.network, document.inference, edge) if foretold else ("", True)
        detail, result, about = (node.type, text, "") if runs else (node.type, "", text)
        return Row(node.type, node.layer.family, node.name, detail, result, True, edge, about)

    # the loose wire ---------------------------------------------------------------------------------------------

    def _show_wire(self, point: QPointF, place: Place) -> None:
        scene = self._view.drawing
        if place.sources:
            path = loose_route(scene.nodes[place.sources[-1]].output_at(), point)
        elif place.target is not None:
            path = loose_route(point, scene.nodes[place.target.target].input_at(place.target.port))
        else:
            path = QPainterPath()
        self._wire = QGraphicsPathItem(path)
        self._wire.setPen(scene.style_now.wire_selected)
        self._wire.setZValue(_ON_TOP)
        scene.addItem(self._wire)

    def _drop_wire(self) -> None:
        if self._wire is not None:
            self._view.drawing.removeItem(self._wire)
            self._wire = None

    def _follow(self, change: Change) -> None:
        """A list about layers that are gone, after an undo for example, is no list any more."""
        if change.elsewhere or change.network.removed:
            self._picker.dismiss()

    def _done(self) -> None:
        self._drop_wire()
        self._view.setFocus(Qt.FocusReason.PopupFocusReason)


class _Wish:
    """A layer is wanted at a place: `corner` is its top left, or None where it goes behind what it follows."""

    def __init__(self, view: NetworkView, place: Place, corner: QPointF | None) -> None:
        self._view, self._place, self._corner = view, place, corner

    def rows(self, text: str) -> list[Row]:
        """The layers that answer to a text."""
        document = self._view.document
        found = [_row(each) for each in suggest(document.network, document.inference, self._place, text)]
        words = text.casefold().split()
        blocks = [block for block in BLOCKS.values() if all(word in block.title.casefold() for word in words)]
        return [*found, *(_block_row(block) for block in blocks)] if words else found

    def choose(self, chosen: Suggestion | ShippedBlock) -> None:
        """Add a layer. The list may stay open: what comes next follows what came now."""
        edits = self._view.edits
        layer = chosen.layer if isinstance(chosen, Suggestion) else None
        if self._corner is None:
            key = edits.add_layer(chosen.kind, layer)
        else:
            corner = (self._corner.x(), self._corner.y())
            key = edits.drop_layer(chosen.kind, corner, self._place, layer)
        self._place, self._corner = Place((key,)), None


def _row(each: Suggestion) -> Row:
    detail = each.layer.short() if each.fits else each.reason
    about = (type(each.layer).__doc__ or "").partition("\n")[0]
    return Row(each.kind, each.layer.family, each.kind, detail, each.shape, each.fits, each, about)


def _block_row(block: ShippedBlock) -> Row:
    return Row(Block.__name__, Block.family, block.title, "block", "", True, block, block.about)


def _answers(node: Node, text: str) -> bool:
    wanted = text.strip().casefold()
    return wanted in node.name.casefold() or (bool(wanted) and rank(node.type, wanted) is not None)


def _apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    return abs(one[0] - other[0]) + 2 * abs(one[1] - other[1])
