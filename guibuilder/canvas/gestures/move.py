"""Moving nodes: they snap to their neighbours and to the grid, and drop into wires. One step of undo, on release."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF
from PySide6.QtWidgets import QGraphicsLineItem

from guibuilder.canvas.gestures.base import Gesture, Modifiers
from guibuilder.canvas.gestures.splice import Splice
from guibuilder.canvas.placing import inserted
from guibuilder.canvas.snapping import snap

if TYPE_CHECKING:
    from guibuilder.canvas.view import NetworkView

_ON_TOP = 10.0
_HELD = 3.0
_CLICK = 4


class Guides:
    """The lines that show what a node lines up with."""

    def __init__(self, view: "NetworkView") -> None:
        self._scene = view.drawing
        self._items: list[QGraphicsLineItem] = []

    def show(self, lines: tuple[QLineF, ...]) -> None:
        """Show exactly these lines."""
        while len(self._items) < len(lines):
            item = QGraphicsLineItem()
            item.setPen(self._scene.style_now.guide)
            item.setZValue(_ON_TOP)
            self._scene.addItem(item)
            self._items.append(item)
        for number, item in enumerate(self._items):
            item.setVisible(number < len(lines))
            if number < len(lines):
                item.setLine(lines[number])

    def remove(self) -> None:
        """Take them off the canvas."""
        for item in self._items:
            self._scene.removeItem(item)
        self._items.clear()


class Move(Gesture):
    """The nodes follow the hand once it has moved a little; a press and release is only a click."""

    def __init__(self, view: "NetworkView", start: QPointF, node: str) -> None:
        super().__init__(view, start)
        self._node = node
        self._ids = self.selection.ids if node in self.selection.ids else (node,)
        self._from = {key: QPointF(*self.document.network.nodes[key].position) for key in self._ids}
        self._moving = False
        self._splice, self._guides = Splice(self.scene), Guides(view)

    @property
    def moving(self) -> bool:
        """Whether this is more than a click."""
        return self._moving

    def move(self, point: QPointF, modifiers: Modifiers) -> None:
        step = point - self.start
        if not self._moving and step.manhattanLength() * self.view.camera.zoom < _CLICK:
            return
        if not self._moving:
            self._begin()
        free = bool(modifiers & Modifiers.AltModifier)
        self._guides.show(())
        if not free:
            step = self._snapped(step)
        self.view.camera.hurry()
        self.scene.preview({key: place + step for key, place in self._from.items()})
        node = self.document.network.nodes[self._node]
        if free or len(self._ids) > 1:
            self._splice.clear()
        else:
            self._splice.seek(node, self._from[self._node] + step)
        text, runs = self._splice.outcome(node)
        self.view.tag.say(text, self.view.mapFromScene(point), "good" if runs else "plain")

    def _begin(self) -> None:
        self._moving = True
        self.selection.set(self._ids)
        for key in self._ids:
            self.scene.nodes[key].setZValue(_HELD)

    def _snapped(self, step: QPointF) -> QPointF:
        item = self.scene.nodes[self._node]
        rect = item.body()
        rect.moveTopLeft(self._from[self._node] + step)
        seen = self.view.camera.visible()
        others = [other for key, other in self.scene.places.within(seen).items() if key not in self._from]
        found = snap(rect, others)
        self._guides.show(found.guides)
        return found.place - self._from[self._node]

    def end(self, point: QPointF, modifiers: Modifiers) -> None:
        self.move(point, modifiers)
        if not self._moving:
            self.cancel()
            return
        edge = self._splice.edge
        places = {key: (self.scene.nodes[key].x(), self.scene.nodes[key].y()) for key in self._ids}
        self.cancel()
        network = self.document.network.move(places)
        if edge is None:
            self.document.edit(self._title("Move"), network=network)
        else:
            self.document.edit(self._title("Insert"), network=inserted(network, network.nodes[self._node], edge))

    def _title(self, verb: str) -> str:
        if len(self._ids) > 1:
            return f"{verb} {len(self._ids)} layers"
        return f"{verb} {self.document.network.nodes[self._node].name}"

    def _let_go(self) -> None:
        self._guides.remove()
        self._splice.clear()
        self.view.tag.clear()
        for key in self._ids:
            if key in self.scene.nodes:
                self.scene.nodes[key].setZValue(2.0 if self.scene.nodes[key].selected else 1.0)

    def cancel(self) -> None:
        self._let_go()
        if self._moving:
            self.scene.settle(self._ids)
