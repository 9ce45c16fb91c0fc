"""The slab figure as TikZ for LaTeX, with its texts set by TeX."""

from collections.abc import Sequence

from core.drawing.markup import number
from core.drawing.routes import Point
from core.drawing.slabs.figure import figure
from core.drawing.slabs.svg import DIMMED, EDGE, FRONT, ROOF, SIDE
from core.drawing.slabs.values import Label, Line, Slab, Window
from core.drawing.style import LIGHT
from core.drawing.tikz import POINTS, document, text_node, way
from core.graph.network import Network

_ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}
_COLOURS = {"text": "net-strong", "soft": "net-soft", "error": "net-problem"}


def tikz(network: Network) -> str:
    """A document of its own that pdflatex, lualatex and xelatex compile; its caption is left to the paper."""
    drawn = figure(network, caption=False)
    lines = [line for each in drawn.lines for line in _line(each)]
    lines += [line for each in drawn.slabs for line in _slab(each)]
    lines += [line for each in drawn.windows for line in _window(each)]
    return document([*lines, *(_label(each) for each in drawn.labels)])


def _polygon(corners: Sequence[Point]) -> str:
    return " -- ".join(_at(corner) for corner in corners) + " -- cycle"


def _at(point: Point) -> str:
    return f"({number(point[0])}, {number(point[1])})"


def _family(family: str) -> str:
    return f"net-{family if family in LIGHT.families else 'merge'}"


def _slab(slab: Slab) -> list[str]:
    solid, family = slab.solid, _family(slab.family)
    faces = [(solid.side(), SIDE)]
    for part in range(slab.parts):
        ends = (part / slab.parts, (part + 1) / slab.parts)
        faces += [(solid.roof(*ends), ROOF), (solid.front(*ends), FRONT)]
    if not slab.known:
        return [rf"\filldraw[fill=net-canvas, draw=net-wire, line width=0.9bp, dashed, line join=round] "
                rf"{_polygon(corners)};" for corners, _ in faces]
    edge = f"draw={family}!{EDGE * 100:g}!net-canvas, line width={POINTS:g}bp, line join=round"
    drawn = [rf"\filldraw[fill={family}!{share * 100:g}!net-canvas, {edge}] {_polygon(corners)};"
             for corners, share in faces]
    if not slab.bypassed:
        return drawn
    return [rf"\begin{{scope}}[transparency group, opacity={DIMMED:g}]", *drawn, r"\end{scope}"]


def _window(window: Window) -> list[str]:
    family = _family(window.family)
    look = f"fill={family}, fill opacity=0.35, draw={family}, line width=0.9bp"
    drawn = [rf"\filldraw[{look}] {_polygon(window.corners)};"]
    if window.point is not None:
        drawn += [rf"\draw[{family}, line width=0.6bp, dashed] {_at(corner)} -- {_at(window.point)};"
                  for corner in window.corners]
        drawn.append(rf"\fill[{family}] {_at(window.point)} circle [radius=2.2];")
    return drawn


def _line(line: Line) -> list[str]:
    style = "line width=0.7bp" if line.kind == "fan" else "line width=1.2bp"
    drawn = [rf"\draw[net-wire, {style}{'' if line.known else ', dashed'}] {way(line.path)};"]
    return drawn + ([rf"\fill[net-wire] {_polygon(line.head())};"] if line.head() else [])


def _label(label: Label) -> str:
    return text_node(label.text, round(label.x, 2), round(label.y, 2), label.size, _COLOURS[label.role],
                     anchor=_ANCHORS[label.anchor], bold=label.bold)
