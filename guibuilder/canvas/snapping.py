"""Snapping of what is dragged: to its neighbours' edges first, else to the grid."""

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF

from guibuilder.canvas.geometry import COLUMN, NODE_HEIGHT, SNAP

_REACH = 6.0
_BEYOND = 12.0


@dataclass(frozen=True)
class Snap:
    """Where the dragged rectangle goes (top left), and the lines that show why."""

    place: QPointF
    guides: tuple[QLineF, ...] = ()


def snap(rect: QRectF, others: Iterable[QRectF]) -> Snap:
    """The nearest place that lines up with a neighbour (within 6 px), else the nearest point of the grid.

    Neighbours line up by their left edges, by the height of their wires, and one column apart.
    """
    others = list(others)
    columns = [(other.left() + shift, other) for other in others for shift in (0, COLUMN, -COLUMN)]
    column = _nearest(rect.left(), columns)
    row = _nearest(_wire(rect), [(_wire(other), other) for other in others])
    left = _on_grid(rect.left()) if column is None else column[0]
    top = _on_grid(rect.top()) if row is None else row[0] - NODE_HEIGHT / 2
    placed = QRectF(left, top, rect.width(), rect.height())
    guides = []
    if column is not None and column[1].left() == left:
        both = placed.united(column[1])
        guides.append(QLineF(left, both.top() - _BEYOND, left, both.bottom() + _BEYOND))
    if row is not None:
        both = placed.united(row[1])
        guides.append(QLineF(both.left() - _BEYOND, row[0], both.right() + _BEYOND, row[0]))
    return Snap(placed.topLeft(), tuple(guides))


def _wire(rect: QRectF) -> float:
    return rect.top() + NODE_HEIGHT / 2


def _on_grid(value: float) -> float:
    return float(round(value / SNAP) * SNAP)


def _nearest(value: float, candidates: list[tuple[float, QRectF]]) -> tuple[float, QRectF] | None:
    best = min(candidates, key=lambda each: abs(each[0] - value), default=None)
    return best if best is not None and abs(best[0] - value) <= _REACH else None
