"""A pad to draw a digit on; what was drawn is centred and sized as the digits of MNIST are."""

import numpy as np
from PySide6.QtCore import QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QRadialGradient
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.data.resize import resize
from core.layers.base import Array
from guibuilder.theme import Theme

SIDE = 280
BRUSH = 26.0
FRAME, BOX = 28, 20
_INTERVAL = 50


class DrawingPad(QWidget):
    """White on black with a soft round brush. `drawn(picture)` while one draws, at most twenty times a second."""

    drawn = Signal(object)
    cleared = Signal()

    def __init__(self, theme: Theme, size: int = 140, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._size = theme, size
        self._ink = QImage(SIDE, SIDE, QImage.Format.Format_Grayscale8)
        self._ink.fill(0)
        self._last: QPointF | None = None
        self.empty = True
        self._timer = QTimer(self, singleShot=True, interval=_INTERVAL)
        self._timer.timeout.connect(self._tell)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Drawing pad")
        self.setAccessibleDescription("Draw a digit with the mouse; Delete clears the pad.")
        theme.changed.connect(self.update)

    def set_size(self, size: int) -> None:
        """Take another size in pixels; what was drawn stays."""
        if size != self._size:
            self._size = size
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        """A square."""
        return QSize(self._size, self._size)

    def clear(self) -> None:
        """An empty pad."""
        self._ink.fill(0)
        self.empty = True
        self._timer.stop()
        self.update()
        self.cleared.emit()

    def picture(self) -> Array:
        """What was drawn, float32 28×28 from 0 to 1: the ink scaled into 20×20, its centre of mass in the middle."""
        raw = np.frombuffer(self._ink.constBits(), np.uint8).reshape(SIDE, self._ink.bytesPerLine())[:, :SIDE]
        return centred(raw.astype(np.float32) / 255)

    def _tell(self) -> None:
        self.drawn.emit(self.picture())

    # drawing ----------------------------------------------------------------------------------------------------

    def _place(self, event: QMouseEvent) -> QPointF:
        return event.position() * (SIDE / max(1, self.width()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A dot, and the beginning of a line."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._last = self._place(event)
            self._stroke(self._last)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The line goes on."""
        if self._last is not None:
            self._stroke(self._place(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The line ends."""
        self._last = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete clears the pad."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.clear()
        else:
            super().keyPressEvent(event)

    def _stroke(self, to: QPointF) -> None:
        """Soft dots from the last place to this one, close enough together to look like a line."""
        start = self._last if self._last is not None else to
        distance = (to - start).manhattanLength()
        painter = QPainter(self._ink)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Lighten)
        painter.setPen(Qt.PenStyle.NoPen)
        steps = max(1, int(distance / (BRUSH / 8)))
        for step in range(1, steps + 1):
            middle = start + (to - start) * (step / steps)
            brush = QRadialGradient(middle, BRUSH / 2)
            brush.setColorAt(0.0, QColor(255, 255, 255))
            brush.setColorAt(0.65, QColor(255, 255, 255))
            brush.setColorAt(1.0, QColor(0, 0, 0))
            painter.setBrush(brush)
            painter.drawEllipse(middle, BRUSH / 2, BRUSH / 2)
        painter.end()
        self._last, self.empty = to, False
        self.update()
        if not self._timer.isActive():
            self._timer.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ink; on an empty pad a hint."""
        painter, colours = QPainter(self), self._theme.colours
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(self.rect(), self._ink)
        if self.empty:
            painter.setFont(self._theme.font(12))
            painter.setPen(QColor("#9AA4B0"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "draw here")
        width = 2 if self.hasFocus() else 1
        painter.setPen(QPen(QColor(colours.accent if self.hasFocus() else colours.hairline), width))
        painter.drawRect(self.rect().adjusted(width // 2, width // 2, -1, -1))


def centred(ink: Array) -> Array:
    """A drawing of any size (float32 0…1) as MNIST holds digits: 28×28, scaled into 20×20, centre of mass centred.

    As Y. LeCun, C. Cortes and C. Burges describe it for the MNIST database (1998).
    """
    frame = np.zeros((FRAME, FRAME), np.float32)
    rows, columns = np.nonzero(ink.max(axis=1) > 0.05)[0], np.nonzero(ink.max(axis=0) > 0.05)[0]
    if not len(rows) or not len(columns):
        return frame
    crop = ink[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
    longest = max(crop.shape)
    height, width = (max(1, round(length * BOX / longest)) for length in crop.shape)
    small = np.clip(resize(crop[None], height, width)[0], 0, 1).astype(np.float32)
    mass = small.sum()
    middle = (small.sum(axis=1) @ np.arange(height) / mass, small.sum(axis=0) @ np.arange(width) / mass)
    top, left = (int(np.clip(round((FRAME - 1) / 2 - place), 0, FRAME - length))
                 for place, length in zip(middle, (height, width), strict=True))
    frame[top:top + height, left:left + width] = small
    return frame
