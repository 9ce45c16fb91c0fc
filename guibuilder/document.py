"""The open document: one project, its shapes and problems, and an undo stack of whole projects."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from core.graph.block import Block
from core.graph.block_cost import cost_at
from core.graph.cost import Cost, cost
from core.graph.diff import Diff, diff
from core.graph.expand import expanded, output_of
from core.graph.levels import longest_path, names_at, network_at, put_at, shifted
from core.graph.network import Network
from core.graph.shapes import Inference, infer
from core.project import Project

Path = tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """What an edit did: the graph's differences and which other parts are new."""

    before: Project
    after: Project
    loaded: bool = False
    path_before: Path = ()
    path: Path = ()

    @property
    def elsewhere(self) -> bool:
        """Whether another drawing is shown: a loaded one, or the inside of another block."""
        return self.loaded or self.path != self.path_before

    @cached_property
    def network(self) -> Diff:
        """Differences of the drawing that is shown."""
        if self.elsewhere:
            return Diff()
        return diff(network_at(self.before.network, self.path), network_at(self.after.network, self.path))

    def touched(self, part: str) -> bool:
        """Whether a part of the project (network, weights, data, options, history, notes) is new."""
        return (self.loaded or getattr(self.before, part) is not getattr(self.after, part)
                or (part == "network" and self.elsewhere))


class Document(QObject):
    """Swaps its frozen project on every edit and says so once: `changed(Change)`.

    One drawing is shown: the whole network, or what lies inside the block that `path` leads to. `network`, `inference`
    and the layers of `cost` are of that drawing; `project.network`, `whole` and the sums of `cost` of everything.
    """

    changed = Signal(object)
    clean_changed = Signal(bool)

    def __init__(self, project: Project | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project if project is not None else Project()
        self.path: Path = ()
        self.whole: Inference = infer(self.project.network)
        self._cost: tuple[Inference, Cost] | None = None
        self._inner_costs: dict[Path, Cost] = {}
        self.undo_stack = QUndoStack(self)
        self.undo_stack.cleanChanged.connect(self.clean_changed)

    @property
    def network(self) -> Network:
        """The drawing that is shown."""
        return network_at(self.project.network, self.path)

    @property
    def inference(self) -> Inference:
        """The shapes and problems of the drawing that is shown."""
        return self.whole.at(self.path)

    @property
    def cost(self) -> Cost:
        """Parameters, multiply-adds and memory of the network as it is."""
        return self.cost_inside(self.path)

    def cost_inside(self, path: Path) -> Cost:
        """The cost of the layers inside the block at a path."""
        if self._cost is None or self._cost[0] is not self.whole:
            self._cost, self._inner_costs = (self.whole, cost(self.whole)), {}
        if path not in self._inner_costs:
            self._inner_costs[path] = cost_at(self._cost[1], self.project.network, path)
        return self._inner_costs[path]

    def edit(self, title: str, *, merge: str | None = None, moved: Mapping[str, str] | None = None,
             **parts: Any) -> None:
        """Replace parts of the project (network=…, options=…, data=…, weights=…) as one step of undo.

        `network` is the drawing that is shown, `whole` the whole one; `moved` tells what went into or out of a block.
        Edits in a row with the same `merge` key become one step. Nothing happens where nothing is different.
        """
        network, whole = parts.pop("network", None), parts.pop("whole", None)
        if network is not None:
            whole = put_at(self.project.network, self.path, network)
        after = self.project
        if whole is not None:
            after = after.with_network(whole, shifted(moved or {}, self.path))
        after = replace(after, **parts)
        if _differs(self.project, after):
            self.undo_stack.push(_Edit(self, title, self.project, after, merge))

    def open(self, path: Iterable[str]) -> None:
        """Show what lies inside a block, or (with an empty path) the whole network. It is no edit."""
        wanted = longest_path(self.project.network, tuple(path))
        if wanted != self.path:
            self._put(Change(self.project, self.project, path_before=self.path, path=wanted))

    def load(self, project: Project) -> None:
        """Show another project; its history of edits begins anew."""
        before = self.project
        self.undo_stack.clear()
        self._put(Change(before, project, loaded=True, path_before=self.path))

    def speaker(self, key: str) -> str:
        """The name, in the whole network, of the layer whose output a shown node puts out: "Stem/C1"."""
        nodes = expanded(self.project.network).nodes
        found = output_of(self.project.network, self.path, key)
        return nodes[found].name if found in nodes else "/".join((*self.block_names, self.network.nodes[key].name))

    def locate(self, name: str) -> tuple[Path, str] | None:
        """Where a layer of the whole network lies, by its name there: the blocks around it, and its id."""
        network, path = self.project.network, []
        *blocks, last = name.split("/")
        for block in blocks:
            key = network.names.get(block)
            if key is None or not isinstance(network.nodes[key].layer, Block):
                return None
            path.append(key)
            network = network_at(network, (key,))
        return (tuple(path), network.names[last]) if last in network.names else None

    @property
    def block_names(self) -> tuple[str, ...]:
        """The names of the blocks around what is shown, the outermost first."""
        return names_at(self.project.network, self.path)

    def set_clean(self) -> None:
        """The project is what the file holds."""
        self.undo_stack.setClean()

    @property
    def clean(self) -> bool:
        """Whether the project is what the file holds."""
        return self.undo_stack.isClean()

    def show(self, project: Project, path: Path = ()) -> None:
        """Only for the undo stack: make this the current project, and show the drawing that the edit was made in."""
        self._put(Change(self.project, project, path_before=self.path, path=longest_path(project.network, path)))

    def _put(self, change: Change) -> None:
        self.project, self.path = change.after, change.path
        if self.project.network is not self.whole.network:
            self.whole = infer(self.project.network, self.whole)
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
        self._path = document.path

    def redo(self) -> None:
        """Show the project after the edit."""
        self._document.show(self._after, self._path)

    def undo(self) -> None:
        """Show the project before the edit."""
        self._document.show(self._before, self._path)

    def id(self) -> int:
        """Only edits with a merge key may merge."""
        return 1 if self._merge else -1

    def mergeWith(self, later: QUndoCommand) -> bool:
        """Become one with a later edit of the same key."""
        if not isinstance(later, _Edit) or (later._merge, later._path) != (self._merge, self._path):
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
        self.set(() if change.path != change.path_before else self.ids)


def settings_text(values: Mapping[str, Any]) -> str:
    """Settings for a title of undo: "kernel 5×5, stride 1"."""
    parts = []
    for name, value in values.items():
        shown = "×".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
        parts.append(f"{name.replace('_', ' ')} {shown}")
    return ", ".join(parts)
