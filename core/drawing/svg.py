"""A network as an SVG picture, as it lies on the canvas."""

from dataclasses import dataclass

from core.drawing.markup import element, escaped, number, text
from core.drawing.measure import elided, number_width
from core.drawing.nodes import NodeText, complaint, draw_node, input_height
from core.drawing.routes import Box, Point, Route, is_back, route, run_level
from core.drawing.style import DARK, LIGHT, NUMBER_FONTS, TEXT_FONTS, Colours, mix
from core.graph.arrange import NODE_HEIGHT, NODE_WIDTH
from core.graph.block_cost import cost_at
from core.graph.cost import Cost, cost
from core.graph.expand import expanded
from core.graph.network import Edge, Network
from core.graph.shapes import Inference, infer
from core.layers.base import describe

_MARGIN = 28.0
_CAPTION = 52.0
_LEAST_WIDTH = 320.0
_TITLE, _SUBTITLE, _LABEL = 16.0, 12.0, 11.0
_PILL = 18.0


@dataclass(frozen=True)
class Picture:
    """SVG text and its size in pixels at 100 %."""

    svg: str
    width: int
    height: int


def draw(network: Network, *, dark: bool = False, caption: bool = True) -> Picture:
    """The network as it is arranged, with its shapes, parameters and problems; light unless `dark`.

    `caption` writes its name and its size in figures above it.
    """
    colours = DARK if dark else LIGHT
    inference, costs, said, routes = laid_out(network)
    left, top, right, bottom = _bounds(said, routes)
    head = _CAPTION if caption else 0.0
    width = max(right - left, _LEAST_WIDTH if caption else 0.0) + 2 * _MARGIN
    height = bottom - top + 2 * _MARGIN + head
    left, top = left - _MARGIN, top - _MARGIN - head
    parts = [element("title", escaped(network.name or "Network")), element("desc", escaped(figures(inference, costs))),
             element("rect", x=left, y=top, width=width, height=height, fill=colours.canvas)]
    if caption:
        start = min((node.position[0] for node in network.nodes.values()), default=0.0)
        parts += _caption(inference, costs, colours, (start, top + _MARGIN), left + width - _MARGIN - start)
    parts += [_wires(routes, inference, colours), *_labels(routes, inference, colours)]
    parts += [draw_node(each, colours) for each in said.values()]
    svg = element("svg", "\n".join(["", *parts, ""]), xmlns="http://www.w3.org/2000/svg", width=width, height=height,
                  viewBox=f"{number(left)} {number(top)} {number(width)} {number(height)}", font_family=TEXT_FONTS)
    return Picture(svg + "\n", round(width), round(height))


def laid_out(network: Network) -> tuple[Inference, Cost, dict[str, NodeText], dict[Edge, Route]]:
    """What follows from a network, its costs, what each node says, and the way of each wire."""
    inference = infer(network)
    costs = cost_at(cost(inference), network, ())
    said = {key: _said(inference, costs, key) for key in network.nodes}
    return inference, costs, said, _routes(network, said)


def _said(inference: Inference, costs: Cost, key: str) -> NodeText:
    network = inference.network
    node, problems = network.nodes[key], inference.problems_of(key)
    errors = [problem for problem in problems if problem.severity == "error"]
    counted = costs.layers.get(key)
    ports = max(node.layer.ports[0], max(network.inputs_of(key), default=-1) + 1)
    return NodeText(node, describe(inference.shapes.get(key)), f"{counted.parameters:,}" if counted else "", ports,
                    complaint(node, errors[0]) if errors else "", bool(errors), len(problems) > len(errors),
                    tuple(problem.sentence() for problem in problems))


def figures(inference: Inference, costs: Cost) -> str:
    """The network's size in words, or what keeps it from being known."""
    count = len(expanded(inference.network).nodes)
    parts = [f"{count:,} layer{'' if count == 1 else 's'}"]
    if inference.errors:
        more = len(inference.errors) - 1
        return f"{parts[0]} · {inference.errors[0].sentence()}" + (f" (and {more:,} more)" if more else "")
    parts += [f"{costs.parameters:,} parameters", f"{costs.macs:,} multiply-adds"]
    return " · ".join(parts)


def _caption(inference: Inference, costs: Cost, colours: Colours, place: Point, room: float) -> list[str]:
    title = elided(inference.network.name or "Network", room, _TITLE, bold=True)
    size = elided(figures(inference, costs), room, _SUBTITLE)
    return [text(title, place[0], place[1] + 12, font_size=_TITLE, font_weight=600, fill=colours.text),
            text(size, place[0], place[1] + 32, font_size=_SUBTITLE,
                 fill=colours.error if inference.errors else colours.soft)]


# wires ----------------------------------------------------------------------------------------------------------------


def _routes(network: Network, said: dict[str, NodeText]) -> dict[Edge, Route]:
    """The way of every wire. Runs of different outputs on the same level lie side by side."""
    boxes = {key: Box(*each.node.position, height=each.height) for key, each in said.items()}
    lanes: dict[tuple[bool, int], list[str]] = {}
    found = {}
    for edge in network.edges:
        start = (boxes[edge.source].right, boxes[edge.source].top + NODE_HEIGHT / 2)
        end = (boxes[edge.target].left, boxes[edge.target].top + input_height(edge.port, said[edge.target].ports))
        others = [box for key, box in boxes.items() if key not in (edge.source, edge.target)]
        lane = 0
        back = is_back(start, end)
        if back or end[0] - start[0] > NODE_WIDTH:
            level = run_level(start, end, others) if back else start[1]
            sharing = lanes.setdefault((back, round(level)), [])
            if edge.source not in sharing:
                sharing.append(edge.source)
            lane = sharing.index(edge.source)
        found[edge] = route(start, end, list(boxes.values()) if back else others, lane)
    return found


def _bounds(said: dict[str, NodeText], routes: dict[Edge, Route]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of everything drawn."""
    points = [(x + dx, y + dy) for each in said.values() for x, y in [each.node.position]
              for dx, dy in ((0.0, 0.0), (float(NODE_WIDTH), each.height))]
    points += [point for each in routes.values() for point in each.points]
    xs, ys = [x for x, _ in points] or [0.0], [y for _, y in points] or [0.0]
    return min(xs), min(ys), max(xs), max(ys)


def _wires(routes: dict[Edge, Route], inference: Inference, colours: Colours) -> str:
    """All wires, dashed where nobody knows what flows."""
    paths = []
    for edge, each in routes.items():
        known = inference.shapes.get(edge.source) is not None
        paths.append(element("path", d=each.path) if known else element("path", d=each.path, stroke_dasharray="6 6"))
    return element("g", "".join(paths), fill="none", stroke=colours.wire, stroke_width=2, stroke_linecap="round")


def _labels(routes: dict[Edge, Route], inference: Inference, colours: Colours) -> list[str]:
    """What flows through long wires, in small pills."""
    found = []
    for edge, each in routes.items():
        if each.label is None:
            continue
        shape = describe(inference.shapes.get(edge.source))
        wide = max(36.0, number_width(shape, _LABEL) + 24)
        x, y = each.label
        pill = element("rect", x=x - wide / 2, y=y - _PILL / 2, width=wide, height=_PILL, rx=_PILL / 2,
                       fill=colours.canvas, stroke=mix(colours.hairline, colours.wire, 0.12))
        found.append(pill + text(shape, x, y + 4, font_size=_LABEL, fill=colours.soft, font_family=NUMBER_FONTS,
                                 text_anchor="middle"))
    return found
