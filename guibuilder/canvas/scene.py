"""Keeps the items equal to the document's network. Built anew it gives the same picture."""

from collections.abc import Callable, Iterable, Mapping

from PySide6.QtCore import QLineF, QPointF, QRectF, Signal
from PySide6.QtWidgets import QGraphicsScene

from core.graph.cost import Cost
from core.graph.network import Edge, Network
from core.graph.shapes import Inference
from core.layers.base import describe
from guibuilder.canvas.detail import Detail
from guibuilder.canvas.edge_item import EdgeItem
from guibuilder.canvas.geometry import node_rect
from guibuilder.canvas.look import NodeLook, node_look, output_words
from guibuilder.canvas.node_item import NodeItem
from guibuilder.canvas.places import Places
from guibuilder.canvas.routes import REACH, route
from guibuilder.canvas.segments import crosses, distance
from guibuilder.canvas.style import Style
from guibuilder.document import Change, Document, Selection
from guibuilder.theme import Theme


class NetworkScene(QGraphicsScene):
    """Items by node id and by edge; `leaving` before and `refreshed` after every change of document or theme."""

    leaving = Signal()
    refreshed = Signal()
    edges_selected = Signal()

    def __init__(self, document: Document, selection: Selection, theme: Theme,
                 cost_of: Callable[[], Cost] | None = None) -> None:
        super().__init__()
        self.document, self.selection, self.theme = document, selection, theme
        self._cost_of = cost_of if cost_of is not None else lambda: document.cost
        self.style_now = Style(theme.colours)
        self.detail = Detail.FULL
        self.nodes: dict[str, NodeItem] = {}
        self.edges: dict[Edge, EdgeItem] = {}
        self.places = Places()
        self._held: set[str] = set()
        self.selected_edges: frozenset[Edge] = frozenset()
        self.touched: set[str | Edge] = set()
        self._inference, self._counts, self._outputs = Inference(), dict[str, int](), dict[str, str]()
        document.changed.connect(self._follow)
        selection.changed.connect(self._show_selection)
        theme.changed.connect(self._restyle)
        self.rebuild()

    @property
    def network(self) -> Network:
        """The drawing that is shown."""
        return self.document.network

    # following the document -------------------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Throw all items away and make them anew."""
        self.leaving.emit()
        self.clear()
        self.nodes, self.edges, self.selected_edges = {}, {}, frozenset()
        self.places.clear()
        self._inference, self._counts, self._outputs = Inference(), {}, {}
        self.touched = set()
        self._refresh(self.network.nodes, self.network.edges)
        self._show_selection(self.selection.ids)
        self.refreshed.emit()

    def _follow(self, change: Change) -> None:
        if change.elsewhere:
            self.rebuild()
            return
        self.leaving.emit()
        difference = change.network
        self.touched = set()
        freed = self._discard(difference.removed, difference.cut)
        ends = {edge.target for edge in (*difference.connected, *difference.cut)}
        self._refresh({*difference.added, *difference.changed, *(ends & self.network.nodes.keys())},
                      difference.connected, freed)
        self.refreshed.emit()

    def _discard(self, nodes: Iterable[str], edges: Iterable[Edge]) -> list[QRectF]:
        """Take items off the canvas; gives the areas that were freed."""
        for edge in edges:
            self.removeItem(self.edges.pop(edge))
        self.selected_edges &= self.edges.keys()
        freed = [self.places.rects[key] for key in nodes]
        for key in nodes:
            self.removeItem(self.nodes.pop(key))
            self.places.drop(key)
        return freed

    def _refresh(self, nodes: Iterable[str], connected: Iterable[Edge], freed: Iterable[QRectF] = ()) -> None:
        """Bring these nodes up to date, those whose shape, problems or cost are new, and the wires they concern."""
        before, inference, costs = self._inference, self.document.inference, self._cost_of()
        counts = {key: layer.parameters for key, layer in costs.layers.items()}
        outputs = output_words(inference)
        reshaped = {key for key in self.network.nodes if before.shapes.get(key) != inference.shapes.get(key)}
        concerned = reshaped | set(nodes) | {
            key for key in self.network.nodes
            if before.problems_of(key) != inference.problems_of(key) or self._counts.get(key) != counts.get(key)
            or self._outputs.get(key) != outputs.get(key)}
        self._inference, self._counts, self._outputs = inference, counts, outputs
        looks = {key: node_look(self.network, inference, costs, key, outputs.get(key, "")) for key in concerned}
        moved = [*freed, *(area for key, look in looks.items() for area in self._show_node(key, look))]
        for edge in connected:
            self.edges[edge] = EdgeItem(edge, self.style_now)
            self.edges[edge].set_detail(self.detail)
            self.addItem(self.edges[edge])
        self._reroute({key for key in concerned if key in self.touched}, moved, connected)
        fresh = [edge for edge in connected if edge.source not in reshaped]
        fresh += [edge for key in reshaped for edge in self.network.outgoing.get(key, ())]
        for edge in fresh:
            shape = inference.shapes.get(edge.source)
            self.edges[edge].show_shape(describe(shape), shape is not None)
            self.touched.add(edge)

    def _show_node(self, key: str, look: NodeLook) -> list[QRectF]:
        """Make or change one item; gives the areas that were freed and taken."""
        item = self.nodes.get(key)
        if item is None:
            item = self.nodes[key] = NodeItem(look, self.style_now, self.detail)
            self.addItem(item)
            freed = []
        elif item.look == look and item.pos() == QPointF(*look.position):
            return []
        else:
            freed = [self.places.rects[key]]
            item.show_look(look)
        self.touched.add(key)
        taken = node_rect(look.position, look.ports)
        if freed and freed[0] == taken:
            return []
        self.places.put(key, taken)
        return [*freed, taken]

    # wires ------------------------------------------------------------------------------------------------------

    def _reroute(self, nodes: set[str], areas: list[QRectF], connected: Iterable[Edge]) -> None:
        """Route the wires at these nodes anew, and those that pass what was freed or taken."""
        concerned = set(connected)
        for key in nodes:
            concerned.update(self.network.outgoing.get(key, ()))
            concerned.update(Edge(source, key, port) for port, source in self.network.inputs_of(key).items())
        for edge, item in self.edges.items() if areas else ():
            if edge not in concerned:
                reach = item.boundingRect().adjusted(-16, -REACH, 16, REACH)
                if any(reach.intersects(area) for area in areas):
                    concerned.add(edge)
        for edge in concerned:
            self._route(edge)

    def _route(self, edge: Edge) -> None:
        ends = (edge.source, edge.target)

        def obstacles(area: QRectF) -> list[QRectF]:
            return [rect for key, rect in self.places.within(area).items()
                    if key not in ends and key not in self._held]

        self.edges[edge].set_route(route(self.nodes[edge.source].output_at(),
                                         self.nodes[edge.target].input_at(edge.port), obstacles, edge.port))

    def nearest_wire(self, point: QPointF, reach: float) -> EdgeItem | None:
        """The wire next to a point, within `reach` pixels."""
        area = QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach)
        found = [(distance(item.points(), point), number, item) for number, item in enumerate(self.wires_in(area))]
        best = min(found, default=None)
        return best[2] if best is not None and best[0] <= reach else None

    def wires_in(self, area: QRectF) -> list[EdgeItem]:
        """The wires whose bounds touch an area."""
        return [item for item in self.edges.values() if item.boundingRect().intersects(area)]

    def wires_across(self, line: QLineF) -> list[EdgeItem]:
        """The wires that a straight cut crosses."""
        area = QRectF(line.p1(), line.p2()).normalized().adjusted(-1, -1, 1, 1)
        return [item for item in self.wires_in(area) if crosses(item.points(), line)]

    # what hands do ----------------------------------------------------------------------------------------------

    def preview(self, positions: Mapping[str, QPointF]) -> None:
        """Show nodes elsewhere while they are in the hand; the document knows nothing of it, and no wire gives way."""
        self._held = set(positions)
        for key, position in positions.items():
            self.nodes[key].setPos(position)
        self._reroute(set(positions), [], ())

    def settle(self, nodes: Iterable[str]) -> None:
        """Put nodes back to where the document has them."""
        places = {key: QPointF(*self.network.nodes[key].position) for key in nodes if key in self.nodes}
        self._held = set()
        for key, position in places.items():
            self.nodes[key].setPos(position)
        self._reroute(set(places), [], ())

    def select_edges(self, edges: Iterable[Edge]) -> None:
        """Select exactly these wires."""
        chosen = frozenset(edges) & self.edges.keys()
        for edge in chosen ^ self.selected_edges:
            if edge in self.edges:
                self.edges[edge].mark(selected=edge in chosen)
        if chosen != self.selected_edges:
            self.selected_edges = frozenset(chosen)
            self.edges_selected.emit()

    def _show_selection(self, ids: tuple[str, ...]) -> None:
        chosen = set(ids)
        for key, item in self.nodes.items():
            item.set_selected(key in chosen)
        if chosen:
            self.select_edges(())

    # how it looks -----------------------------------------------------------------------------------------------

    def set_detail(self, detail: Detail) -> None:
        """Show more or less of all items."""
        if detail is self.detail:
            return
        self.detail = detail
        for node in self.nodes.values():
            node.set_detail(detail)
        for edge in self.edges.values():
            edge.set_detail(detail)

    def _restyle(self) -> None:
        self.style_now = Style(self.theme.colours)
        for node in self.nodes.values():
            node.restyle(self.style_now)
        for edge in self.edges.values():
            edge.restyle(self.style_now)
        self.refreshed.emit()

    def bounds(self) -> QRectF:
        """The rectangle around all nodes and wires; empty where there is none."""
        found = self.places.bounds()
        for item in self.edges.values():
            found = found.united(item.boundingRect())
        return found

    def picture(self) -> tuple[object, ...]:
        """What is shown, as a value: two scenes that look the same give the same."""
        wires = {edge: (item.text, item.known, item.path().toSubpathPolygons(), item.label.pos())
                 for edge, item in self.edges.items()}
        return ({key: (item.look, item.selected) for key, item in self.nodes.items()}, wires, self.selected_edges)
