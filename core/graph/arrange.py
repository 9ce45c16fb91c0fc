"""Where nodes go: chains wrap into rows like text, branches lie side by side.

The places depend on the graph only, so a second run changes nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from core.graph.network import Network

NODE_WIDTH, NODE_HEIGHT = 150, 74
COLUMN, LANE, ROW_GAP = 224, 104, 96
MARGIN = 24
_SWEEPS = 8
_LONGEST_ROW = 12

Lanes = list[list[str]]


@dataclass(frozen=True)
class _Link:
    source: str
    target: str


def arrange(network: Network, ids: Collection[str] | None = None, *,
            columns: int = 4) -> dict[str, tuple[float, float]]:
    """A place (top left, pixels) for each node, or for those in `ids` only, whose top left corner then stays put.

    `columns` is how many nodes a row of a chain holds; rows of branches grow until a single wire leads on.
    """
    chosen = set(network.nodes if ids is None else ids)
    if not chosen:
        return {}
    lanes, crossing = columns_of(network, chosen)
    places = _rows(lanes, crossing, columns)
    places = {key: place for key, place in places.items() if key in chosen}
    if ids is None:
        return places
    left = min(network.nodes[key].position[0] for key in chosen) - min(x for x, _ in places.values())
    top = min(network.nodes[key].position[1] for key in chosen) - min(y for _, y in places.values())
    return {key: (x + left, y + top) for key, (x, y) in places.items()}


def columns_of(network: Network, chosen: set[str]) -> tuple[Lanes, list[int]]:
    """Nodes and placeholders of long wires by column, in the order of lanes; and how many wires cross behind each."""
    depth: dict[str, int] = {}
    for key in network.order:
        if key in chosen:
            sources = [depth[source] for source in network.inputs_of(key).values() if source in depth]
            depth[key] = max(sources, default=-1) + 1
    loose = {key for key in depth if not network.inputs_of(key) and key not in network.outgoing}
    last = max((column for key, column in depth.items() if key not in loose), default=-1)
    lanes: Lanes = [[] for _ in range(last + 1)]
    for key, column in depth.items():
        if key in loose:
            lanes.append([key])
        else:
            lanes[column].append(key)
    links, crossing = _links(network, depth, lanes)
    _sort_lanes(lanes, links)
    return lanes, crossing


def _links(network: Network, depth: Mapping[str, int], lanes: Lanes) -> tuple[list[_Link], list[int]]:
    """Wires cut into steps of one column, with a placeholder in each column they pass."""
    links, crossing = [], [0] * len(lanes)
    tracks: set[tuple[str, int]] = set()
    for edge in network.edges:
        if edge.source not in depth or edge.target not in depth or depth[edge.target] <= depth[edge.source]:
            continue
        before = edge.source
        for column in range(depth[edge.source], depth[edge.target]):
            if (edge.source, column) not in tracks:
                tracks.add((edge.source, column))
                crossing[column] += 1
            step = edge.target if column + 1 == depth[edge.target] else f"{edge.source}→{edge.target}:{column + 1}"
            if step != edge.target:
                lanes[column + 1].append(step)
            links.append(_Link(before, step))
            before = step
    return links, crossing


def _sort_lanes(lanes: Lanes, links: list[_Link]) -> None:
    """Fewer crossings: each node goes to the mean lane of its neighbours, sweeping to and fro."""
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for link in links:
        before.setdefault(link.target, []).append(link.source)
        after.setdefault(link.source, []).append(link.target)
    rank = {key: float(number) for column in lanes for number, key in enumerate(column)}
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        near = before if forward else after
        for column in lanes if forward else reversed(lanes):
            wanted = {key: sum(rank[each] for each in near[key]) / len(near[key]) if near.get(key) else rank[key]
                      for key in column}
            # Real nodes come before placeholders of shortcuts, so that the main path stays straight on top.
            column.sort(key=lambda key: (wanted[key], "→" in key, key))
            rank.update({key: float(number) for number, key in enumerate(column)})


def _rows(lanes: Lanes, crossing: list[int], columns: int) -> dict[str, tuple[float, float]]:
    places: dict[str, tuple[float, float]] = {}
    top, start = float(MARGIN), 0
    while start < len(lanes):
        end = _row_end(crossing, start, columns)
        row = lanes[start:end]
        for number, column in enumerate(row):
            places |= {key: (float(MARGIN + number * COLUMN), top + lane * LANE) for lane, key in enumerate(column)
                       if "→" not in key}
        height = max(max((lane for lane, key in enumerate(column) if "→" not in key), default=0) for column in row)
        top += height * LANE + NODE_HEIGHT + ROW_GAP
        start = end
    return places


def _row_end(crossing: list[int], start: int, columns: int) -> int:
    """Where the row ends: after `columns`, or later where branches are open, at the next single wire."""
    end = start
    while end < len(crossing):
        end += 1
        if end - start >= columns and (crossing[end - 1] <= 1 or end - start >= _LONGEST_ROW):
            break
    return end
