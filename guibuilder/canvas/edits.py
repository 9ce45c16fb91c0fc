"""Everything that can be done to the drawing without a mouse: each is one step of undo."""

from collections.abc import Callable, Collection

from PySide6.QtCore import QObject, Signal

from core.errors import CoreError
from core.graph.arrange import arrange
from core.graph.clipboard import paste, to_text
from core.graph.heal import remove_and_reconnect
from core.graph.network import Edge, Network, Node
from core.graph.rules import reachable, upstream
from core.layers.base import Layer
from guibuilder.canvas.geometry import NODE_HEIGHT, SNAP
from guibuilder.canvas.placing import added_after, default_anchor, free_place, inserted, snapped
from guibuilder.canvas.suggestions import Place
from guibuilder.canvas.wiring import linked, refusal
from guibuilder.document import Document, Selection
from guibuilder.mime import copied, put_copied


class Edits(QObject):
    """Edits of the selected nodes. `said` carries what could not be done, and why."""

    said = Signal(str)

    def __init__(self, document: Document, selection: Selection, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._selection = document, selection

    @property
    def network(self) -> Network:
        """The drawing."""
        return self._document.network

    # adding -----------------------------------------------------------------------------------------------------

    def add_layer(self, kind: str, layer: Layer | None = None) -> str:
        """Add a layer behind the selected ones (else the end of the network), wired and selected; gives its id."""
        node = self._new(kind, layer)
        anchors = default_anchor(self.network, self._selection.ids)
        self._document.edit(f"Add {node.name}", network=added_after(self.network, node, anchors))
        self._selection.set([node.id])
        return node.id

    def drop_layer(self, kind: str, at: tuple[float, float], place: Place | None = None,
                   layer: Layer | None = None) -> str:
        """Add a layer with its top left at a point of the canvas, wired as `place` says; gives its id."""
        node = self._new(kind, layer, snapped(at))
        place = place if place is not None else Place()
        if place.into is not None:
            network = inserted(self.network, node, place.into)
        else:
            network = linked(self.network, node, place.sources, place.target)
        self._document.edit(f"Add {node.name}", network=network)
        self._selection.set([node.id])
        return node.id

    def _new(self, kind: str, layer: Layer | None, at: tuple[float, float] = (0.0, 0.0)) -> Node:
        settings = {} if layer is None else layer.values()
        return self.network.new_node(kind, at, **settings)

    def connect_nodes(self, edge: Edge) -> bool:
        """Draw a wire, or say why not."""
        reason = refusal(self.network, edge)
        if reason:
            self.said.emit(reason)
            return False
        names = self.network.nodes[edge.source].name, self.network.nodes[edge.target].name
        self._document.edit(f"Connect {names[0]} to {names[1]}", network=self.network.connect(edge))
        return True

    # removing ---------------------------------------------------------------------------------------------------

    def delete(self) -> None:
        """Delete the selected layers and the wires at them."""
        ids = self._selection.ids
        if ids:
            self._document.edit(self._title("Delete"), network=self.network.remove(*ids))

    def delete_and_reconnect(self) -> None:
        """Delete the selected layers; what they fed is then fed by what fed them."""
        ids = self._selection.ids
        if not ids:
            return
        try:
            network = remove_and_reconnect(self.network, ids)
        except CoreError as error:
            self.said.emit(error.message)
            return
        self._document.edit(self._title("Delete") + ", keep the wire", network=network)

    def cut_wires(self, edges: Collection[Edge]) -> None:
        """Remove wires."""
        title = "Remove a wire" if len(edges) == 1 else f"Remove {len(edges)} wires"
        self._document.edit(title, network=self.network.disconnect(*edges))

    # copies -----------------------------------------------------------------------------------------------------

    def copy(self) -> None:
        """Put the selected layers into the clipboard, as JSON text."""
        if self._selection.ids:
            put_copied(to_text(self.network, self._selection.ids))

    def cut(self) -> None:
        """Copy, then delete."""
        self.copy()
        if self._selection.ids:
            self._document.edit(self._title("Cut"), network=self.network.remove(*self._selection.ids))

    def paste(self) -> None:
        """Add the layers in the clipboard."""
        self._paste("Paste", copied(), keep_inputs=False)

    def paste_with_inputs(self) -> None:
        """Add the layers in the clipboard, fed by the same layers as the originals."""
        self._paste("Paste with inputs", copied(), keep_inputs=True)

    def duplicate(self) -> None:
        """Add a copy of the selected layers below them, with the wires among them."""
        if self._selection.ids:
            self._paste("Duplicate", to_text(self.network, self._selection.ids), keep_inputs=False)

    def _paste(self, title: str, text: str, *, keep_inputs: bool) -> None:
        try:
            network, ids = paste(self.network, text, (0.0, 0.0), keep_inputs=keep_inputs)
        except CoreError as error:
            self.said.emit(error.message)
            return
        if not ids:
            return
        self._document.edit(f"{title} {_counted(network, ids)}", network=_moved_clear(self.network, network, ids))
        self._selection.set(ids)

    # states -----------------------------------------------------------------------------------------------------

    def bypass(self) -> None:
        """Pass the input of the selected layers through unchanged, or stop doing so."""
        self._switch("bypassed", "Bypass", "Use again")

    def freeze(self) -> None:
        """Keep the weights of the selected layers as they are in training, or let them train again."""
        self._switch("frozen", "Freeze", "Unfreeze")

    def _switch(self, setting: str, on: str, off: str) -> None:
        ids = [key for key in self._selection.ids
               if setting in self.network.nodes[key].layer.values() and self.network.nodes[key].layer.ports[1] != 0]
        if not ids:
            return
        value = not all(self.network.nodes[key].layer.values()[setting] for key in ids)
        network = self.network
        for key in ids:
            network = network.change(key, **{setting: value})
        self._document.edit(f"{on if value else off} {_counted(network, ids)}", network=network)

    # places -----------------------------------------------------------------------------------------------------

    def arrange(self) -> None:
        """Lay out the selected layers, or all where fewer than two are selected."""
        ids = self._selection.ids if len(self._selection.ids) > 1 else None
        self._document.edit("Arrange", network=self.network.move(arrange(self.network, ids)))

    def nudge(self, across: int, down: int) -> None:
        """Move the selected layers by so many steps of the grid; presses in a row are one step of undo."""
        ids = self._selection.ids
        places = {key: self.network.nodes[key].position for key in ids}
        moved = {key: (x + across * SNAP, y + down * SNAP) for key, (x, y) in places.items()}
        if ids:
            self._document.edit(self._title("Move"), merge="nudge " + " ".join(ids), network=self.network.move(moved))

    # selection --------------------------------------------------------------------------------------------------

    def select_all(self) -> None:
        """Select every layer."""
        self._selection.set(self.network.nodes)

    def select_none(self) -> None:
        """Select nothing."""
        self._selection.set(())

    def select_upstream(self) -> None:
        """Also select everything that feeds the selected layers."""
        self._selection.set(self._grown(upstream))

    def select_downstream(self) -> None:
        """Also select everything that the selected layers feed."""
        self._selection.set(self._grown(reachable))

    def _grown(self, reach: Callable[[Network, str], set[str]]) -> list[str]:
        found = {other for key in self._selection.ids for other in reach(self.network, key)}
        return [*self._selection.ids, *(key for key in self.network.order if key in found)]

    def _title(self, verb: str) -> str:
        return f"{verb} {_counted(self.network, self._selection.ids)}"


def _counted(network: Network, ids: Collection[str]) -> str:
    return network.nodes[next(iter(ids))].name if len(ids) == 1 else f"{len(ids)} layers"


def _moved_clear(before: Network, after: Network, ids: Collection[str]) -> Network:
    """The pasted nodes as a group, below where they would lie on others."""
    top = min(after.nodes[key].position[1] for key in ids)
    bottom = max(after.nodes[key].position[1] for key in ids)
    shift = 0.0
    for _ in range(100):
        places = {key: (after.nodes[key].position[0], after.nodes[key].position[1] + shift) for key in ids}
        if all(free_place(before, place) == place for place in places.values()):
            break
        shift += max(3 * SNAP, round((bottom - top + NODE_HEIGHT) / 4 / SNAP) * SNAP)
    return after.move(places)
