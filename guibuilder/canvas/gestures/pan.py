"""Moving the canvas with the middle button, or with Space held."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QCursor

from guibuilder.canvas.gestures.base import Gesture, Modifiers

if TYPE_CHECKING:
    from guibuilder.canvas.view import NetworkView


class Pan(Gesture):
    """The drawing follows the hand."""

    scrolls = False
    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, view: "NetworkView", start: QPointF, at: QPoint | None = None) -> None:
        super().__init__(view, start)
        self._last = at if at is not None else view.mapFromGlobal(QCursor.pos())

    def move(self, point: QPointF, modifiers: Modifiers) -> None:
        now = self.view.mapFromScene(point)
        step = now - self._last
        self._last = now
        self.view.camera.pan(step.x(), step.y())
