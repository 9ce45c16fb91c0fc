"""How slabs are joined: a window whose lines meet in a point, the fan of a dense layer, or an arrow."""

from core.drawing.markup import number
from core.drawing.routes import Point
from core.drawing.slabs.placing import MARGIN, NOTE, ROW_GAP, Grid, Item
from core.drawing.slabs.values import Label, Line, Window
from core.graph.network import Edge

_BEYOND = 14.0
_BEND = 8.0
_FANNED = ("Dense", "Maxout")


def join(grid: Grid, edge: Edge) -> tuple[list[Window], list[Line], list[Label]]:
    """What is drawn for one wire between two slabs."""
    source, target = grid.items[edge.source], grid.items[edge.target]
    near = target.column == source.column + 1 and target.row == source.row and target.lane == source.lane
    windows = _windows(source, target, edge, near=near)
    labels = []
    if target.window:
        labels.append(_window_label(target, windows[0] if windows and near else None))
    if windows and near:
        return windows, [], labels
    if near and target.stack.node.type in _FANNED and source.shape is not None and target.shape is not None:
        return windows, _fan(source, target, edge), labels
    path, end = _way(grid, edge)
    return windows, [Line(edge.source, edge.target, path, end, known=source.shape is not None)], labels


def _windows(source: Item, target: Item, edge: Edge, *, near: bool) -> list[Window]:
    """The kernel on the map it slides over, where both are known."""
    layer = target.stack.node.layer
    window = None if layer.bypassed else layer.window()
    if window is None or source.shape is None or not source.maps or target.shape is None:
        return []
    corners = source.solid.opened((window.reach(0), window.reach(1)), (source.shape[1], source.shape[2]))
    solid = target.solid
    point = (solid.left + min(solid.thickness / 2, 5.0), solid.top + 0.32 * solid.height)
    return [Window(edge.source, edge.target, layer.family, corners, point if near else None)]


def _window_label(target: Item, window: Window | None) -> Label:
    """The kernel's size at the left of the slab it computes: below the lines that meet there, or above the arrow."""
    x = target.solid.left - target.rows_room - 4
    if window is None or window.point is None:
        return Label(target.window, x, _entry(target)[1] - 7, NOTE, anchor="end")
    low = max(*(y for _, y in window.corners), window.point[1]) + 14
    return Label(target.window, x, low, NOTE, anchor="end")


def _fan(source: Item, target: Item, edge: Edge) -> list[Line]:
    """Two lines that open or close: every number is joined with every other."""
    one, two = source.solid, target.solid
    ends = (((one.right, one.upper), (two.left, two.top)), (one.on_side(1, 1), (two.left, two.bottom)))
    return [Line(edge.source, edge.target, f"M{_at(start)}L{_at(end)}", end, "fan") for start, end in ends]


# arrows ---------------------------------------------------------------------------------------------------------------


def _exit(item: Item) -> Point:
    solid = item.solid
    return (solid.right + 2, min(max(solid.middle, solid.upper), solid.upper + solid.height))


def _entry(item: Item) -> Point:
    solid = item.solid
    return (solid.left - 2, min(max(solid.middle, solid.top), solid.bottom))


def _way(grid: Grid, edge: Edge) -> tuple[str, Point]:
    """An arrow's path through the columns that it passes, and where its tip is."""
    source, target = grid.items[edge.source], grid.items[edge.target]
    end = _entry(target)
    stops = [(source.column, _exit(source)[1])]
    for column in range(source.column + 1, target.column):
        track = grid.tracks.get(f"{edge.source}→{edge.target}:{column}")
        if track is not None:
            stops.append(track)
    stops.append((target.column, end[1]))
    x, y = _exit(source)
    path = f"M{_at((x, y))}"
    for column, height in stops[1:]:
        goal = end[0] if column == target.column else grid.columns[column][0]
        before = grid.columns[column - 1][1] if 0 < column <= target.column else x
        if column > 0 and grid.row_of[column] != grid.row_of[column - 1]:
            path += _next_row(grid, column, (before + _BEYOND, y), (goal, height))
        else:
            path += _step((max(x, before), y), (grid.bends[column], height), goal)
        x, y = (goal if column == target.column else grid.columns[column][1]), height
        if column != target.column:
            path += f"L{_at((x, y))}"
    return path, end


def _step(start: Point, bend: Point, goal: float) -> str:
    """Straight to the end of a column, in a bow to the next, and straight on."""
    middle = (start[0] + bend[0]) / 2
    bow = f"L{_at(start)}C{_at((middle, start[1]))} {_at((middle, bend[1]))} {_at(bend)}"
    return (bow if abs(start[1] - bend[1]) > 0.5 else "") + f"L{_at((goal, bend[1]))}"


def _next_row(grid: Grid, column: int, out: Point, goal: Point) -> str:
    """Out of a row, back between the rows, and in at the left."""
    between = grid.bottoms[grid.row_of[column] - 1] + ROW_GAP / 2
    left = MARGIN - _BEYOND
    corners = [out, (out[0], between), (left, between), (left, goal[1])]
    path = ""
    for place, (x, y) in enumerate(corners):
        before = corners[place - 1] if place else (x - _BEND, y)
        after = corners[place + 1] if place + 1 < len(corners) else goal
        one, two = _toward((x, y), before), _toward((x, y), after)
        path += f"L{_at(one)}C{_at((x, y))} {_at((x, y))} {_at(two)}"
    return path + f"L{_at(goal)}"


def _toward(corner: Point, other: Point) -> Point:
    """A place near a corner on the way to another point."""
    far = abs(other[0] - corner[0]) + abs(other[1] - corner[1])
    share = min(1.0, _BEND / far) if far else 0.0
    return (corner[0] + (other[0] - corner[0]) * share, corner[1] + (other[1] - corner[1]) * share)


def _at(point: Point) -> str:
    return f"{number(point[0])} {number(point[1])}"
