"""The legend of a colour map: its colours with the numbers at both ends."""

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from guibuilder.pictures.colour_maps import Scale, image, sequential
from guibuilder.pictures.mosaic import signed_number
from guibuilder.theme import Theme

_BAR, _TEXT = 72, 44


class ScaleBar(QWidget):
    """"0 ▁▃▅▇ 1.4": a number, the colours, a number."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._table = sequential()
        self._ends = ("", "")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_scale(self, scale: Scale, table: tuple[int, ...], *, own: bool = False) -> None:
        """The colours and the ends of the scale; where each map has its own, words instead of numbers."""
        if table != self._table:
            self._table = table
            self.update()
        ends = ("least", "most") if own else (signed_number(scale.low), signed_number(scale.high))
        if ends != self._ends:
            self._ends = ends
            self.setAccessibleName(f"Colours from {ends[0]} to {ends[1]}")
            self.update()

    def sizeHint(self) -> QSize:
        """The bar with room for a number on each side."""
        return QSize(_BAR + round(2 * _TEXT * self._theme.scale), 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Number, colours, number."""
        painter = QPainter(self)
        side = (self.width() - _BAR) / 2
        painter.drawImage(QRectF(side, 4, _BAR, 8), image(np.arange(256, dtype=np.uint8)[None, :], self._table))
        painter.setFont(self._theme.number_font(11))
        painter.setPen(QColor(self._theme.colours.soft))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, 0, side - 6, 16), middle | Qt.AlignmentFlag.AlignRight, self._ends[0])
        painter.drawText(QRectF(side + _BAR + 6, 0, side, 16), middle | Qt.AlignmentFlag.AlignLeft, self._ends[1])
