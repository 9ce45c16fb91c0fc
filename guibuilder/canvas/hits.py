"""What lies under the cursor."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

from core.graph.network import Edge
from guibuilder.canvas.detail import Detail
from guibuilder.canvas.geometry import PORT_REACH
from guibuilder.canvas.segments import distance

if TYPE_CHECKING:
    from guibuilder.canvas.node_item import NodeItem
    from guibuilder.canvas.scene import NetworkScene

_WIRE_REACH = 7.0
_END_REACH = 26.0
_MOST_REACH = 24.0


class Part(Enum):
    """Parts of the drawing that hands can grasp."""

    EMPTY = auto()
    NODE = auto()
    INPUT = auto()
    OUTPUT = auto()
    BADGE = auto()
    WIRE = auto()
    WIRE_END = auto()


@dataclass(frozen=True)
class Hit:
    """A part, the node it belongs to, the number of the input, or the wire."""

    part: Part
    node: str = ""
    port: int = 0
    edge: Edge | None = None


NOTHING = Hit(Part.EMPTY)


def hit_at(scene: "NetworkScene", point: QPointF, zoom: float = 1.0) -> Hit:
    """What lies at a point of the canvas; targets stay as large on the screen when the drawing is small."""
    reach = min(_MOST_REACH, max(PORT_REACH, PORT_REACH / zoom))
    area = QRectF(point.x() - 2 * reach, point.y() - 2 * reach, 4 * reach, 4 * reach)
    near = [scene.nodes[key] for key in scene.places.within(area)]
    # What was raised last is seen first.
    near.sort(key=lambda item: -item.zValue())
    # Ports that are too small to be drawn are too small to be meant.
    for item in near if scene.detail >= Detail.FAR else ():
        found = _at_node(item, point, reach)
        if found is not None:
            return found
    for item in near:
        if item.body().contains(point):
            return Hit(Part.NODE, item.look.id)
    return _at_wire(scene, point, zoom)


def _at_node(item: "NodeItem", point: QPointF, reach: float) -> Hit | None:
    if item.badge_near(point):
        return Hit(Part.BADGE, item.look.id)
    if item.output_near(point, reach):
        return Hit(Part.OUTPUT, item.look.id)
    port = item.input_near(point, reach)
    return None if port is None else Hit(Part.INPUT, item.look.id, port)


def _at_wire(scene: "NetworkScene", point: QPointF, zoom: float) -> Hit:
    best = scene.nearest_wire(point, _WIRE_REACH / zoom)
    if best is None:
        return NOTHING
    end = best.path().pointAtPercent(1.0)
    part = Part.WIRE_END if distance((end, end), point) <= _END_REACH / zoom else Part.WIRE
    return Hit(part, best.edge.target, best.edge.port, best.edge)
