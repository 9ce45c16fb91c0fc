"""The way a wire takes: straight where it can, around nodes in its way, and between the rows where it goes back."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.drawing.markup import number
from core.graph.arrange import NODE_HEIGHT, NODE_WIDTH, ROW_GAP

Point = tuple[float, float]

_FORWARD = 16
_LONG = 120
_NEIGHBOUR = 96
_CLEAR = 16
_LANE = 8
_TURN = 56
_BEND = 54
_LEAST_BEND = 26
_SAMPLES = 24


@dataclass(frozen=True)
class Box:
    """A node's rectangle."""

    left: float
    top: float
    width: float = NODE_WIDTH
    height: float = NODE_HEIGHT

    @property
    def right(self) -> float:
        """Its right side."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower side."""
        return self.top + self.height

    def holds(self, point: Point, room: float) -> bool:
        """Whether a point lies in it or nearer than `room` above or below."""
        return self.left < point[0] < self.right and self.top - room < point[1] < self.bottom + room


@dataclass(frozen=True)
class Route:
    """A wire's path as SVG has it, where its label goes (None: too short for one), and all its corner points."""

    path: str
    label: Point | None
    points: tuple[Point, ...]


def is_back(start: Point, end: Point) -> bool:
    """Whether a wire leads back, to a row below as a rule."""
    return end[0] - start[0] < _FORWARD


def route(start: Point, end: Point, obstacles: Sequence[Box], lane: int = 0) -> Route:
    """The way from an output to an input around `obstacles`; `lane` keeps parallel runs apart."""
    if is_back(start, end):
        return _back(start, end, obstacles, lane)
    if end[0] - start[0] > _NEIGHBOUR:
        near = [box for box in obstacles if box.left < end[0] and box.right > start[0]]
        if any(box.holds(point, 4) for point in _curve(start, end) for box in near):
            return _around(start, end, near, lane)
    return _plain(start, end)


def run_level(start: Point, end: Point, obstacles: Sequence[Box]) -> float:
    """The height of the run of a wire that goes back: halfway, or where it is free, in the middle between two rows."""
    middle = (start[1] + end[1]) / 2
    if abs(start[1] - end[1]) < NODE_HEIGHT + 2 * _CLEAR:
        middle = max(start[1], end[1]) + NODE_HEIGHT / 2 + 1.5 * _CLEAR
    blocks = [(box.top - _CLEAR, box.bottom + _CLEAR) for box in obstacles
              if box.left < start[0] and box.right > end[0]]
    levels = sorted((middle, *(edge for block in blocks for edge in block)),
                    key=lambda level: (abs(level - middle), -level))
    # As a rule the first one is free; looking at all of them would take long in a large network.
    level = next((level for level in levels if not any(top < level < bottom for top, bottom in blocks)), middle)
    above = max((bottom for _, bottom in blocks if bottom <= level), default=level)
    below = min((top for top, _ in blocks if top >= level), default=level)
    return (above + below) / 2 if below - above <= ROW_GAP else level


def _pull(start: Point, end: Point) -> float:
    return max((end[0] - start[0]) / 2, min(40.0, abs(end[1] - start[1]) / 2))


def _curve(start: Point, end: Point) -> list[Point]:
    """Points along the plain curve."""
    pull = _pull(start, end)
    found = []
    for number_ in range(1, _SAMPLES):
        t = number_ / _SAMPLES
        u = 1 - t
        x = u**3 * start[0] + 3 * u * u * t * (start[0] + pull) + 3 * u * t * t * (end[0] - pull) + t**3 * end[0]
        found.append((x, (u**3 + 3 * u * u * t) * start[1] + (3 * u * t * t + t**3) * end[1]))
    return found


def _plain(start: Point, end: Point) -> Route:
    path = _move(start)
    if start[1] == end[1]:
        path += _line(end)
    else:
        pull = _pull(start, end)
        path += _bezier((start[0] + pull, start[1]), (end[0] - pull, end[1]), end)
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    return Route(path, middle if end[0] - start[0] >= _LONG else None, (start, end))


def _around(start: Point, end: Point, near: Sequence[Box], lane: int) -> Route:
    """A forward wire with a level run where nothing stands, below rather than above."""
    levels = [start[1], end[1]]
    levels += [box.bottom + _CLEAR + _LANE * lane for box in near]
    levels += [box.top - _CLEAR - _LANE * lane for box in near]
    left, right = start[0] + _TURN / 2, end[0] - _TURN / 2
    free = [level for level in levels if not any(
        box.top - 4 < level < box.bottom + 4 and box.right > left and box.left < right for box in near)]
    middle = (start[1] + end[1]) / 2
    level = min(free, key=lambda each: (abs(each - start[1]) + abs(each - end[1]), each < middle),
                default=max(box.bottom for box in near) + _CLEAR)
    turn = min(_TURN, (end[0] - start[0]) / 2)
    path = _move(start) + _bezier((start[0] + turn / 2, start[1]), (start[0] + turn / 2, level),
                                  (start[0] + turn, level))
    path += _line((end[0] - turn, level))
    path += _bezier((end[0] - turn / 2, level), (end[0] - turn / 2, end[1]), end)
    return Route(path, ((start[0] + end[0]) / 2, level), (start, (start[0] + turn, level), end))


def _back(start: Point, end: Point, obstacles: Sequence[Box], lane: int) -> Route:
    """The S of a line of text: out to the right, back between the rows, and in from the left."""
    level = run_level(start, end, obstacles) + _LANE * lane
    out, into = _bend(start[1] - level), _bend(end[1] - level)
    path = _move(start) + _bezier((start[0] + out, start[1]), (start[0] + out, level), (start[0] - 12, level))
    path += _line((end[0] + 12, level))
    path += _bezier((end[0] - into, level), (end[0] - into, end[1]), end)
    label = ((start[0] + end[0]) / 2, level) if start[0] - end[0] > NODE_WIDTH else None
    return Route(path, label, (start, (start[0] + 0.75 * out, level), (end[0] - 0.75 * into, level), end))


def _bend(height: float) -> float:
    return min(_BEND, max(_LEAST_BEND, abs(height) * 0.64))


def _move(point: Point) -> str:
    return f"M{number(point[0])} {number(point[1])}"


def _line(point: Point) -> str:
    return f"L{number(point[0])} {number(point[1])}"


def _bezier(*points: Point) -> str:
    return "C" + " ".join(f"{number(x)} {number(y)}" for x, y in points)
