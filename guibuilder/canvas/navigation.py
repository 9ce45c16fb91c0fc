"""The next node or wire, for those who move by keys."""

from collections.abc import Iterable

from core.graph.network import Edge, Network

DIRECTIONS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
_ASIDE = 2.5


def nearest(network: Network, start: str, direction: str) -> str | None:
    """The id of the next node that way; going right or left, a wire that leads there comes first."""
    x, y = network.nodes[start].position
    across, down = DIRECTIONS[direction]
    wired: Iterable[str] = ()
    if direction == "right":
        wired = [edge.target for edge in network.outgoing.get(start, ())]
    elif direction == "left":
        wired = network.inputs_of(start).values()
    best: tuple[float, str] | None = None
    for key in wired or network.nodes:
        if key == start:
            continue
        other = network.nodes[key].position
        along = (other[0] - x) * across + (other[1] - y) * down
        aside = abs((other[0] - x) * down) + abs((other[1] - y) * across)
        if not wired and (along <= 0 or aside > 2 * along):
            continue
        cost = (abs(along) + _ASIDE * aside, key)
        best = cost if best is None else min(best, cost)
    return best[1] if best is not None else None


def first(network: Network) -> str | None:
    """The node where reading begins: top left."""
    return min(network.nodes, key=lambda key: (network.nodes[key].position[1], network.nodes[key].position[0]),
               default=None)


def step(network: Network, node: str | None, edge: Edge | None, forward: bool) -> str | Edge | None:
    """From a node to its first wire onward (or back), from a wire to the node at its end (or start)."""
    if edge is not None:
        return edge.target if forward else edge.source
    if node is None:
        return None
    wires = wires_from(network, node) if forward else wires_into(network, node)
    return wires[0] if wires else None


def turn(network: Network, edge: Edge, by: int) -> Edge:
    """The next wire that starts where this one starts; where it is alone there, that ends where this one ends."""
    siblings = wires_from(network, edge.source)
    if len(siblings) == 1:
        siblings = wires_into(network, edge.target)
    return siblings[(siblings.index(edge) + by) % len(siblings)]


def wires_from(network: Network, node: str) -> list[Edge]:
    """The wires out of a node, from top to bottom."""
    return sorted(network.outgoing.get(node, ()), key=lambda edge: (network.nodes[edge.target].position[1], edge.port))


def wires_into(network: Network, node: str) -> list[Edge]:
    """The wires into a node, from top to bottom."""
    return [Edge(source, node, port) for port, source in sorted(network.inputs_of(node).items())]
