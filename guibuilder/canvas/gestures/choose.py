"""Which gesture a press begins."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from core.graph.network import Edge
from guibuilder.canvas.gestures.base import ADDING, Gesture, Modifiers
from guibuilder.canvas.gestures.connect import Connect
from guibuilder.canvas.gestures.cut import Slice
from guibuilder.canvas.gestures.move import Move
from guibuilder.canvas.gestures.select import RubberBand
from guibuilder.canvas.hits import Hit, Part

if TYPE_CHECKING:
    from guibuilder.canvas.view import NetworkView


def gesture_for(view: "NetworkView", hit: Hit, point: QPointF, modifiers: Modifiers) -> Gesture | None:
    """The gesture that a left press on `hit` begins; None where a click is all there is."""
    slicing = view.slicing or bool(modifiers & Modifiers.AltModifier)
    if slicing and hit.part in (Part.EMPTY, Part.WIRE, Part.WIRE_END):
        return Slice(view, point)
    if hit.part is Part.OUTPUT:
        return Connect(view, point, hit.node)
    if hit.part is Part.INPUT:
        return _from_input(view, hit, point)
    if hit.part is Part.WIRE_END and hit.edge is not None:
        view.drawing.select_edges([hit.edge])
        return Connect(view, point, hit.edge.source, taken=hit.edge)
    if hit.part is Part.WIRE and hit.edge is not None:
        view.selection.set(())
        view.drawing.select_edges([hit.edge])
        return None
    if hit.part in (Part.NODE, Part.BADGE):
        return _on_node(view, hit.node, point, modifiers)
    if not modifiers & ADDING:
        view.selection.set(())
    view.drawing.select_edges(())
    return RubberBand(view, point)


def _from_input(view: "NetworkView", hit: Hit, point: QPointF) -> Gesture:
    """A free input starts a wire backwards; a taken one gives up the end of its wire."""
    source = view.document.network.inputs_of(hit.node).get(hit.port)
    if source is None:
        return Connect(view, point, hit.node, hit.port)
    return Connect(view, point, source, taken=Edge(source, hit.node, hit.port))


def _on_node(view: "NetworkView", node: str, point: QPointF, modifiers: Modifiers) -> Gesture | None:
    ids = view.selection.ids
    if modifiers & ADDING:
        view.selection.set([key for key in ids if key != node] if node in ids else [*ids, node])
        if node in ids:
            return None
    elif node not in ids:
        view.selection.set([node])
    return Move(view, point, node)
