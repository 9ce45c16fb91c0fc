"""Layers that are dragged over the canvas from elsewhere."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent

from guibuilder.canvas.gestures.drop import LayerDrop
from guibuilder.mime import dragged_layer

if TYPE_CHECKING:
    from guibuilder.canvas.view import NetworkView


class Drops:
    """Answers a view's drag events; `held` is the layer that hovers over it now."""

    def __init__(self, view: "NetworkView") -> None:
        self._view = view
        self.held: LayerDrop | None = None

    def enter(self, event: QDragEnterEvent) -> None:
        """Take layers, and nothing else."""
        kind = dragged_layer(event.mimeData())
        if kind is None:
            event.ignore()
            return
        self._view.cancel()
        self.held = LayerDrop(self._view, kind)
        self._view.edge_scroll.begin()
        event.acceptProposedAction()

    def move(self, event: QDragMoveEvent) -> None:
        """Show where the layer would land."""
        if self.held is None:
            event.ignore()
            return
        at = event.position().toPoint()
        self._view.edge_scroll.follow(at, event.modifiers())
        self.held.move(self._view.mapToScene(at), event.modifiers())
        event.acceptProposedAction()

    def leave(self) -> None:
        """Forget the layer."""
        held, self.held = self.held, None
        if held is not None:
            self._view.edge_scroll.end()
            held.leave()

    def drop(self, event: QDropEvent) -> None:
        """Add the layer, and take the keyboard."""
        held, self.held = self.held, None
        if held is None:
            event.ignore()
            return
        self._view.edge_scroll.end()
        held.drop(self._view.mapToScene(event.position().toPoint()), event.modifiers())
        event.acceptProposedAction()
        self._view.setFocus(Qt.FocusReason.MouseFocusReason)
