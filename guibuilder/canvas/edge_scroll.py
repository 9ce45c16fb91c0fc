"""While something is held at the edge of the viewport, the canvas comes in from there."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QTimer

from guibuilder.canvas.gestures.base import Modifiers

if TYPE_CHECKING:
    from guibuilder.canvas.view import NetworkView

_EDGE = 28
_EVERY_MS = 30


class EdgeScroll:
    """Scrolls faster the nearer the hand is to the edge."""

    def __init__(self, view: "NetworkView") -> None:
        self._view = view
        self._at, self._modifiers = QPoint(), Modifiers.NoModifier
        self._timer = QTimer(view)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self._step)

    def follow(self, at: QPoint, modifiers: Modifiers) -> None:
        """The hand is at this pixel of the viewport."""
        self._at, self._modifiers = at, modifiers

    def begin(self) -> None:
        """Something is held from now on."""
        self._at = self._view.viewport().rect().center() if self._at.isNull() else self._at
        self._timer.start()

    def end(self) -> None:
        """It was let go."""
        self._timer.stop()

    def _step(self) -> None:
        area, at = self._view.viewport().rect(), self._at
        across = max(0, _EDGE - at.x()) - max(0, at.x() - area.right() + _EDGE)
        down = max(0, _EDGE - at.y()) - max(0, at.y() - area.bottom() + _EDGE)
        held = self._view.held
        if held is not None and (across or down):
            self._view.camera.pan(min(_EDGE, max(-_EDGE, across)), min(_EDGE, max(-_EDGE, down)))
            held.move(self._view.mapToScene(at), self._modifiers)
