"""Broken lines: how far away they are, and what they cross.

Qt closes and fills an open path before it answers such questions; a wire is no area.
"""

import itertools
from collections.abc import Iterator, Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainterPath

Points = Sequence[QPointF]


def flattened(path: QPainterPath) -> tuple[QPointF, ...]:
    """A path as points that straight lines join."""
    polygons = path.toSubpathPolygons()
    return tuple(polygons[0].toList()) if polygons else ()


def pairs(points: Points) -> Iterator[tuple[QPointF, QPointF]]:
    """The straight pieces."""
    return itertools.pairwise(points)


def distance(points: Points, point: QPointF) -> float:
    """The distance of a point from the nearest piece."""
    return min((_from_piece(one, other, point) for one, other in pairs(points)), default=float("inf"))


def _from_piece(one: QPointF, other: QPointF, point: QPointF) -> float:
    along = other - one
    length = QPointF.dotProduct(along, along)
    share = 0.0 if not length else max(0.0, min(1.0, QPointF.dotProduct(point - one, along) / length))
    return QLineF(one + along * share, point).length()


def enters(points: Points, area: QRectF) -> bool:
    """Whether any piece runs through an area."""
    return any(_piece_enters(one, other, area) for one, other in pairs(points))


def _piece_enters(one: QPointF, other: QPointF, area: QRectF) -> bool:
    """Cut the piece down to the area, side by side (Liang and Barsky, 1984); something is left where it enters."""
    first, last = 0.0, 1.0
    across, down = other.x() - one.x(), other.y() - one.y()
    for step, room in ((-across, one.x() - area.left()), (across, area.right() - one.x()),
                       (-down, one.y() - area.top()), (down, area.bottom() - one.y())):
        if step == 0:
            if room < 0:
                return False
        elif step < 0:
            first = max(first, room / step)
        else:
            last = min(last, room / step)
    return first <= last


def crosses(points: Points, line: QLineF) -> bool:
    """Whether a straight cut crosses any piece."""
    bounded = QLineF.IntersectionType.BoundedIntersection
    return any(QLineF(one, other).intersects(line)[0] == bounded for one, other in pairs(points))
