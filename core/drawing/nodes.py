"""One layer as it stands on the canvas: what it is, how it is set, what comes out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.drawing.icons import layer_icon
from core.drawing.markup import element, escaped, text
from core.drawing.measure import elided, number_width, shortened, text_width
from core.drawing.style import NUMBER_FONTS, Colours, mix
from core.graph.arrange import NODE_HEIGHT, NODE_WIDTH
from core.graph.block import Block
from core.graph.network import Node
from core.graph.shapes import Problem

HEADER = 23
RADIUS = 8
PORT = 5
_LEFT, _RIGHT = 12.0, NODE_WIDTH - 12.0
_NAME, _KIND, _SETTINGS, _SHAPE, _COUNT = 13.0, 11.0, 12.0, 12.5, 11.0
_HEAD_LINE, _SETTINGS_LINE, _SHAPE_LINE = 16.0, 43.5, 61.5
_LEAST_SIZE = 10.0
_GAP = 8.0
_ICON = 14.0
_PITCH = 20
_PORTS_THAT_FIT = 3
_DIMMED = 0.45
# How far behind a block the sheets lie that show that it holds several layers.
_SHEETS = (8, 4)


@dataclass(frozen=True)
class NodeText:
    """Everything a node says; `complaint` stands where the shape would, `problems` are whole sentences."""

    node: Node
    shape: str
    parameters: str
    ports: int
    complaint: str = ""
    error: bool = False
    warning: bool = False
    problems: tuple[str, ...] = ()

    @property
    def height(self) -> float:
        """The node grows where its inputs do not fit."""
        return NODE_HEIGHT + max(0, self.ports - _PORTS_THAT_FIT) * _PITCH


def input_height(port: int, ports: int) -> float:
    """How far below the node's top an input lies; a single one lies in the middle of the usual height."""
    first = NODE_HEIGHT / 2 - (_PITCH if ports > _PORTS_THAT_FIT else (ports - 1) * _PITCH / 2)
    return first + port * _PITCH


def draw_node(said: NodeText, colours: Colours) -> str:
    """A node as a group at its place on the canvas."""
    family = colours.family(said.node.layer.family)
    parts = [element("title", escaped(_spoken(said))), *_body(said, family, colours), *_head(said, family, colours),
             *_lines(said, colours), *_ports(said, family, colours)]
    if said.error or said.warning:
        parts.append(_badge(said, colours))
    place = {"transform": f"translate({said.node.position[0]:g} {said.node.position[1]:g})"}
    if said.node.layer.bypassed:
        place["opacity"] = str(_DIMMED)
    return element("g", "".join(parts), **place)


def complaint(node: Node, problem: Problem) -> str:
    """An error in two or three words."""
    if isinstance(node.layer, Block) and problem.layer.rpartition("/")[2] != node.name:
        return "problem inside"
    made = _COMPLAINTS.get(problem.code)
    return made(node) if made is not None else "does not fit"


def _spoken(said: NodeText) -> str:
    node = said.node
    parts = [f"{node.type} {node.name}" if node.type != node.name else node.name, node.layer.short(),
             f"output {said.shape}" if said.shape != "?" else "output unknown",
             f"{said.parameters} parameters" if said.parameters else "", *said.problems]
    return ", ".join(part for part in parts if part)


def _body(said: NodeText, family: str, colours: Colours) -> list[str]:
    arc = f"A{RADIUS} {RADIUS} 0 0 1"
    head = f"M0 {HEADER}V{RADIUS}{arc} {RADIUS} 0H{NODE_WIDTH - RADIUS}{arc} {NODE_WIDTH} {RADIUS}V{HEADER}Z"
    edge = colours.error if said.error else mix(colours.hairline, colours.wire, 0.12)
    sheets = [element("rect", x=step, y=step, width=NODE_WIDTH, height=said.height, rx=RADIUS,
                      fill=mix(colours.panel, family, colours.header), stroke=edge) for step in _SHEETS
              if isinstance(said.node.layer, Block)]
    return [*sheets, element("rect", width=NODE_WIDTH, height=said.height, rx=RADIUS, fill=colours.panel),
            element("path", d=head, fill=mix(colours.panel, family, colours.header)),
            element("rect", y=4, width=4, height=said.height - 8, rx=2, fill=family),
            element("rect", width=NODE_WIDTH, height=said.height, rx=RADIUS, fill="none", stroke=edge,
                    stroke_width=1.6 if said.error else 1)]


