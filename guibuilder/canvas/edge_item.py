"""One wire and its label. Qt paints the path itself: a Python `paint` for each wire would cost frames."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPathItem, QStyleOptionGraphicsItem, QWidget

from core.graph.network import Edge
from guibuilder.canvas.detail import THICKNESS, Detail
from guibuilder.canvas.routes import Route
from guibuilder.canvas.segments import flattened
from guibuilder.canvas.style import Style

_WIRE, _RAISED, _LABEL = 0.0, 0.5, 0.6
_ROOM, _HEIGHT = 12.0, 18.0


class WireLabel(QGraphicsItem):
    """The shape that flows through a wire, in a small pill."""

    def __init__(self, style: Style) -> None:
        super().__init__()
        self._style = style
        self.text = ""
        self._font = style.label
        self._bounds = QRectF()
        self.strong = False
        self.setZValue(_LABEL)

    def show_text(self, text: str, style: Style, detail: Detail) -> None:
        """Show a text centred at the label's place."""
        self.prepareGeometryChange()
        self._style, self.text = style, text
        self._font = style.label if detail is Detail.FULL else style.count_snug
        width = max(36.0, QFontMetricsF(self._font).horizontalAdvance(text) + 2 * _ROOM)
        self._bounds = QRectF(-width / 2 - 1, -_HEIGHT / 2 - 1, width + 2, _HEIGHT + 2)
        self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        pill = self._bounds.adjusted(1, 1, -1, -1)
        painter.setPen(self._style.ring_thin if self.strong else self._style.outline)
        painter.setBrush(self._style.canvas)
        painter.drawRoundedRect(pill, _HEIGHT / 2, _HEIGHT / 2)
        painter.setFont(self._font)
        painter.setPen(self._style.accent if self.strong else self._style.soft)
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, self.text)


class EdgeItem(QGraphicsPathItem):
    """A wire between two ports."""

    def __init__(self, edge: Edge, style: Style) -> None:
        super().__init__()
        self.edge = edge
        self.label = WireLabel(style)
        self.label.setParentItem(self)
        self._style = style
        self.text = "?"
        self.known = False
        self.route: Route | None = None
        self._points: tuple[QPointF, ...] | None = None
        self._detail = Detail.FULL
        self.hovered = self.selected = self.inserting = self.cutting = False
        self.setZValue(_WIRE)
        self.refresh()

    def set_route(self, route: Route) -> None:
        """Take another way."""
        self.route, self._points = route, None
        self.setPath(route.path)
        self.label.setPos(route.label)
        self._show_label()

    def show_shape(self, text: str, known: bool) -> None:
        """Show what flows; a wire whose shape is not known is broken."""
        if (text, known) != (self.text, self.known) or not self.label.text:
            self.text, self.known = text, known
            self.label.show_text(text, self._style, self._detail)
            self.refresh()

    def restyle(self, style: Style) -> None:
        """Take another theme."""
        self._style = style
        self.label.show_text(self.text, style, self._detail)
        self.refresh()

    def set_detail(self, detail: Detail) -> None:
        """Thicker from far away, and then without the label, which would be too small to read."""
        if detail is not self._detail:
            self._detail = detail
            self.label.show_text(self.text, self._style, detail)
            self.refresh()

    def mark(self, **states: bool) -> None:
        """Switch some of hovered, selected, inserting and cutting."""
        before = (self.hovered, self.selected, self.inserting, self.cutting)
        for name, value in states.items():
            setattr(self, name, value)
        if before != (self.hovered, self.selected, self.inserting, self.cutting):
            self.refresh()

    def refresh(self) -> None:
        """Take the pen of the current state."""
        pen = QPen(self._pen())
        pen.setWidthF(pen.widthF() * THICKNESS[self._detail] / THICKNESS[Detail.FULL])
        self.setPen(pen)
        raised = self.hovered or self.selected or self.inserting
        self.setZValue(_RAISED if raised else _WIRE)
        self.label.strong = raised
        self._show_label()

    def _pen(self) -> QPen:
        style = self._style
        for on, pen in ((self.cutting, style.wire_cut), (self.inserting, style.wire_insert),
                        (self.selected, style.wire_selected), (self.hovered, style.wire_hover)):
            if on:
                return pen
        return style.wire_pen if self.known else style.wire_broken

    def _show_label(self) -> None:
        room = self.route is not None and self.route.labelled
        self.label.setVisible(self._detail >= Detail.SNUG and (room or self.hovered or self.selected))
        self.label.update()

    def points(self) -> tuple[QPointF, ...]:
        """The wire as a broken line."""
        if self._points is None:
            self._points = flattened(self.path())
        return self._points
