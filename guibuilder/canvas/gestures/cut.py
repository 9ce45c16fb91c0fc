"""Slicing wires with a stroke."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem

from guibuilder.canvas.edge_item import EdgeItem
from guibuilder.canvas.gestures.base import Gesture, Modifiers

if TYPE_CHECKING:
    from guibuilder.canvas.view import NetworkView

_ON_TOP = 10.0


class Slice(Gesture):
    """Every wire that the stroke crosses is cut, in one step."""

    def __init__(self, view: "NetworkView", start: QPointF) -> None:
        super().__init__(view, start)
        self._last = start
        self._path = QPainterPath(start)
        self._crossed: dict[EdgeItem, None] = {}
        self._stroke = QGraphicsPathItem()
        self._stroke.setPen(self.scene.style_now.error_outline)
        self._stroke.setZValue(_ON_TOP)
        self.scene.addItem(self._stroke)

    def move(self, point: QPointF, modifiers: Modifiers) -> None:
        for item in self.scene.wires_across(QLineF(self._last, point)):
            item.mark(cutting=True)
            self._crossed[item] = None
        self._path.lineTo(point)
        self._stroke.setPath(self._path)
        self._last = point

    def end(self, point: QPointF, modifiers: Modifiers) -> None:
        self.move(point, modifiers)
        edges = [item.edge for item in self._crossed]
        self.cancel()
        if edges:
            title = "Cut a wire" if len(edges) == 1 else f"Cut {len(edges)} wires"
            self.document.edit(title, network=self.document.network.disconnect(*edges))

    def cancel(self) -> None:
        self.scene.removeItem(self._stroke)
        for item in self._crossed:
            item.mark(cutting=False)
