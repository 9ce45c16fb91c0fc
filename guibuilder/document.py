"""The open document: one project, its shapes and problems, and an undo stack of whole projects."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from core.graph.cost import Cost, cost
from core.graph.diff import Diff, diff
from core.graph.network import Network
from core.graph.shapes import Inference, infer
from core.project import Project


@dataclass(frozen=True)
class Change:
    """What an edit did: the graph's differences and which other parts are new."""

    before: Project
    after: Project
    loaded: bool = False

    @cached_property
    def network(self) -> Diff:
        """Differences of the drawing."""
        return diff(self.before.network, self.after.network)

    def touched(self, part: str) -> bool:
        """Whether a part of the project (network, weights, data, options, history, notes) is new."""
        return self.loaded or getattr(self.before, part) is not getattr(self.after, part)


class Document(QObject):
    """Swaps its frozen project on every edit and says so once: `changed(Change)`."""

    changed = Signal(object)
    clean_changed = Signal(bool)

    def __init__(self, project: Project | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project if project is not None else Project()
        self.inference: Inference = infer(self.project.network)
        self._cost: tuple[Inference, Cost] | None = None
        self.undo_stack = QUndoStack(self)
        self.undo_stack.cleanChanged.connect(self.clean_changed)

    @property
    def network(self) -> Network:
        """The drawing."""
        return self.project.network

    @property
    def cost(self) -> Cost:
        """Parameters, multiply-adds and memory of the network as it is."""
        if self._cost is None or self._cost[0] is not self.inference:
            self._cost = (self.inference, cost(self.inference))
        return self._cost[1]

    def edit(self, title: str, *, merge: str | None = None, **parts: Any) -> None:
        """Replace parts of the project (network=…, options=…, data=…, weights=…) as one step of undo.

        Edits in a row with the same `merge` key become one step. Nothing happens where nothing is different.
        """
        network = parts.pop("network", None)
        after = self.project if network is None else self.project.with_network(network)
        after = replace(after, **parts)
        if _differs(self.project, after):
            self.undo_stack.push(_Edit(self, title, self.project, after, merge))

    def load(self, project: Project) -> None:
        """Show another project; its history of edits begins anew."""
        before = self.project
        self.undo_stack.clear()
        self._put(Change(before, project, loaded=True))

    def set_clean(self) -> None:
        """The project is what the file holds."""
        self.undo_stack.setClean()

    @property
    def clean(self) -> bool:
        """Whether the project is what the file holds."""
        return self.undo_stack.isClean()

    def show(self, project: Project) -> None:
        """Only for the undo stack: make this the current project."""
        self._put(Change(self.project, project))

    def _put(self, change: Change) -> None:
        self.project = change.after
        if self.project.network is not self.inference.network:
            self.inference = infer(self.project.network, self.inference)
        self.changed.emit(change)


def _differs(before: Project, after: Project) -> bool:
    """Whether any part is another value; mappings of arrays count as different unless they are the same object."""
    by_value = ("network", "data", "options", "history", "notes", "classes")
    by_identity = ("weights", "state", "progress", "extra", "beginning")
    return (any(getattr(before, part) is not getattr(after, part) for part in by_identity)
            or any(getattr(before, part) != getattr(after, part) for part in by_value))


class _Edit(QUndoCommand):
    """From one project to another; edits with the same merge key become one."""

    def __init__(self, document: Document, title: str, before: Project, after: Project, merge: str | None) -> None:
        super().__init__(title)
        self._document, self._before, self._after, self._merge = document, before, after, merge

    def redo(self) -> None:
        """Show the project after the edit."""
        self._document.show(self._after)

    def undo(self) -> None:
        """Show the project before the edit."""
        self._document.show(self._before)

    def id(self) -> int:
        """Only edits with a merge key may merge."""
        return 1 if self._merge else -1

    def mergeWith(self, later: QUndoCommand) -> bool:
        """Become one with a later edit of the same key."""
        if not isinstance(later, _Edit) or later._merge != self._merge:
            return False
        self._after = later._after
        self.setText(later.text())
        return True


class Selection(QObject):
    """Which nodes are selected; every view reads and sets it here."""

    changed = Signal(object)

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.ids: tuple[str, ...] = ()
        document.changed.connect(self._follow)

    def set(self, ids: Iterable[str]) -> None:
        """Select exactly these nodes."""
        known = tuple(dict.fromkeys(key for key in ids if key in self._document.network.nodes))
        if known != self.ids:
            self.ids = known
            self.changed.emit(known)

    @property
    def only(self) -> str | None:
        """The selected node where exactly one is selected."""
        return self.ids[0] if len(self.ids) == 1 else None

    def _follow(self, change: Change) -> None:
        self.set(self.ids)


def settings_text(values: Mapping[str, Any]) -> str:
    """Settings for a title of undo: "kernel 5×5, stride 1"."""
    parts = []
    for name, value in values.items():
        shown = "×".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
        parts.append(f"{name.replace('_', ' ')} {shown}")
    return ", ".join(parts)
