"""One picture of the network's input, as large as there is room."""

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.layers.base import Array
from guibuilder.pictures.colour_maps import input_image
from guibuilder.theme import Theme

_CORNER = 4


class InputPicture(QWidget):
    """Shows float32 C×H×W; single pixels stay sharp, large pictures are scaled down smoothly."""

    def __init__(self, theme: Theme, size: int = 120, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._size = theme, size
        self._image = QImage()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("The picture")
        theme.changed.connect(self.update)

    def show_picture(self, picture: Array | None) -> None:
        """Show a picture, or an empty field."""
        self._image = QImage() if picture is None or not np.size(picture) else input_image(picture)
        self.update()

    def set_size(self, size: int) -> None:
        """Take another size in pixels."""
        if size != self._size:
            self._size = size
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        """A square."""
        return QSize(self._size, self._size)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture in the middle of its field, with round corners."""
        painter, whole = QPainter(self), QRectF(self.rect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        clip = QPainterPath()
        clip.addRoundedRect(whole, _CORNER, _CORNER)
        painter.setClipPath(clip)
        painter.fillRect(whole, QColor(self._theme.colours.field))
        if self._image.isNull():
            return
        scaled = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        area = QRectF((self.width() - scaled.width()) / 2, (self.height() - scaled.height()) / 2, scaled.width(),
                      scaled.height())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._image.width() > self.width())
        painter.drawImage(area, self._image, QRectF(self._image.rect()))
