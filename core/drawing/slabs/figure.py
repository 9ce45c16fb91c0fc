"""A network as the figure of papers and lectures: slabs for feature maps, bars for vectors, as a value."""

from core.drawing.measure import elided
from core.drawing.nodes import complaint
from core.drawing.slabs.groups import about, stacks_of
from core.drawing.slabs.placing import LINE, MARGIN, NAME, NOTE, NUMBER, UNDER, Grid, Item, items_of, placed
from core.drawing.slabs.values import Figure, Label, Line, Slab, Window
from core.drawing.slabs.wires import join
from core.drawing.svg import figures
from core.graph.block import Block
from core.graph.block_cost import cost_at
from core.graph.cost import cost
from core.graph.network import Network
from core.graph.shapes import Inference, infer
from core.layers.base import describe

_TITLE, _SUBTITLE, _CAPTION = 16.0, 12.0, 52.0
_LEAST_WIDTH = 320.0
_SHEETS = 3


def figure(network: Network, *, caption: bool = True) -> Figure:
    """The figure of a network; blocks stay closed, layers that change no size are named under what they follow.

    `caption` writes its name and its size in figures above it. Problems are named at their layers.
    """
    inference = infer(network)
    stacks, heads = stacks_of(network)
    grid = placed(items_of(stacks, inference.shapes, _complaints(inference)), heads,
                  MARGIN + (_CAPTION if caption else 0.0))
    windows, lines, labels = _joined(grid, heads)
    slabs = [_slab(item) for item in grid.items.values()]
    for item in grid.items.values():
        labels += _labels(item)
    counted = figures(inference, cost_at(cost(inference), network, ()))
    width = max(grid.width + 2 * MARGIN, _LEAST_WIDTH)
    if caption:
        labels = [*_caption(network.name or "Network", counted, width - 2 * MARGIN, bool(inference.errors)), *labels]
    height = max([grid.bottoms[-1] if grid.items else MARGIN + _CAPTION, 0.0]) + MARGIN
    return Figure(network.name or "Network", counted, width, height, tuple(slabs), tuple(windows), tuple(lines),
                  tuple(labels))


def _complaints(inference: Inference) -> dict[str, str]:
    """{id: what is wrong with a layer in two words}."""
    found = {}
    for key, node in inference.network.nodes.items():
        errors = [problem for problem in inference.problems_of(key) if problem.severity == "error"]
        if errors:
            found[key] = complaint(node, errors[0])
    return found


def _joined(grid: Grid, heads: Network) -> tuple[list[Window], list[Line], list[Label]]:
    """All windows, lines and the labels between slabs, each once."""
    windows: dict[tuple[object, ...], Window] = {}
    lines: list[Line] = []
    labels: dict[Label, None] = {}
    for edge in heads.edges:
        opened, drawn, written = join(grid, edge)
        windows.update({(each.source, each.corners, each.point): each for each in opened})
        lines += drawn
        labels.update(dict.fromkeys(written))
    return list(windows.values()), lines, list(labels)


def _slab(item: Item) -> Slab:
    node = item.stack.node
    said = [f"{node.type} {node.name}" if node.type != node.name else node.name, node.layer.short(),
            about(node, item.shape) if node.type == "Dense" else "",
            f"output {describe(item.shape)}" if item.shape is not None else "output unknown",
            *(f"{each.type} {each.name}" for each in item.stack.followers)]
    return Slab(node.id, node.layer.family, ", ".join(each for each in said if each), item.solid,
                _SHEETS if isinstance(node.layer, Block) and item.shape is not None else 1, item.shape is not None,
                node.layer.bypassed)


def _labels(item: Item) -> list[Label]:
    """The sizes at a slab's edges and the texts under it."""
    solid, shape = item.solid, item.shape
    found = []
    if shape is not None and item.maps:
        found = [Label(str(shape[0]), solid.left + solid.thickness / 2, solid.bottom + 12, NUMBER, "text"),
                 Label(str(shape[1]), solid.left - 4, solid.top + 0.78 * solid.height + 4, NUMBER, "text", "end"),
                 Label(str(shape[2]), solid.on_side(0.5, 1)[0] + 4, solid.on_side(0.5, 1)[1] + 9, NUMBER, "text",
                       "start")]
    else:
        middle = solid.left + solid.thickness / 2
        found = [Label(describe(shape), middle, solid.bottom + 12, NUMBER, "text")]
    middle = (solid.left + solid.right) / 2
    for number, (text, role, bold) in enumerate(item.texts, 1):
        found.append(Label(text, middle, solid.bottom + UNDER + LINE * number - 3, NAME if bold else NOTE, role,
                           bold=bold))
    return found


def _caption(name: str, counted: str, room: float, wrong: bool) -> list[Label]:
    return [Label(elided(name, room, _TITLE, bold=True), MARGIN, MARGIN + 12, _TITLE, "text", "start", bold=True),
            Label(elided(counted, room, _SUBTITLE), MARGIN, MARGIN + 32, _SUBTITLE, "error" if wrong else "soft",
                  "start")]
