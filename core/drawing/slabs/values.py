"""The figure as a value: slabs, windows, lines and texts with their places, which writers only have to write down."""

from dataclasses import dataclass
from typing import Literal

from core.drawing.routes import Point
from core.drawing.slabs.solids import Solid

Role = Literal["text", "soft", "error"]
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Slab:
    """A stack of feature maps, a vector as a bar, a block as a group of slabs, or an outline of unknown size.

    `about` is what is said when one points at it; `parts` is how many slabs it shows side by side.
    """

    key: str
    family: str
    about: str
    solid: Solid
    parts: int = 1
    known: bool = True
    bypassed: bool = False


@dataclass(frozen=True)
class Window:
    """A kernel on the map it reads, by its corners; where the next slab is adjacent `point` is what it computes."""

    source: str
    target: str
    family: str
    corners: tuple[Point, ...]
    point: Point | None = None


@dataclass(frozen=True)
class Line:
    """A line as an SVG path of M, L and C; an arrow has its tip at the end."""

    source: str
    target: str
    path: str
    end: Point
    kind: Literal["arrow", "fan"] = "arrow"
    known: bool = True

    def head(self) -> tuple[Point, ...]:
        """The corners of the arrow's tip; lines arrive from the left. Empty for a line without one."""
        x, y = self.end
        return ((x, y), (x - 8, y - 3.5), (x - 8, y + 3.5)) if self.kind == "arrow" else ()


@dataclass(frozen=True)
class Label:
    """A line of text: its place on the base line, its size in pixels, what it is for."""

    text: str
    x: float
    y: float
    size: float
    role: Role = "soft"
    anchor: Anchor = "middle"
    bold: bool = False


@dataclass(frozen=True)
class Figure:
    """Everything that is drawn, within (0, 0) and (width, height) pixels."""

    title: str
    about: str
    width: float
    height: float
    slabs: tuple[Slab, ...]
    windows: tuple[Window, ...]
    lines: tuple[Line, ...]
    labels: tuple[Label, ...]
