"""The drawing for screen readers: the canvas is a list, every node one item of it, with name, state and place."""

import atexit
from typing import Any
from weakref import WeakSet

import shiboken6
from PySide6.QtCore import QObject, QPoint, QRect
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget

from guibuilder.canvas.accessible import node_words, words_for
from guibuilder.canvas.view import NetworkView

_known: "WeakSet[NetworkView]" = WeakSet()
_faces: dict[int, "ViewFace"] = {}
_dead: list["ViewFace"] = []


class NodeFace(QAccessibleInterface):
    """One node."""

    def __init__(self, view: NetworkView, key: str) -> None:
        super().__init__()
        self._view, self.key = view, key

    def isValid(self) -> bool:
        return shiboken6.isValid(self._view) and self.key in self._view.drawing.nodes

    def object(self) -> Any:
        return None

    def window(self) -> Any:
        return self._view.window().windowHandle() if shiboken6.isValid(self._view) else None

    def parent(self) -> Any:
        return QAccessible.queryAccessibleInterface(self._view) if shiboken6.isValid(self._view) else None

    def childCount(self) -> int:
        return 0

    def child(self, index: int) -> Any:
        return None

    def childAt(self, x: int, y: int) -> Any:
        return None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return -1

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.ListItem

    def text(self, kind: QAccessible.Text) -> str:
        return node_words(self._view.drawing, self.key) if kind == QAccessible.Text.Name and self.isValid() else ""

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Names are changed by the Rename command."""

    def rect(self) -> QRect:
        if not self.isValid():
            return QRect()
        area = self._view.camera.screen_rect(self._view.drawing.nodes[self.key].body())
        return QRect(self._view.viewport().mapToGlobal(area.topLeft()), area.size())

    def state(self) -> QAccessible.State:
        state = QAccessible.State()
        state.selectable = state.focusable = 1
        if self.isValid():
            ids = self._view.selection.ids
            state.selected = int(self.key in ids)
            state.focused = int(self._view.hasFocus() and bool(ids) and self.key == ids[-1])
        return state


class ViewFace(QAccessibleWidget):
    """The canvas; its children are the nodes, sources first."""

    def __init__(self, view: NetworkView) -> None:
        super().__init__(view, QAccessible.Role.List, "")
        self._view = view
        self._nodes: dict[str, NodeFace] = {}

    def of(self, key: str) -> NodeFace:
        """The item of a node."""
        if key not in self._nodes:
            self._nodes[key] = NodeFace(self._view, key)
            QAccessible.registerAccessibleInterface(self._nodes[key])
        return self._nodes[key]

    def forget_removed(self) -> None:
        """Let go of the items of nodes that are no more."""
        self._forget([key for key in self._nodes if key not in self._view.drawing.nodes])

    def forget_all(self) -> None:
        """Let go of all items."""
        self._forget(list(self._nodes))

    def _forget(self, keys: list[str]) -> None:
        for key in keys:
            face = self._nodes.pop(key)
            if shiboken6.isValid(face):
                QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(face))

    def childCount(self) -> int:
        return len(self._view.document.network.order) if shiboken6.isValid(self._view) else 0

    def child(self, index: int) -> Any:
        order = self._view.document.network.order
        return self.of(order[index]) if 0 <= index < len(order) else None

    def childAt(self, x: int, y: int) -> Any:
        node = self._view.hit(self._view.viewport().mapFromGlobal(QPoint(x, y))).node
        return self.of(node) if node in self._view.drawing.nodes else None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        order = self._view.document.network.order
        return order.index(child.key) if isinstance(child, NodeFace) and child.key in order else -1

    def focusChild(self) -> Any:
        ids = self._view.selection.ids
        return self.of(ids[-1]) if ids and ids[-1] in self._view.drawing.nodes else None

    def text(self, kind: QAccessible.Text) -> str:
        if not shiboken6.isValid(self._view):
            return ""
        name, description = words_for(self._view.drawing)
        return {QAccessible.Text.Name: name, QAccessible.Text.Description: description}.get(kind, "")


def _face(name: str, thing: QObject | None) -> QAccessibleInterface | None:
    """What Qt asks for when a screen reader first meets an object."""
    if not isinstance(thing, NetworkView) or thing not in _known:
        return None
    _faces[id(thing)] = ViewFace(thing)
    return _faces[id(thing)]


def make_readable(view: NetworkView) -> None:
    """Give a view its list of nodes for screen readers, and announce what is selected."""
    if not _known:
        QAccessible.installFactory(_face)
    _known.add(view)
    _dead[:] = [face for face in _dead if shiboken6.isValid(face)]
    here = id(view)
    view.destroyed.connect(lambda: _let_nodes_go(here))
    view.selection.changed.connect(lambda ids: _follow(view))
    view.drawing.refreshed.connect(lambda: _follow(view))


def _follow(view: NetworkView) -> None:
    face = _faces.get(id(view))
    if face is None or not shiboken6.isValid(face) or not shiboken6.isValid(view):
        return
    face.forget_removed()
    chosen = face.focusChild()
    if chosen is not None and view.hasFocus():
        QAccessible.updateAccessibility(QAccessibleEvent(chosen, QAccessible.Event.Focus))


def _let_nodes_go(here: int) -> None:
    """Qt owns what it was given: it must be the one to delete it, before Python forgets the last name for it."""
    face = _faces.pop(here, None)
    if face is not None:
        face.forget_all()
        _dead.append(face)


@atexit.register
def _let_all_go() -> None:
    # Qt would go on asking the factory while it takes its windows down, after Python is gone.
    QAccessible.setActive(False)
    for face in _faces.values():
        face.forget_all()
        if shiboken6.isValid(face):
            QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(face))
