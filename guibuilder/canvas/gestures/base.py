"""What all gestures share."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt

if TYPE_CHECKING:
    from guibuilder.canvas.view import NetworkView

Modifiers = Qt.KeyboardModifier
ADDING = Modifiers.ControlModifier | Modifiers.ShiftModifier


class Gesture:
    """From press to release. Points lie on the canvas. Nothing is edited before the end, so that Esc undoes nothing.

    `scrolls` tells whether the canvas scrolls while the hand is at its edge.
    """

    scrolls = True
    cursor: Qt.CursorShape | None = None

    def __init__(self, view: "NetworkView", start: QPointF) -> None:
        self.view, self.start = view, start
        self.scene, self.document, self.selection = view.drawing, view.document, view.selection

    def move(self, point: QPointF, modifiers: Modifiers) -> None:
        """The hand moved."""

    def end(self, point: QPointF, modifiers: Modifiers) -> None:
        """The hand let go."""

    def cancel(self) -> None:
        """Esc, or the document changed meanwhile: leave everything as it was."""
