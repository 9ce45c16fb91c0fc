"""Training pictures in rows, each as it is and as the first epochs will bring it."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.layers.base import Array
from core.worker.messages import Augmented
from guibuilder.pictures.colour_maps import input_image
from guibuilder.theme import Theme

_GAP, _LABEL, _LEAST, _MOST, _NAMES = 6, 18, 22, 160, 76


class ContactSheet(QWidget):
    """Rows are pictures with their class, columns the picture as it is and epochs 1, 2, 3 …; as large as there is room.

    Where the room is too small for all, the last columns and rows are left out.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: list[list[QImage]] = []
        self._labels: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("What the network will see")
        theme.changed.connect(self.update)

    def show_pictures(self, seen: Augmented) -> None:
        """Show these pictures."""
        self._labels = seen.labels
        self._rows = [[input_image(seen.originals[row]),
                       *(_image(epoch[row], seen.originals[row]) for epoch in seen.epochs)]
                      for row in range(len(seen.labels))]
        self.setAccessibleDescription(f"{len(seen.labels)} training pictures, each as it is and in epochs 1 to "
                                      f"{len(seen.epochs)}: {', '.join(seen.labels)}.")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(round(560 * self._theme.scale), round(460 * self._theme.scale))

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 90)

    def layout_of(self) -> tuple[int, int, float]:
        """(rows, columns, width of a picture) that have room now."""
        if not self._rows:
            return 0, 0, 0.0
        image = self._rows[0][0]
        aspect = image.height() / max(1, image.width())
        wide, high = self.width() - self._names(), self.height() - self._label()
        rows = max(1, min(len(self._rows), int((high + _GAP) // (_LEAST * aspect + _GAP))))
        columns = max(1, min(len(self._rows[0]), int((wide + _GAP) // (_LEAST + _GAP))))
        cell = min((wide + _GAP) / columns - _GAP, ((high + _GAP) / rows - _GAP) / aspect, _MOST * self._theme.scale)
        return rows, columns, max(1.0, cell)

    def _label(self) -> int:
        return round(_LABEL * self._theme.scale)

    def _names(self) -> int:
        return round(_NAMES * self._theme.scale)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Pictures under the names of their columns, behind the names of their classes."""
        rows, columns, cell = self.layout_of()
        if not rows:
            return
        painter = QPainter(self)
        painter.setFont(self._theme.font(12))
        painter.setPen(QColor(self._theme.colours.soft))
        aspect = self._rows[0][0].height() / max(1, self._rows[0][0].width())
        metrics, left, top = painter.fontMetrics(), self._names(), self._label()
        for column in range(columns):
            area = QRectF(left + column * (cell + _GAP), 0, cell, top)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, _heading(column, cell, metrics.horizontalAdvance))
        for row in range(rows):
            at = top + row * (cell * aspect + _GAP)
            name = metrics.elidedText(self._labels[row], Qt.TextElideMode.ElideRight, left - 8)
            painter.drawText(QRectF(0, at, left - 8, cell * aspect),
                             Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
            for column, image in enumerate(self._rows[row][:columns]):
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.width() > cell)
                painter.drawImage(QRectF(left + column * (cell + _GAP), at, cell, cell * aspect), image,
                                  QRectF(image.rect()))


def _heading(column: int, width: float, measured: Callable[[str], int]) -> str:
    """"as it is" or "epoch 2", shorter where that has no room."""
    for text in ("as it is", "as is") if not column else (f"epoch {column}", f"{column}"):
        if measured(text) <= width + _GAP:
            return text
    return "" if not column else f"{column}"


def _image(picture: Array, original: Array) -> QImage:
    """A changed picture in the greys or colours of its original; what lies outside of them is shown at their ends."""
    low, high = min(0.0, float(original.min())), max(1.0, float(original.max()))
    return input_image(np.clip(picture, low, high))
