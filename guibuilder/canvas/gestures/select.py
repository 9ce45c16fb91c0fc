"""The rubber band."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QGraphicsRectItem

from guibuilder.canvas.gestures.base import ADDING, Gesture, Modifiers

if TYPE_CHECKING:
    from guibuilder.canvas.view import NetworkView

_ON_TOP = 10.0


class RubberBand(Gesture):
    """Selects what the band holds; drawn from right to left, what it touches. With Ctrl or Shift it adds."""

    def __init__(self, view: "NetworkView", start: QPointF) -> None:
        super().__init__(view, start)
        self._before = self.selection.ids
        self._band = QGraphicsRectItem()
        self._band.setPen(self.scene.style_now.guide)
        self._band.setBrush(self.scene.style_now.band_fill)
        self._band.setZValue(_ON_TOP)
        self.scene.addItem(self._band)

    def move(self, point: QPointF, modifiers: Modifiers) -> None:
        area = QRectF(self.start, point).normalized()
        self._band.setRect(area)
        touches = point.x() < self.start.x()
        held = [key for key, rect in self.scene.places.within(area).items() if touches or area.contains(rect)]
        kept = self._before if modifiers & ADDING else ()
        self.selection.set((*kept, *held))

    def end(self, point: QPointF, modifiers: Modifiers) -> None:
        self.move(point, modifiers)
        self.scene.removeItem(self._band)

    def cancel(self) -> None:
        self.scene.removeItem(self._band)
        self.selection.set(self._before)
