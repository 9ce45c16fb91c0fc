"""A strip of bars for layers that put out a flat vector: each unit's value up or down from zero."""

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.layers.base import Array
from guibuilder.pictures.mosaic import signed_number
from guibuilder.theme import Theme

WIDEST_BAR = 28.0
_MARGIN = 4.0


class Bars(QWidget):
    """Shows values [n]; where there are more units than pixels, each pixel shows its extreme values."""

    hovered = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._values: Array = np.zeros(0, np.float32)
        self._names: tuple[str, ...] = ()
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    def set_values(self, values: Array, names: tuple[str, ...] = (), description: str = "") -> None:
        """Show other values, float [n]; `names` (of classes) stand under the bars where they fit."""
        self._values = np.nan_to_num(values.reshape(-1))
        numbers = tuple(str(place) for place in range(1, len(self._values) + 1))
        self._names = names if len(names) == len(self._values) else numbers
        self.setAccessibleDescription(description)
        self.update()

    def sizeHint(self) -> QSize:
        """A comfortable size; the layout may give more or less."""
        return QSize(200, 120)

    def minimumSizeHint(self) -> QSize:
        """Small, but still something to see."""
        return QSize(48, 40)

    def _range(self) -> tuple[float, float]:
        low, high = min(float(self._values.min()), 0.0), max(float(self._values.max()), 0.0)
        return (low, high) if high > low else (0.0, 1.0)

    def _step(self) -> float:
        return min(self.width() / max(1, len(self._values)), WIDEST_BAR)

    def _named(self) -> bool:
        fits = self.fontMetrics().horizontalAdvance("W" * max((len(name) for name in self._names), default=1))
        return bool(self._names) and self._step() >= min(fits, 2.2 * self.fontMetrics().averageCharWidth())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars from the zero line: orange up, blue down."""
        if not len(self._values):
            return
        painter, colours = QPainter(self), self._theme.colours
        low, high = self._range()
        foot = 16.0 if self._named() else 0.0
        room = self.height() - 2 * _MARGIN - foot
        zero = _MARGIN + high / (high - low) * room
        per_pixel = max(1, int(np.ceil(len(self._values) / max(1, self.width()))))
        step = self._step() * per_pixel
        gap = 2.0 if step >= 8 else (1.0 if step >= 3 else 0.0)
        for place, start in enumerate(range(0, len(self._values), per_pixel)):
            some = self._values[start:start + per_pixel]
            for value in {max(0.0, float(some.max())), min(0.0, float(some.min()))}:
                top = zero - value / (high - low) * room
                colour = colours.data_high if value > 0 else colours.data_low
                painter.fillRect(QRectF(place * step, min(top, zero), step - gap, abs(top - zero)), QColor(colour))
        painter.setPen(QPen(QColor(colours.hairline), 1))
        painter.drawLine(QPointF(0, round(zero) + 0.5), QPointF(len(self._values) * self._step(), round(zero) + 0.5))
        if foot:
            self._paint_names(painter, foot)

    def _paint_names(self, painter: QPainter, foot: float) -> None:
        painter.setFont(self._theme.number_font(11))
        painter.setPen(QColor(self._theme.colours.soft))
        step = self._step()
        for place, name in enumerate(self._names):
            shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(step))
            area = QRectF(place * step, self.height() - foot, step - 2, foot)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, shown)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say the value under the mouse."""
        place = int(event.position().x() / max(self._step(), 1e-9))
        self.hovered.emit(self.words(place) if 0 <= place < len(self._values) else "")

    def words(self, place: int) -> str:
        """One unit's value in words."""
        name = self._names[place]
        named = f" ({name})" if name != str(place + 1) else ""
        return f"unit {place + 1}{named} · {signed_number(float(self._values[place]))}"

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing lies under the mouse."""
        self.hovered.emit("")
