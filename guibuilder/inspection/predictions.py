"""What the network says about the picture: the likeliest classes with their probabilities, as bars."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.worker.messages import Seen
from guibuilder.theme import Theme

MOST = 10
_ROW, _GAP = 18, 4
_VALUE = 52


class Predictions(QWidget):
    """One row a class, largest first; the true class carries a tick. As many rows as there is room for."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: tuple[tuple[str, float], ...] = ()
        self._truth: str | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Prediction")
        theme.changed.connect(self.update)

    def show_seen(self, seen: Seen | None) -> None:
        """Show an answer of the network, or none."""
        self._rows = seen.prediction[:MOST] if seen is not None else ()
        self._truth = seen.truth if seen is not None else None
        self.setAccessibleDescription(self.words())
        self.update()

    def words(self) -> str:
        """The answer in a sentence."""
        if not self._rows:
            return "No prediction yet."
        said = ", ".join(f"{name} {share * 100:.1f} %" for name, share in self._rows[:3])
        return f"{said}. It is {self._truth}." if self._truth is not None else f"{said}."

    def sizeHint(self) -> QSize:
        """Five rows."""
        return QSize(160, 5 * (_ROW + _GAP))

    def minimumSizeHint(self) -> QSize:
        """Three rows."""
        return QSize(110, 3 * (_ROW + _GAP))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Class, bar, per cent."""
        painter, colours = QPainter(self), self._theme.colours
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font(12))
        scale = self._theme.scale
        row, value = round(_ROW * scale), round(_VALUE * scale)
        widest = max((painter.fontMetrics().horizontalAdvance(name) for name, _ in self._rows), default=0)
        label = min(widest + 22, self.width() * 2 // 5)
        room = self.width() - label - value - 8
        for place, (name, share) in enumerate(self._rows):
            top = place * (row + _GAP)
            if top + row > self.height():
                break
            right = name == self._truth
            painter.setPen(QColor(colours.text if place == 0 else colours.soft))
            text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, label - 18)
            painter.drawText(QRectF(16, top, label - 16, row), Qt.AlignmentFlag.AlignVCenter, text)
            if right:
                self._theme.icon("check", "good").paint(painter, 0, top + (row - 12) // 2, 12, 12)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.field))
            painter.drawRoundedRect(QRectF(label, top + 4, room, row - 8), 3, 3)
            painter.setBrush(QColor(colours.accent if place == 0 else colours.wire))
            painter.drawRoundedRect(QRectF(label, top + 4, max(2.0, room * share), row - 8), 3, 3)
            painter.setPen(QColor(colours.text if place == 0 else colours.soft))
            painter.drawText(QRectF(self.width() - value, top, value, row),
                             Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, f"{share * 100:.1f} %")
