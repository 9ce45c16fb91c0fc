"""Everything the canvas can be told to do, for menus, shortcuts and the palette."""

from PySide6.QtCore import QObject, QRectF, Signal

from core.graph.block import Block
from core.graph.network import Edge
from guibuilder.canvas.edits import Edits
from guibuilder.canvas.error_card import ErrorCard
from guibuilder.canvas.geometry import HEADER, NODE_WIDTH
from guibuilder.canvas.minimap import MiniMap
from guibuilder.canvas.navigation import first, nearest, step, turn
from guibuilder.canvas.quick_add import QuickAdd
from guibuilder.canvas.rename import Rename
from guibuilder.canvas.view import NetworkView
from guibuilder.document import Document, Selection


class CanvasActions(Edits):
    """One method for each command; those that only edit are inherited from `Edits`.

    Adding: add_layer(type_name), quick_add(), wire(). At the selection: edit_parameters(), rename(), show_fixes(),
    delete(), delete_and_reconnect(), copy(), cut(), duplicate(), bypass(), freeze(), arrange(), nudge(across, down).
    paste(), paste_with_inputs(). Selection: select_all(), select_none(), select_upstream(), select_downstream(),
    go(direction), extend(direction), step(forward), turn(by), reveal(id). Looking: zoom_in(), zoom_out(),
    zoom_reset(), fit_all(), fit_selection(), toggle_minimap(), escape(). Blocks: group(), ungroup(), open_block(),
    close_block(), add_port(), up().
    """

    edit_requested = Signal(str)

    def __init__(self, document: Document, selection: Selection, parent: QObject | None = None) -> None:
        super().__init__(document, selection, parent)
        self._view: NetworkView
        self._quick: QuickAdd
        self._rename: Rename
        self._minimap: MiniMap
        self._card: ErrorCard

    def attach(self, view: NetworkView, quick: QuickAdd, rename: Rename, minimap: MiniMap, card: ErrorCard) -> None:
        """Name the widgets that the commands act on."""
        self._view, self._quick, self._rename, self._minimap, self._card = view, quick, rename, minimap, card

    # adding -----------------------------------------------------------------------------------------------------

    def quick_add(self) -> None:
        """Open the list of layers: for the selected wire, behind the selected layers, else at the cursor."""
        self._quick.open_for(self._wire())

    def _wire(self) -> Edge | None:
        """The selected wire where exactly one is selected."""
        edges = self._view.drawing.selected_edges
        return next(iter(edges)) if len(edges) == 1 and not self._selection.ids else None

    def wire(self) -> None:
        """Open the list of layers that the selected one can be wired to."""
        key = self._selection.only
        if key is None:
            self.said.emit("Select one layer first; W then lists where its wire can go.")
        else:
            self._quick.connect_from(key)

    # at the selection -------------------------------------------------------------------------------------------

    def edit_parameters(self) -> None:
        """Ask for the parameters of the selected layer, or open the block; for a wire, list what could be put in."""
        only = self._selection.only
        if only is not None and isinstance(self.network.nodes[only].layer, Block):
            self.open_block(only)
        elif self._selection.ids:
            self.edit_requested.emit(self._selection.ids[-1])
        elif self._wire() is not None:
            self.quick_add()

    def rename(self) -> None:
        """Rename the selected layer in its place."""
        key = self._selection.only
        if key is None:
            return
        item = self._view.drawing.nodes[key]
        self._view.camera.reveal(item.body())
        header = QRectF(item.x(), item.y(), NODE_WIDTH, HEADER)
        self._rename.open(key, QRectF(self._view.camera.screen_rect(header)), self._view.camera.zoom,
                          self._view.drawing.style_now)

    def show_fixes(self) -> None:
        """Open the card of the selected layer's problem, with the keyboard on its best fix."""
        key = self._selection.only
        if key is not None and self._card.about(key):
            body = self._view.drawing.nodes[key].body()
            self._view.camera.reveal(body)
            self._card.place(self._view.camera.screen_rect(body))
            self._card.focus_first()

    def delete(self) -> None:
        """Delete the selected wires, or the selected layers with the wires at them."""
        edges = self._view.drawing.selected_edges
        if edges and not self._selection.ids:
            self.cut_wires(sorted(edges, key=lambda edge: (edge.target, edge.port)))
        else:
            super().delete()

    # selection --------------------------------------------------------------------------------------------------

    def go(self, direction: str) -> None:
        """Select the nearest layer to the left, right, up or down."""
        found = self._next(direction)
        if found is not None:
            self._selection.set([found])
            self.reveal(found)

    def extend(self, direction: str) -> None:
        """Also select the nearest layer in a direction."""
        found = self._next(direction)
        if found is not None:
            self._selection.set([*(key for key in self._selection.ids if key != found), found])
            self.reveal(found)

    def step(self, forward: bool) -> None:
        """From the selected layer to its wire, from the selected wire to the layer at its end (or start)."""
        self._choose(step(self.network, self._selection.only, self._wire(), forward))

    def turn(self, by: int) -> None:
        """To the next wire at the same port."""
        edge = self._wire()
        if edge is not None:
            self._choose(turn(self.network, edge, by))

    def _choose(self, found: str | Edge | None) -> None:
        if isinstance(found, Edge):
            self._selection.set(())
            self._view.drawing.select_edges([found])
            self._view.camera.reveal(self._view.drawing.edges[found].boundingRect())
        elif found is not None:
            self._selection.set([found])
            self.reveal(found)

    def _next(self, direction: str) -> str | None:
        ids = self._selection.ids
        return nearest(self.network, ids[-1], direction) if ids else first(self.network)

    def reveal(self, key: str) -> None:
        """Scroll just so far that a layer is seen."""
        if key in self._view.drawing.nodes:
            self._view.camera.reveal(self._view.drawing.nodes[key].body())

    def escape(self) -> None:
        """Close the card, else select nothing; with nothing selected, leave the block that is open."""
        if self._card.isVisible():
            self._card.hide()
            self._card.dismissed.emit()
        elif not self._selection.ids and not self._view.drawing.selected_edges:
            self.close_block()
        else:
            self.select_none()
            self._view.drawing.select_edges(())

    def up(self) -> None:
        """Leave the block that is open; with layers selected, move them up."""
        if self._selection.ids:
            self.nudge(0, -1)
        else:
            self.close_block()

    # looking ----------------------------------------------------------------------------------------------------

    def zoom_in(self) -> None:
        """One step nearer."""
        self._view.camera.zoom_in()

    def zoom_out(self) -> None:
        """One step away."""
        self._view.camera.zoom_out()

    def zoom_reset(self) -> None:
        """100 %."""
        self._view.camera.zoom_to(1.0)

    def fit_all(self) -> None:
        """Show the whole drawing, never above 100 %."""
        self._view.camera.fit(self._view.drawing.bounds())

    def fit_selection(self) -> None:
        """Show the selected layers, never above 100 %; all where none is selected."""
        area = QRectF()
        for key in self._selection.ids:
            area = area.united(self._view.drawing.nodes[key].body())
        self._view.camera.fit(area if self._selection.ids else self._view.drawing.bounds())

    def toggle_minimap(self) -> None:
        """Show or hide the overview."""
        self._minimap.wanted = not self._minimap.wanted
        self._minimap.show_view(self._view.camera.visible())
