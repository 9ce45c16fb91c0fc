"""The dots behind the drawing: far enough apart at every zoom."""

import math

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPen

from guibuilder.canvas.geometry import DOTS
from guibuilder.canvas.style import Style

_CLOSEST = 16.0


def paint_grid(painter: QPainter, area: QRectF, style: Style, zoom: float) -> None:
    """Paint the canvas and its dots in an area."""
    painter.fillRect(area, style.canvas)
    step = float(DOTS)
    while step * zoom < _CLOSEST:
        step *= 2
    across = np.arange(math.floor(area.left() / step), math.ceil(area.right() / step) + 1) * step
    down = np.arange(math.floor(area.top() / step), math.ceil(area.bottom() / step) + 1) * step
    x, y = np.meshgrid(across, down)
    pen = QPen(style.dots, 2)
    pen.setCosmetic(True)
    painter.setPen(pen)
    painter.drawPointsNp(x.ravel(), y.ravel())
