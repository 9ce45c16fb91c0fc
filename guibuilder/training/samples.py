"""A strip of pictures of a data set with their classes, so that one sees at a glance what is to be learned."""

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.worker.messages import DataSeen
from guibuilder.pictures.colour_maps import input_image
from guibuilder.theme import Theme

_CELL, _GAP, _LABEL, _MOST = 32, 4, 14, 24


class Samples(QWidget):
    """As many pictures as fit into one row, one of each class first."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._images: list[QImage] = []
        self._labels: list[str] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Some pictures of the data")
        theme.changed.connect(self.updateGeometry)
        theme.changed.connect(self.update)
        self.hide()

    def show_samples(self, seen: DataSeen | None) -> None:
        """Show some pictures, or nothing."""
        order = _one_of_each_first(seen.labels) if seen is not None else []
        samples = seen.samples if seen is not None else np.zeros((0, 1, 1, 1), np.float32)
        self._images = [input_image(samples[place]) for place in order[:_MOST]]
        self._labels = [seen.labels[place] for place in order[:_MOST]] if seen is not None else []
        self.setAccessibleDescription(", ".join(self._labels[:8]))
        self.setVisible(bool(self._images))
        self.update()

    def sizeHint(self) -> QSize:
        """One row of pictures with their classes."""
        return QSize(180, _CELL + self._label())

    def minimumSizeHint(self) -> QSize:
        """One picture."""
        return QSize(_CELL, _CELL + self._label())

    def _label(self) -> int:
        return round(_LABEL * self._theme.scale)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Pictures side by side, each over its class."""
        painter = QPainter(self)
        painter.setFont(self._theme.font(11))
        painter.setPen(QColor(self._theme.colours.soft))
        fits = max(1, (self.width() + _GAP) // (_CELL + _GAP))
        for place, (image, label) in enumerate(zip(self._images[:fits], self._labels, strict=False)):
            left = place * (_CELL + _GAP)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.width() > _CELL)
            painter.drawImage(QRectF(left, 0, _CELL, _CELL), image, QRectF(image.rect()))
            area = QRectF(left - _GAP / 2, _CELL, _CELL + _GAP, self._label())
            text = painter.fontMetrics().elidedText(label, Qt.TextElideMode.ElideRight, _CELL + _GAP)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)


def _one_of_each_first(labels: tuple[str, ...]) -> list[int]:
    """Positions in an order that shows every class before it shows one twice."""
    first = {label: place for place, label in reversed(list(enumerate(labels)))}
    head = sorted(first.values(), key=lambda place: labels[place])
    return head + [place for place in range(len(labels)) if place not in set(head)]
