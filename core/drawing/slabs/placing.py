"""Where the slabs go: columns by depth, branches below each other, long chains in rows like text."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.drawing.measure import elided, text_width
from core.drawing.slabs.groups import Stack, notes, window_label
from core.drawing.slabs.solids import Solid, longest_side, measure
from core.drawing.slabs.values import Role
from core.graph.arrange import columns_of
from core.graph.network import Network
from core.layers.base import Shape

NAME, NOTE, NUMBER = 12.0, 11.0, 11.0
LINE = 15.0
# Room under a slab for its number of channels.
UNDER = 16.0
MARGIN = 28.0
ROW_GAP = 44.0
_LEAST_ROOM = 40.0
_LONGEST_TEXT = 170.0
_LANE_GAP = 14.0
_TRACK = 9.0
# Between two columns, where no label stands; wires to other lanes bend there and need more.
_GAP, _BENDING = 16.0, 34.0
_LONGEST_ROW, _TOLERANCE = 1500.0, 120.0


@dataclass
class Item:
    """A slab before it has its place: how large it is, and its texts (what, and whether it is an error)."""

    stack: Stack
    shape: Shape | None
    size: tuple[float, float, float, float]
    texts: list[tuple[str, Role, bool]]
    window: str = ""
    solid: Solid = field(default_factory=lambda: Solid(0, 0, 0, 0, 0, 0))
    row: int = 0
    column: int = 0
    lane: int = 0

    @property
    def maps(self) -> bool:
        """Whether it shows feature maps of a known size."""
        return self.shape is not None and len(self.shape) == 3

    @property
    def box(self) -> tuple[float, float]:
        """Width and height of the drawn box."""
        return self.size[0] + self.size[2], self.size[1] + self.size[3]

    @property
    def reach(self) -> float:
        """How far from its middle its texts or its box reach to each side."""
        wide = max((text_width(text, NAME, bold=bold) for text, _, bold in self.texts), default=0.0)
        side = self.size[0] / 2 + 6 + text_width(str(self.shape[2]), NUMBER) if self.maps and self.shape else 0.0
        return max(wide / 2, self.box[0] / 2, side)

    @property
    def below(self) -> float:
        """How far from its middle its texts reach down."""
        return self.box[1] / 2 + UNDER + LINE * len(self.texts)

    @property
    def rows_room(self) -> float:
        """The room at its left for its number of rows."""
        return text_width(str(self.shape[1]), NUMBER) + 8 if self.maps and self.shape else 0.0

    @property
    def room(self) -> float:
        """The room that it needs at its left: for its rows, and for the window that it is computed by."""
        return max(_LEAST_ROOM, self.rows_room + (text_width(self.window, NOTE) + 14 if self.window else 20))


@dataclass
class Grid:
    """Items by row, column and lane, with the tracks on which wires pass columns; all places are known.

    `columns` holds left and right of each column, `bends` where a wire into it has found its lane, with labels behind,
    `rows` the columns of each row, `row_of` the row of each column, `bottoms` where rows end; `tracks` the column and
    the height of each passing wire.
    """

    items: dict[str, Item]
    lanes: list[list[str]]
    rows: list[tuple[int, int]] = field(default_factory=list)
    row_of: list[int] = field(default_factory=list)
    columns: list[tuple[float, float]] = field(default_factory=list)
    bends: list[float] = field(default_factory=list)
    tracks: dict[str, tuple[int, float]] = field(default_factory=dict)
    bottoms: list[float] = field(default_factory=list)
    width: float = 0.0


def items_of(stacks: Mapping[str, Stack], shapes: Mapping[str, Shape | None],
             said: Mapping[str, str]) -> dict[str, Item]:
    """Every slab with its size and texts; `said` are complaints in two words by the id of the layer."""
    largest = longest_side(shapes.values())
    found = {}
    for key, stack in stacks.items():
        shape, name = shapes.get(key), elided(stack.node.name, _LONGEST_TEXT, NAME, bold=True)
        texts: list[tuple[str, Role, bool]] = [(name, "text", True)]
        texts += [(elided(note, _LONGEST_TEXT, NOTE), "soft", False) for note in notes(stack, shape)]
        wrong = [said[node.id] for node in (stack.node, *stack.followers) if node.id in said]
        texts += [(each, "error", False) for each in wrong]
        found[key] = Item(stack, shape, measure(shape, largest), texts, window_label(stack.node))
    return found


def placed(items: dict[str, Item], network: Network, top: float) -> Grid:
    """All items with their boxes; `top` is where the first row begins."""
    lanes, crossing = columns_of(network, set(items))
    whole = _in_rows(items, lanes, crossing, math.inf).width
    # Rows of about the same length.
    grid = _in_rows(items, lanes, crossing, whole / math.ceil(whole / _LONGEST_ROW) + _TOLERANCE if whole else 0.0)
    for number, (start, end) in enumerate(grid.rows):
        top = _place_row(grid, number, lanes[start:end], start, top) + ROW_GAP
    return grid


def _in_rows(items: dict[str, Item], lanes: list[list[str]], crossing: Sequence[int], longest: float) -> Grid:
    """Every column with its left and right side; a row ends where it is long enough and a single wire leads on."""
    grid, x, start = Grid(items, lanes), MARGIN, 0
    for column, keys in enumerate(lanes):
        here = [items[key] for key in keys if key in items]
        reach = max((item.reach for item in here), default=0.0)
        room = max((item.room if column else item.rows_room for item in here), default=_LEAST_ROOM)
        gap = _gap(lanes, column) if column > start else 0.0
        if column > start and x + gap + room + 2 * reach > longest and crossing[column - 1] <= 1:
            grid.rows.append((start, column))
            x, start, gap = MARGIN, column, 0.0
        left = x + gap + room
        grid.bends.append(x + gap)
        grid.columns.append((left, left + 2 * reach))
        grid.row_of.append(len(grid.rows))
        x = left + 2 * reach
        grid.width = max(grid.width, x)
    grid.rows.append((start, len(lanes)))
    return grid


def _gap(lanes: Sequence[Sequence[str]], column: int) -> float:
    return _BENDING if max(len(lanes[column]), len(lanes[column - 1])) > 1 else _GAP


def _place_row(grid: Grid, row: int, columns: Sequence[Sequence[str]], start: int, top: float) -> float:
    """Give every item of a row its box; the height at which the row ends."""
    count = max((len(keys) for keys in columns), default=0)
    for lane in range(count):
        keys = [keys[lane] for keys in columns if lane < len(keys)]
        here = [grid.items[key] for key in keys if key in grid.items]
        above = max((item.box[1] / 2 for item in here), default=_TRACK)
        below = max((item.below for item in here), default=_TRACK)
        middle = top + above
        for column, names in enumerate(columns, start):
            if lane < len(names):
                _place(grid, names[lane], (row, column, lane), middle)
        top = middle + below + _LANE_GAP
    bottom = top - _LANE_GAP if count else top
    grid.bottoms.append(bottom)
    return bottom


def _place(grid: Grid, key: str, at: tuple[int, int, int], middle: float) -> None:
    item = grid.items.get(key)
    if item is None:
        grid.tracks[key] = (at[1], middle)
        return
    item.row, item.column, item.lane = at
    left, right = grid.columns[item.column]
    wide, high = item.box
    thick, tall, back, up = item.size
    item.solid = Solid((left + right - wide) / 2, middle - high / 2 + up, thick, tall, back, up)
