"""Everything that can be done to the drawing without a mouse: each is one step of undo."""

from collections.abc import Callable, Collection

from PySide6.QtCore import QObject, Signal

from core.errors import CoreError
from core.graph.arrange import arrange
from core.graph.block import DEEPEST, Block, BlockInput, BlockOutput, depth_of, is_port
from core.graph.blocks import group, ungroup
from core.graph.clipboard import paste, to_text
from core.graph.heal import remove_and_reconnect
from core.graph.network import Edge, Network, Node
from core.graph.rules import reachable, upstream
from core.layers.base import Layer
from core.templates.blocks import new_node
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
        anchors = default_anchor(self.network, self._selection.ids)
        node = self._new(kind, layer, behind=anchors)
        self._document.edit(f"Add {node.name}", network=added_after(self.network, node, anchors))
        self._selection.set([node.id])
        return node.id

    def drop_layer(self, kind: str, at: tuple[float, float], place: Place | None = None,
                   layer: Layer | None = None) -> str:
        """Add a layer with its top left at a point of the canvas, wired as `place` says; gives its id."""
        place = place if place is not None else Place()
        behind = place.sources if place.into is None else (place.into.source,)
        node = self._new(kind, layer, snapped(at), behind)
        if place.into is not None:
            network = inserted(self.network, node, place.into)
        else:
            network = linked(self.network, node, place.sources, place.target)
        self._document.edit(f"Add {node.name}", network=network)
        self._selection.set([node.id])
        return node.id

    def _new(self, kind: str, layer: Layer | None, at: tuple[float, float] = (0.0, 0.0),
             behind: Collection[str] = ()) -> Node:
        """A node to be added; a block of the palette is fitted to the channels of what it follows."""
        settings = {} if layer is None else layer.values()
        shapes = [self._document.inference.shapes.get(key) for key in behind]
        known = next((shape[0] for shape in reversed(shapes) if shape is not None and len(shape) == 3), None)
        return new_node(self.network, kind, at, known, **settings)

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
        ids = self._without_output()
        if ids:
            self._document.edit(f"Delete {_counted(self.network, ids)}", network=self.network.remove(*ids))

    def delete_and_reconnect(self) -> None:
        """Delete the selected layers; what they fed is then fed by what fed them."""
        ids = self._without_output()
        if not ids:
            return
        try:
            network = remove_and_reconnect(self.network, ids)
        except CoreError as error:
            self.said.emit(error.message)
            return
        self._document.edit(f"Delete {_counted(self.network, ids)}, keep the wire", network=network)

    def _without_output(self) -> list[str]:
        """The selected layers, but for the output of the block that is open: without it there is no block."""
        ids = [key for key in self._selection.ids if not isinstance(self.network.nodes[key].layer, BlockOutput)]
        if len(ids) < len(self._selection.ids):
            self.said.emit("A block needs its output, so that stays.")
        return ids

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
        ids = [key for key in self._selection.ids if not is_port(self.network.nodes[key])]
        if ids:
            self._document.edit(f"Cut {_counted(self.network, ids)}", network=self.network.remove(*ids))

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
        if len(self._document.path) + depth_of(network) > DEEPEST:
            self.said.emit(f"Blocks can be nested {DEEPEST} deep at most.")
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

    # blocks -----------------------------------------------------------------------------------------------------

    def group(self) -> None:
        """Make the selected layers one block, or say why they cannot be one."""
        ids = self._selection.ids
        try:
            made = group(self.network, ids, level=len(self._document.path))
        except CoreError as error:
            self.said.emit(error.message)
            return
        self._document.edit(self._title("Group"), network=made.network, moved=made.moved)
        self._selection.set(made.ids)

    def ungroup(self) -> None:
        """Put the layers of the selected blocks in their place."""
        blocks = [key for key in self._selection.ids if isinstance(self.network.nodes[key].layer, Block)]
        if not blocks:
            self.said.emit("Select a block first.")
            return
        network, moved, ids = self.network, dict[str, str](), list[str]()
        for key in blocks:
            made = ungroup(network, key)
            network = made.network
            moved |= made.moved
            ids += made.ids
        self._document.edit(f"Ungroup {_counted(self.network, blocks)}", network=network, moved=moved)
        self._selection.set(ids)

    def open_block(self, key: str | None = None) -> None:
        """Show what lies inside a block: the one that is named, else the selected one."""
        key = key or self._selection.only or ""
        if key in self.network.nodes and isinstance(self.network.nodes[key].layer, Block):
            self._document.open((*self._document.path, key))
        else:
            self.said.emit("Select a block first.")

    def close_block(self, levels: int = 1) -> None:
        """Go back to the drawing that holds the open block, which is then selected."""
        path = self._document.path
        if path:
            self._document.open(path[:-levels])
            self._selection.set(path[-levels:][:1])

    def add_port(self) -> None:
        """Give the open block one more input."""
        if not self._document.path:
            self.said.emit("Open a block first.")
            return
        network = self.network
        ports = [node.position for node in network.nodes.values() if isinstance(node.layer, BlockInput)]
        corner = max(ports, key=lambda place: place[1], default=(0.0, 0.0))
        node = Node(network.fresh_id(), BlockInput(), network.fresh_name("In"), free_place(network, corner))
        self._document.edit(f"Add {node.name}", network=network.add(node))
        self._selection.set([node.id])

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
