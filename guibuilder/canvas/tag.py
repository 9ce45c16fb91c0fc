"""A few words at the cursor: what a gesture would do, or why it is refused."""

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from guibuilder.canvas.style import Style
from guibuilder.theme import FIELD_RADIUS

_WIDEST = 320
_PADDING = 8
_AWAY = QPoint(16, 18)
_LINGERS = 3500


class Tag(QWidget):
    """A small note that follows the cursor. `text` is what it says now."""

    def __init__(self, parent: QWidget, style: Style) -> None:
        super().__init__(parent)
        self._room = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._style = style
        self.text, self.tone = "", "plain"
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_LINGERS)
        self._timer.timeout.connect(self.clear)
        self.hide()

    def restyle(self, style: Style) -> None:
        """Take another theme."""
        self._style = style
        self.update()

    def say(self, text: str, at: QPoint, tone: str = "plain") -> None:
        """Show a text beside a point of the parent; `tone` is plain, good or error."""
        if not text:
            self.clear()
            return
        self._timer.stop()
        if (text, tone) != (self.text, self.tone):
            self.text, self.tone = text, tone
            self.setAccessibleName(text)
            self.resize(self._size())
            self.update()
        self._place(at)
        self.show()
        self.raise_()

    def linger(self) -> None:
        """Go away by itself after a while."""
        self._timer.start()

    def clear(self) -> None:
        """Say nothing."""
        self._timer.stop()
        self.text = ""
        self.hide()

    def _size(self) -> QSize:
        metrics = QFontMetrics(self._style.settings)
        area = metrics.boundingRect(QRect(0, 0, _WIDEST, 400), Qt.TextFlag.TextWordWrap, self.text)
        return QSize(area.width() + 2 * _PADDING + 2, area.height() + 2 * _PADDING - 4)

    def _place(self, at: QPoint) -> None:
        room = self._room.rect()
        place = at + _AWAY
        if place.x() + self.width() > room.right():
            place.setX(max(0, at.x() - self.width() - 12))
        if place.y() + self.height() > room.bottom():
            place.setY(max(0, at.y() - self.height() - 12))
        self.move(place)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        style = self._style
        colour = {"error": style.error, "good": style.accent}.get(self.tone, style.text)
        painter.setPen(style.error_outline if self.tone == "error" else style.outline)
        painter.setBrush(style.panel)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.8, 0.8, -0.8, -0.8), FIELD_RADIUS, FIELD_RADIUS)
        painter.setFont(style.settings)
        painter.setPen(colour)
        inside = self.rect().adjusted(_PADDING, _PADDING - 2, -_PADDING + 2, -_PADDING + 2)
        painter.drawText(inside, Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignVCenter, self.text)
        painter.end()
