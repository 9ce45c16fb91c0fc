"""The way a wire takes.

A plain curve to the right, a long run between the rows where it goes back, a detour where nodes stand in the way.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from guibuilder.canvas.geometry import NODE_HEIGHT, NODE_WIDTH
from guibuilder.canvas.segments import enters, flattened

Obstacles = Callable[[QRectF], Iterable[QRectF]]

# How far above and below itself a wire looks for nodes that stand in its way.
REACH = 3 * NODE_HEIGHT + 16

_CLEAR = 12
_FORWARD = 16
_TURN = 56
_BEND = 54
_SHORT = 96
_LABEL_ROOM = 120


@dataclass(frozen=True)
class Route:
    """A wire's path, where its label goes, and whether there is room for the label at all times."""

    path: QPainterPath
    label: QPointF
    labelled: bool


def route(start: QPointF, end: QPointF, obstacles: Obstacles | None = None, lane: int = 0) -> Route:
    """The way from an output to an input, around what `obstacles(area)` gives; `lane` keeps parallel runs apart."""
    across = end.x() - start.x()
    if across < _FORWARD:
        return _back(start, end, obstacles, lane)
    if obstacles is not None and across > _SHORT:
        hindered = _hindered(start, end, obstacles)
        if hindered:
            return _around(start, end, hindered, lane)
    return _plain(start, end)


def loose_route(start: QPointF, end: QPointF) -> QPainterPath:
    """The curve of a wire that is still in the hand."""
    if end.x() - start.x() >= _FORWARD:
        return _plain(start, end).path
    reach = min(160.0, max(48.0, abs(end.x() - start.x()) * 0.4 + abs(end.y() - start.y()) * 0.3))
    path = QPainterPath(start)
    path.cubicTo(start.x() + reach, start.y(), end.x() - reach, end.y(), end.x(), end.y())
    return path


def _plain(start: QPointF, end: QPointF) -> Route:
    path = QPainterPath(start)
    across = end.x() - start.x()
    if start.y() == end.y():
        path.lineTo(end)
    else:
        pull = max(across * 0.5, min(40.0, abs(end.y() - start.y()) * 0.5))
        path.cubicTo(start.x() + pull, start.y(), end.x() - pull, end.y(), end.x(), end.y())
    return Route(path, (start + end) / 2, across >= _LABEL_ROOM)


def _hindered(start: QPointF, end: QPointF, obstacles: Obstacles) -> list[QRectF]:
    """What stands in the corridor of a wire, if the plain curve would touch any of it."""
    corridor = QRectF(start, end).normalized().adjusted(6, -_CLEAR, -6, _CLEAR)
    corridor.adjust(0, -NODE_HEIGHT, 0, NODE_HEIGHT)
    found = list(obstacles(corridor))
    points = flattened(_plain(start, end).path)
    return found if any(enters(points, rect.adjusted(0, -4, 0, 4)) for rect in found) else []


def _around(start: QPointF, end: QPointF, hindered: list[QRectF], lane: int) -> Route:
    """A forward wire with a level run where nothing stands; below rather than above."""
    levels = [start.y(), end.y()]
    levels += [rect.bottom() + _CLEAR + 4 + 7 * lane for rect in hindered]
    levels += [rect.top() - _CLEAR - 4 - 7 * lane for rect in hindered]
    left, right = start.x() + _TURN * 0.6, end.x() - _TURN * 0.6
    free = [level for level in levels if not any(
        rect.top() - 4 < level < rect.bottom() + 4 and rect.right() > left and rect.left() < right
        for rect in hindered)]
    middle = (start.y() + end.y()) / 2
    level = min(free, key=lambda each: (abs(each - start.y()) + abs(each - end.y()), each < middle),
                default=max(rect.bottom() for rect in hindered) + _CLEAR + 4)
    turn = min(_TURN, (end.x() - start.x()) / 2)
    path = QPainterPath(start)
    path.cubicTo(start.x() + turn / 2, start.y(), start.x() + turn / 2, level, start.x() + turn, level)
    path.lineTo(end.x() - turn, level)
    path.cubicTo(end.x() - turn / 2, level, end.x() - turn / 2, end.y(), end.x(), end.y())
    return Route(path, QPointF((start.x() + end.x()) / 2, level), True)


def _back(start: QPointF, end: QPointF, obstacles: Obstacles | None, lane: int) -> Route:
    """The S of a line of text: out to the right, back between the rows, and in from the left."""
    level = _between(start, end, obstacles) + 7 * lane
    path = QPainterPath(start)
    out, into = _bend(start.y() - level), _bend(end.y() - level)
    path.cubicTo(start.x() + out, start.y(), start.x() + out, level, start.x() - 12, level)
    path.lineTo(end.x() + 12, level)
    path.cubicTo(end.x() - into, level, end.x() - into, end.y(), end.x(), end.y())
    return Route(path, QPointF((start.x() + end.x()) / 2, level), start.x() - end.x() > NODE_WIDTH)


def _bend(height: float) -> float:
    return min(_BEND, max(26.0, abs(height) * 0.64))


def _between(start: QPointF, end: QPointF, obstacles: Obstacles | None) -> float:
    """The height of the run back: halfway where that is free, else the free height next to it."""
    middle = (start.y() + end.y()) / 2
    half = NODE_HEIGHT / 2
    if abs(start.y() - end.y()) < NODE_HEIGHT + 2 * _CLEAR:
        middle = max(start.y(), end.y()) + half + 2 * _CLEAR
    if obstacles is None:
        return middle
    area = QRectF(QPointF(end.x(), middle), QPointF(start.x(), middle)).normalized()
    blocks = [(rect.top() - _CLEAR, rect.bottom() + _CLEAR)
              for rect in obstacles(area.adjusted(-4, -3 * NODE_HEIGHT, 4, 3 * NODE_HEIGHT))]
    free = [level for level in [middle, *(edge for block in blocks for edge in block)]
            if not any(top < level < bottom for top, bottom in blocks)]
    return min(free, key=lambda level: (abs(level - middle), -level), default=middle)
