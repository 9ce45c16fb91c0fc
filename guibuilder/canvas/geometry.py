"""Sizes on the canvas, in pixels at 100 %, and where a node's ports are."""

from PySide6.QtCore import QPointF, QRectF

from core.graph.arrange import COLUMN, LANE, NODE_HEIGHT, NODE_WIDTH, ROW_GAP

__all__ = ["COLUMN", "LANE", "NODE_HEIGHT", "NODE_WIDTH", "ROW_GAP"]

HEADER = 23
DOTS = 24
SNAP = 8
PORT_RADIUS = 5
PORT_REACH = 12
_PORT_PITCH = 20
_PORTS_THAT_FIT = 3


def node_height(ports: int) -> int:
    """The height of a node with so many inputs: it grows where they do not fit."""
    return NODE_HEIGHT + max(0, ports - _PORTS_THAT_FIT) * _PORT_PITCH


def node_rect(position: tuple[float, float], ports: int) -> QRectF:
    """The node's body on the canvas."""
    return QRectF(position[0], position[1], NODE_WIDTH, node_height(ports))


def input_y(port: int, ports: int) -> float:
    """How far below the node's top an input lies; a single one lies in the middle of the usual height."""
    if ports <= _PORTS_THAT_FIT:
        return NODE_HEIGHT / 2 + (port - (ports - 1) / 2) * _PORT_PITCH
    return NODE_HEIGHT / 2 + (port - 1) * _PORT_PITCH


def input_point(port: int, ports: int) -> QPointF:
    """The centre of an input, from the node's top left."""
    return QPointF(0, input_y(port, ports))


def output_point() -> QPointF:
    """The centre of the output, from the node's top left: at the same height in every node, so that rows are level."""
    return QPointF(NODE_WIDTH, NODE_HEIGHT / 2)
