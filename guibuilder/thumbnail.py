"""A network as a small picture: coloured blocks where its layers lie, and the wires between them."""

from PySide6.QtCore import QBuffer, QIODevice, QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap

from core.graph.network import Network, Node
from guibuilder.icons import layer_icon_name, paint_icon
from guibuilder.theme import LIGHT, Colours

NODE = (152.0, 76.0)
FILE_SIZE = QSize(288, 176)


def paint_network(painter: QPainter, network: Network, area: QRectF, colours: Colours) -> None:
    """Draw the whole network into an area, as large as it fits and no larger than three quarters of life size."""
    places = {key: QPointF(*node.position) for key, node in network.nodes.items()}
    left, top = min(place.x() for place in places.values()), min(place.y() for place in places.values())
    wide = max(place.x() for place in places.values()) - left + NODE[0]
    high = max(place.y() for place in places.values()) - top + NODE[1]
    scale = min(area.width() / wide, area.height() / high, 0.75)
    start = QPointF(area.center().x() - wide * scale / 2, area.center().y() - high * scale / 2)
    size = QSizeF(*NODE) * scale
    boxes = {key: QRectF(start + (place - QPointF(left, top)) * scale, size) for key, place in places.items()}
    _paint_wires(painter, network, boxes, QPen(QColor(colours.wire), max(1.0, 3 * scale)))
    for key, node in network.nodes.items():
        _paint_node(painter, node, boxes[key], colours)


def _paint_wires(painter: QPainter, network: Network, boxes: dict[str, QRectF], pen: QPen) -> None:
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for edge in network.edges:
        one, other = boxes[edge.source], boxes[edge.target]
        start, end = QPointF(one.right(), one.center().y()), QPointF(other.left(), other.center().y())
        path = QPainterPath(start)
        if end.x() > start.x():
            reach = QPointF((end.x() - start.x()) / 2, 0)
            path.cubicTo(start + reach, end - reach, end)
        else:
            # Back to the next row, as the canvas draws it: out, down between the rows, and in again.
            bend, middle = one.width() * 0.18, (one.bottom() + other.top()) / 2
            path.cubicTo(start + QPointF(bend, 0), QPointF(start.x() + bend, middle), QPointF(start.x(), middle))
            path.lineTo(QPointF(end.x(), middle))
            path.cubicTo(QPointF(end.x() - bend, middle), QPointF(end.x() - bend, end.y()), end)
        painter.drawPath(path)


def _paint_node(painter: QPainter, node: Node, box: QRectF, colours: Colours) -> None:
    family = colours.family(node.layer.family)
    radius = min(5.0, box.height() / 5)
    painter.setPen(QPen(family, 1))
    painter.setBrush(colours.tint(node.layer.family, 0.16))
    painter.drawRoundedRect(box, radius, radius)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(family)
    painter.drawRoundedRect(QRectF(box.left() - 0.5, box.top(), max(2.5, box.width() * 0.05), box.height()), 1, 1)
    size = min(box.height() * 0.62, box.width() * 0.5, 16.0)
    if size >= 7:
        place = QRectF(box.center().x() - size / 2, box.center().y() - size / 2, size, size)
        paint_icon(painter, layer_icon_name(node.type, node.layer.family), family, place)


def thumbnail(network: Network, size: QSize, colours: Colours, ratio: float = 1.0) -> QPixmap:
    """The network as a picture of the given size on the canvas' ground."""
    picture = QPixmap(size * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(QColor(colours.canvas))
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colours.dots), 1.5))
    for x in range(8, size.width(), 16):
        for y in range(8, size.height(), 16):
            painter.drawPoint(x, y)
    if network.nodes:
        paint_network(painter, network, QRectF(14, 12, size.width() - 28, size.height() - 24), colours)
    else:
        plus = QRectF(size.width() / 2 - 14, size.height() / 2 - 14, 28, 28)
        paint_icon(painter, "add", QColor(colours.faint), plus)
    painter.end()
    return picture


def png(network: Network) -> bytes:
    """A light picture of the network as a PNG file, for lists of files."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    thumbnail(network, FILE_SIZE, LIGHT).toImage().save(buffer, "PNG")  # type: ignore[call-overload]  # as in picture.py
    return bytes(buffer.data().data())
