"""The legend of a plot: how each line looks, what it is, and its newest value."""

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from guibuilder.theme import Theme

_SAMPLE, _SPACE = 18, 12


class Legend(QWidget):
    """"━ train 0.071  ╌◆╌ validation 0.064", to the right; the samples are left out where there is no room."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._values, self._at = ("–", "–"), ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_values(self, train: str, validation: str, at: str = "") -> None:
        """The values of both lines, now or `at` an epoch."""
        if ((train, validation), at) != (self._values, self._at):
            self._values, self._at = (train, validation), at
            self.setToolTip(f"Training {train}, validation {validation}")
            self.update()

    def sizeHint(self) -> QSize:
        """One line of text."""
        return QSize(120, 16)

    def minimumSizeHint(self) -> QSize:
        """One line of text."""
        return QSize(20, 16)

    def texts(self, short: bool) -> list[str]:
        """The words, shortened where there is no room."""
        words = ("", "") if short else ("train ", "validation ")
        return [word + value for word, value in zip(words, self._values, strict=True)]

    def paintEvent(self, event: QPaintEvent) -> None:
        """From right to left, so that the values stand still while words come and go."""
        painter, colours = QPainter(self), self._theme.colours
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font(11))
        metrics = painter.fontMetrics()
        texts = self.texts(False)
        texts = texts if self._needs(metrics, texts) <= self.width() else self.texts(True)
        if self._needs(metrics, texts) > self.width():
            return
        right = float(self.width())
        for text, colour, dashed in zip(reversed(texts), (colours.activation, colours.convolution), (True, False),
                                        strict=True):
            painter.setPen(QColor(colours.soft))
            left = right - metrics.horizontalAdvance(text)
            painter.drawText(QPointF(left, 12), text)
            self._sample(painter, left - 6 - _SAMPLE, QColor(colour), dashed)
            right = left - 6 - _SAMPLE - _SPACE
        if self._at and metrics.horizontalAdvance(self._at) < right:
            painter.setPen(QColor(colours.text))
            painter.drawText(QPointF(right - metrics.horizontalAdvance(self._at), 12), self._at)

    def _needs(self, metrics: QFontMetrics, texts: list[str]) -> float:
        return sum(metrics.horizontalAdvance(text) + _SAMPLE + 6 + _SPACE for text in texts) - _SPACE

    def _sample(self, painter: QPainter, left: float, colour: QColor, dashed: bool) -> None:
        painter.setPen(QPen(colour, 2, Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine))
        painter.drawLine(QPointF(left, 8), QPointF(left + _SAMPLE, 8))
        if dashed:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            middle = left + _SAMPLE / 2
            painter.drawPolygon(QPolygonF([QPointF(middle, 4), QPointF(middle + 4, 8), QPointF(middle, 12),
                                           QPointF(middle - 4, 8)]))
