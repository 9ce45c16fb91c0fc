"""How a node is painted at each level of detail, from its look and the style alone."""

from dataclasses import dataclass, field
from functools import cache

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

from guibuilder.canvas.detail import THICKNESS, Detail
from guibuilder.canvas.geometry import (
    HEADER,
    NODE_WIDTH,
    PORT_RADIUS,
    input_point,
    node_height,
    output_point,
)
from guibuilder.canvas.look import NodeLook
from guibuilder.canvas.style import Style
from guibuilder.canvas.texts import Line, lines, lock_left, type_shown
from guibuilder.icons import layer_icon_name, pixmap
from guibuilder.theme import NODE_RADIUS

BADGE = QRectF(NODE_WIDTH - 15, -12, 22, 20)
_RING = 3.0
_SHEETS, _STEP = 2, 4.0
_DIMMED = 0.45
_ICON_PIXELS = 64
_OUTPUT = output_point()


@dataclass
class Paint:
    """One node's state while it is on screen: what is laid out already, and what hands do with it."""

    texts: dict[Detail, tuple[Line, ...]] = field(default_factory=dict)
    selected: bool = False
    target: bool = False
    hovered_port: int | None = None
    output_hovered: bool = False


@cache
def _body(height: int) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(QRectF(0, 0, NODE_WIDTH, height), NODE_RADIUS, NODE_RADIUS)
    return path


@cache
def _header() -> QPainterPath:
    top = QPainterPath()
    top.addRect(QRectF(0, 0, NODE_WIDTH, HEADER))
    return _body(node_height(1)).intersected(top)


@cache
def _ring(height: int) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(QRectF(-_RING, -_RING, NODE_WIDTH + 2 * _RING, height + 2 * _RING), NODE_RADIUS + _RING,
                        NODE_RADIUS + _RING)
    return path


@cache
def _triangle() -> QPainterPath:
    path = QPainterPath(QPointF(NODE_WIDTH - 4, -10))
    for corner in (QPointF(NODE_WIDTH + 6, 7), QPointF(NODE_WIDTH - 14, 7), QPointF(NODE_WIDTH - 4, -10)):
        path.lineTo(corner)
    return path


_DIAMOND = QPolygonF([QPointF(NODE_WIDTH - 4, -11), QPointF(NODE_WIDTH + 6, -1), QPointF(NODE_WIDTH - 4, 9),
                      QPointF(NODE_WIDTH - 14, -1)])


def paint_node(painter: QPainter, look: NodeLook, state: Paint, style: Style, detail: Detail) -> None:
    """Paint one node at its own origin."""
    if state.selected or state.target:
        ring = QPen(style.ring)
        ring.setWidthF(THICKNESS[detail])
        painter.setPen(ring)
        painter.setBrush(style.no_brush)
        painter.drawPath(_ring(node_height(look.ports)))
    if look.bypassed:
        painter.setOpacity(painter.opacity() * _DIMMED)
    if detail is Detail.BLOCK:
        _paint_block(painter, look, style)
    elif detail in (Detail.FAR, Detail.FARTHER):
        _paint_far(painter, look, state, style, detail)
    else:
        _paint_near(painter, look, state, style, detail)
    if look.bypassed:
        painter.setOpacity(painter.opacity() / _DIMMED)


def _paint_near(painter: QPainter, look: NodeLook, state: Paint, style: Style, detail: Detail) -> None:
    body, ink = _body(node_height(look.ports)), style.ink(look.family)
    if look.block:
        _paint_stack(painter, body, style.outline, ink.header, style)
    painter.setPen(style.no_pen)
    painter.setBrush(style.panel)
    painter.drawPath(body)
    painter.setBrush(ink.header)
    painter.drawPath(_header())
    painter.setBrush(ink.colour)
    painter.drawRoundedRect(QRectF(0, 4, 4, node_height(look.ports) - 8), 2, 2)
    painter.setPen(style.error_outline if look.error and not look.calm else style.outline)
    painter.setBrush(style.no_brush)
    painter.drawPath(body)
    for line in _texts(look, state, style, detail):
        line.draw(painter)
    if detail >= Detail.SNUG:
        _paint_signs(painter, look, style, detail)
    _paint_ports(painter, look, state, style)
    _paint_badge(painter, look, style)


def _paint_stack(painter: QPainter, body: QPainterPath, outline: QPen, fill: QColor, style: Style) -> None:
    """The sheets behind a block: there is more than one layer here."""
    painter.setPen(outline)
    for step in reversed(range(1, _SHEETS + 1)):
        # What shines through a tint would be the canvas' dots and wires.
        painter.setBrush(style.panel)
        painter.drawPath(body.translated(step * _STEP, step * _STEP))
        painter.setBrush(fill)
        painter.drawPath(body.translated(step * _STEP, step * _STEP))


