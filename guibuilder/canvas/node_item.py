"""One node on the canvas."""

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from guibuilder.canvas.detail import Detail
from guibuilder.canvas.geometry import (
    NODE_WIDTH,
    PORT_REACH,
    input_point,
    node_height,
    node_rect,
    output_point,
)
from guibuilder.canvas.look import NodeLook
from guibuilder.canvas.node_paint import BADGE, Paint, paint_node
from guibuilder.canvas.style import Style

_MARGIN = 14.0
_SELECTED, _PLAIN = 2.0, 1.0


class NodeItem(QGraphicsItem):
    """Paints a `NodeLook`; knows nothing of the document."""

    def __init__(self, look: NodeLook, style: Style, detail: Detail) -> None:
        super().__init__()
        self.look = look
        self._style, self.detail = style, detail
        self._paint = Paint()
        self._bounds = QRectF()
        self._measure()
        self.setPos(*look.position)
        self.setZValue(_PLAIN)

    # what it shows ----------------------------------------------------------------------------------------------

    def show_look(self, look: NodeLook) -> None:
        """Show something else, at its place."""
        if look.ports != self.look.ports:
            self.prepareGeometryChange()
        self.look = look
        self._paint.texts.clear()
        self._measure()
        self.setPos(*look.position)
        self.update()

    def restyle(self, style: Style) -> None:
        """Take another theme."""
        self._style = style
        self._paint.texts.clear()
        self.update()

    def set_detail(self, detail: Detail) -> None:
        """Show more or less."""
        if detail is not self.detail:
            self.detail = detail
            self.update()

    def set_selected(self, selected: bool) -> None:
        """Show the ring of the selection; selected nodes lie on top."""
        if selected != self._paint.selected:
            self._paint.selected = selected
            self.setZValue(_SELECTED if selected else _PLAIN)
            self.update()

    @property
    def selected(self) -> bool:
        """Whether the ring is shown."""
        return self._paint.selected

    def set_target(self, target: bool) -> None:
        """Show that what is in the hand may be dropped here."""
        if target != self._paint.target:
            self._paint.target = target
            self.update()

    def hover(self, port: int | None, output: bool = False) -> None:
        """Show which port the cursor is at."""
        if (port, output) != (self._paint.hovered_port, self._paint.output_hovered):
            self._paint.hovered_port, self._paint.output_hovered = port, output
            self.update()

    def _measure(self) -> None:
        height = node_height(self.look.ports)
        self._bounds = QRectF(-_MARGIN, -_MARGIN, NODE_WIDTH + 2 * _MARGIN, height + 2 * _MARGIN)

    # where things are -------------------------------------------------------------------------------------------

    def body(self) -> QRectF:
        """The node without its ports and badge, on the canvas."""
        return node_rect((self.x(), self.y()), self.look.ports)

    def input_at(self, port: int) -> QPointF:
        """The centre of an input, on the canvas."""
        return self.pos() + input_point(port, self.look.ports)

    def output_at(self) -> QPointF:
        """The centre of the output, on the canvas."""
        return self.pos() + output_point()

    def input_near(self, point: QPointF, reach: float = PORT_REACH) -> int | None:
        """The input whose target area holds a point of the canvas; the nearest where several do."""
        local = point - self.pos()
        distances = [(_apart(local, input_point(port, self.look.ports)), port) for port in range(self.look.ports)]
        best = min(distances, default=None)
        return best[1] if best is not None and best[0] <= reach and local.x() <= PORT_REACH * 0.7 else None

    def output_near(self, point: QPointF, reach: float = PORT_REACH) -> bool:
        """Whether a point of the canvas is in the target area of the output."""
        local = point - self.pos()
        return _apart(local, output_point()) <= reach and local.x() >= NODE_WIDTH - PORT_REACH * 0.7

    def badge_near(self, point: QPointF) -> bool:
        """Whether a point of the canvas is at the badge of an error or a warning."""
        return (self.look.error or self.look.warning) and BADGE.translated(self.pos()).contains(point)

    # Qt ---------------------------------------------------------------------------------------------------------

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        paint_node(painter, self.look, self._paint, self._style, self.detail)


def _apart(one: QPointF, other: QPointF) -> float:
    return max(abs(one.x() - other.x()), abs(one.y() - other.y()))