def _head(said: NodeText, family: str, colours: Colours) -> list[str]:
    """Name and type; where both do not fit, the type's icon stands for it."""
    name, kind, room = said.node.name, said.node.type, _RIGHT - _LEFT
    if text_width(name, _NAME, bold=True) + _GAP + text_width(kind, _KIND, bold=True) <= room:
        right = text(kind, _RIGHT, _HEAD_LINE, font_size=_KIND, font_weight=600, fill=family, text_anchor="end")
    else:
        right = layer_icon(kind, said.node.layer.family, family, (_RIGHT - _ICON, (HEADER - _ICON) / 2), _ICON)
        room -= _ICON + _GAP
        name = elided(name, room, _NAME, bold=True)
    return [text(name, _LEFT, _HEAD_LINE, font_size=_NAME, font_weight=600, fill=colours.text), right]


def _lines(said: NodeText, colours: Colours) -> list[str]:
    layer = said.node.layer
    short = "bypassed" if layer.bypassed else layer.short()
    found = []
    if short:
        size = max(_LEAST_SIZE, min(_SETTINGS, _SETTINGS * (_RIGHT - _LEFT) / text_width(short, _SETTINGS)))
        found.append(text(elided(short, _RIGHT - _LEFT, size), _LEFT, _SETTINGS_LINE, font_size=size,
                          fill=colours.soft))
    shown, colour = (said.complaint, colours.error) if said.error else (said.shape, colours.text)
    found.append(text(shown, _LEFT, _SHAPE_LINE, font_size=_SHAPE, font_weight="bold", fill=colour,
                      font_family=NUMBER_FONTS))
    count = "" if said.error else count_shown(said)
    if count:
        found.append(text(count, _RIGHT, _SHAPE_LINE, font_size=_COUNT, fill=colours.soft,
                          font_family=NUMBER_FONTS, text_anchor="end"))
        if layer.frozen:
            found.append(_lock(_RIGHT - number_width(count, _COUNT) - 14, colours))
    return found


def count_shown(said: NodeText) -> str:
    """The number of parameters as it fits beside the shape: in full, else as "1.18 M", else not at all."""
    room = _RIGHT - _LEFT - number_width(said.shape, _SHAPE) - _GAP / 2
    return next((each for each in (said.parameters, shortened(said.parameters))
                 if number_width(each, _COUNT) <= room), "")


def _lock(left: float, colours: Colours) -> str:
    """A frozen layer's padlock."""
    bow = element("path", d=f"M{left + 2:g} 56v-2a3 3 0 0 1 6 0v2", fill="none", stroke=colours.soft, stroke_width=1.2)
    return bow + element("rect", x=left, y=55.5, width=10, height=7, rx=1.5, fill=colours.soft)


def _ports(said: NodeText, family: str, colours: Colours) -> list[str]:
    inputs = [element("circle", cx=0, cy=input_height(port, said.ports), r=PORT, fill=colours.panel,
                      stroke=colours.wire, stroke_width=1.6) for port in range(said.ports)]
    return [*inputs, element("circle", cx=NODE_WIDTH, cy=NODE_HEIGHT / 2, r=PORT, fill=family)]


def _badge(said: NodeText, colours: Colours) -> str:
    """A triangle for an error, a diamond for a warning: the shape says it, not only the colour."""
    x = NODE_WIDTH - 4
    shape = f"M{x} -10L{x + 10} 7H{x - 10}Z" if said.error else f"M{x} -11L{x + 10} -1L{x} 9L{x - 10} -1Z"
    lift = 0.0 if said.error else -1.5
    sign = element("path", d=shape, fill=colours.error if said.error else colours.warning, stroke=colours.canvas,
                   stroke_width=1.5, stroke_linejoin="round")
    mark = f"M{x} {-4 + lift:g}V{1 + lift:g}M{x} {4 + lift:g}v.01"
    return sign + element("path", d=mark, stroke=colours.canvas, stroke_width=2, stroke_linecap="round")


def _too_small(node: Node) -> str:
    window = node.layer.window()
    return "too small" if window is None else f"needs {window.reach(0)}×{window.reach(1)}"


def _missing(node: Node) -> str:
    least = node.layer.ports[0]
    return "needs an input" if least == 1 else f"needs {least} inputs"


_COMPLAINTS: Mapping[str, Callable[[Node], str]] = {
    "too-small": _too_small, "input-missing": _missing, "needs-maps": lambda node: "needs maps",
    "needs-vector": lambda node: "needs a vector", "groups": lambda node: "groups do not fit",
    "shapes-differ": lambda node: "shapes differ", "too-large": lambda node: "too large",
    "cycle": lambda node: "on a cycle", "unknown-type": lambda node: "unknown type",
}
