"""Room for nodes that an edit adds: a tidy drawing stays tidy, else what is in their way moves on."""

from core.graph.arrange import COLUMN, NODE_HEIGHT, NODE_WIDTH, arrange
from core.graph.network import Network


def is_tidy(network: Network) -> bool:
    """Whether all nodes lie where arranging would put them; such a drawing is kept tidy."""
    return bool(network.nodes) and all(network.nodes[key].position == place for key, place in arrange(network).items())


def cleared(before: Network, after: Network) -> Network:
    """After an edit, with the nodes that it adds off all others: behind their first source, the row behind moved on."""
    new = [key for key in after.nodes if key not in before.nodes]
    if new and is_tidy(before):
        return after.move(arrange(after))
    for key in new:
        sources = after.inputs_of(key)
        if sources and _covers(after, key):
            after = _behind(after, key, sources[min(sources)])
    return after


def _covers(network: Network, key: str) -> bool:
    """Whether a node lies on another."""
    x, y = network.nodes[key].position
    places = (node.position for other, node in network.nodes.items() if other != key)
    return any(abs(left - x) < NODE_WIDTH and abs(top - y) < NODE_HEIGHT for left, top in places)


def _behind(network: Network, key: str, source: str) -> Network:
    x, y = network.nodes[source].position
    row = {other: node.position for other, node in network.nodes.items()
           if other != key and node.position[0] > x and abs(node.position[1] - y) < NODE_HEIGHT}
    shift = max(0.0, x + 2 * COLUMN - min((left for left, _ in row.values()), default=x + 2 * COLUMN))
    return network.move({**{other: (left + shift, top) for other, (left, top) in row.items()}, key: (x + COLUMN, y)})
