"""The whole drawing in a corner: what is seen of it, and where the problems are."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from guibuilder.canvas.scene import NetworkScene
from guibuilder.theme import FIELD_RADIUS

_WIDTH, _HEIGHT, _MARGIN = 132, 64, 8
_TALLEST = 120
_DOT = 2.6


class MiniMap(QWidget):
    """Drag the frame to look elsewhere. `moved(QPointF)` gives the point of the canvas to be centred."""

    moved = Signal(QPointF)

    def __init__(self, parent: QWidget, scene: NetworkScene) -> None:
        super().__init__(parent)
        self._scene = scene
        self._seen = QRectF()
        self._bounds = QRectF()
        self.wanted = True
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Overview of the network")
        self.setToolTip("Overview: drag to look elsewhere, M hides it")
        self.hide()

    def show_view(self, seen: QRectF) -> None:
        """Follow the camera: shown only where something lies outside of what is seen."""
        self._seen = seen
        self._bounds = self._scene.places.bounds()
        shown = self.wanted and not self._bounds.isEmpty() and not seen.contains(self._bounds)
        if shown:
            inner = _WIDTH - 2 * _MARGIN
            height = self._bounds.height() / max(1.0, self._bounds.width()) * inner + 2 * _MARGIN
            self.resize(_WIDTH, round(max(_HEIGHT, min(_TALLEST, height))))
            self.update()
        self.setVisible(shown)

    def _scale(self) -> tuple[float, QPointF]:
        """Pixels per pixel of the canvas, and where the canvas's origin lies."""
        room = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        area = self._bounds
        scale = min(room.width() / max(1.0, area.width()), room.height() / max(1.0, area.height()))
        return scale, room.center() - area.center() * scale

    def paintEvent(self, event: QPaintEvent) -> None:
        style = self._scene.style_now
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(style.outline)
        painter.setBrush(style.panel)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), FIELD_RADIUS, FIELD_RADIUS)
        scale, origin = self._scale()
        painter.setPen(style.no_pen)
        troubled = []
        for key, rect in self._scene.places.rects.items():
            look = self._scene.nodes[key].look
            spot = QRectF(rect.topLeft() * scale + origin, rect.size() * scale)
            painter.setBrush(style.ink(look.family).colour)
            painter.drawRoundedRect(spot, 2, 2)
            if look.error or look.warning:
                troubled.append((spot.topRight(), style.error if look.error else style.warning))
        for spot_corner, colour in troubled:
            painter.setBrush(colour)
            painter.drawEllipse(spot_corner, _DOT, _DOT)
        self._paint_frame(painter, scale, origin)
        painter.end()

    def _paint_frame(self, painter: QPainter, scale: float, origin: QPointF) -> None:
        frame = QRectF(self._seen.topLeft() * scale + origin, self._seen.size() * scale)
        painter.setPen(self._scene.style_now.ring_thin)
        painter.setBrush(self._scene.style_now.band_fill)
        painter.drawRoundedRect(frame.intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2)), 3, 3)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(event.position())

    def _go(self, at: QPointF) -> None:
        scale, origin = self._scale()
        self.moved.emit((at - origin) / scale)