def _texts(look: NodeLook, state: Paint, style: Style, detail: Detail) -> tuple[Line, ...]:
    made = state.texts.get(detail)
    if made is None:
        made = state.texts[detail] = lines(look, style, detail)
    return made


def _paint_signs(painter: QPainter, look: NodeLook, style: Style, detail: Detail) -> None:
    """The icon where the type has no room, and the lock of a frozen layer."""
    if not type_shown(look, style, detail):
        paint_layer_icon(painter, look, style.ink(look.family).colour, QRectF(NODE_WIDTH - 26, 4.5, 14, 14))
    if look.frozen:
        left = lock_left(look, style, detail)
        painter.setPen(style.no_pen)
        painter.setBrush(style.soft)
        painter.drawRoundedRect(QRectF(left, 55, 10, 7), 1.5, 1.5)
        painter.setPen(style.soft)
        painter.setBrush(style.no_brush)
        painter.drawArc(QRectF(left + 2, 50, 6, 9), 0, 180 * 16)


def _paint_ports(painter: QPainter, look: NodeLook, state: Paint, style: Style, size: float = PORT_RADIUS) -> None:
    painter.setBrush(style.panel)
    for port in range(look.ports):
        painter.setPen(style.port_missing if port in look.missing else style.port_outline)
        radius = size + (2 if state.hovered_port == port else 0)
        painter.drawEllipse(input_point(port, look.ports), radius, radius)
    painter.setPen(style.no_pen)
    painter.setBrush(style.ink(look.family).colour)
    radius = size + (2 if state.output_hovered else 0)
    painter.drawEllipse(_OUTPUT, radius, radius)


def _paint_badge(painter: QPainter, look: NodeLook, style: Style) -> None:
    if not look.error and not look.warning:
        return
    painter.setPen(style.badge_edge)
    painter.setBrush(style.error if look.error else style.warning)
    if look.error:
        painter.drawPath(_triangle())
    else:
        painter.drawPolygon(_DIAMOND)
    painter.setPen(style.badge_mark)
    lift = 0.0 if look.error else -1.5
    painter.drawLine(QPointF(NODE_WIDTH - 4, -3.5 + lift), QPointF(NODE_WIDTH - 4, 0.8 + lift))
    painter.drawPoint(QPointF(NODE_WIDTH - 4, 4 + lift))


def _paint_far(painter: QPainter, look: NodeLook, state: Paint, style: Style, detail: Detail) -> None:
    ink = style.ink(look.family)
    if look.block:
        _paint_stack(painter, _body(node_height(look.ports)), style.outline, ink.header, style)
    painter.setPen(style.error_far if look.error and not look.calm else style.outline)
    painter.setBrush(ink.header)
    painter.drawPath(_body(node_height(look.ports)))
    side = 26 if detail is Detail.FAR else 28
    paint_layer_icon(painter, look, ink.colour, QRectF((NODE_WIDTH - side) / 2, 5, side, side))
    for line in _texts(look, state, style, detail):
        line.draw(painter)
    if detail is Detail.FAR:
        _paint_ports(painter, look, state, style, 7)
    _paint_dot(painter, look, style, 10)


def _paint_block(painter: QPainter, look: NodeLook, style: Style) -> None:
    painter.setPen(style.no_pen)
    painter.setBrush(style.ink(look.family).block)
    painter.drawRoundedRect(QRectF(0, 0, NODE_WIDTH, node_height(look.ports)), 12, 12)
    _paint_dot(painter, look, style, 22)


def _paint_dot(painter: QPainter, look: NodeLook, style: Style, radius: float) -> None:
    if look.error or look.warning:
        painter.setPen(style.badge_edge)
        painter.setBrush(style.error if look.error else style.warning)
        painter.drawEllipse(QPointF(NODE_WIDTH - 6, 4), radius, radius)


@cache
def _icon(name: str, colour: str) -> QImage:
    # A picture that outlives the application, as caches do, must not be a pixmap.
    return pixmap(name, QColor(colour), _ICON_PIXELS).toImage()


def paint_layer_icon(painter: QPainter, look: NodeLook, colour: QColor, area: QRectF) -> None:
    """The icon of a layer's type, scaled from one picture per colour."""
    picture = _icon(layer_icon_name(look.kind, look.family), colour.name())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(area, picture, QRectF(picture.rect()))
