"""Where a new node goes: right of the one before, wrapping into rows like text, never on top of another."""

from collections.abc import Sequence
from dataclasses import replace

from core.errors import EdgeRefused
from core.graph.arrange import MARGIN, arrange
from core.graph.clearing import is_tidy
from core.graph.heal import insert_on_edge
from core.graph.network import Edge, Network, Node
from guibuilder.canvas.geometry import COLUMN, LANE, NODE_HEIGHT, NODE_WIDTH, ROW_GAP, SNAP, node_height
from guibuilder.canvas.wiring import linked

COLUMNS = 4
_GAP = 40
_NEIGHBOUR = 130
_TRIES = 200

Place = tuple[float, float]


def snapped(place: Place) -> Place:
    """The nearest point of the grid."""
    return (round(place[0] / SNAP) * SNAP, round(place[1] / SNAP) * SNAP)


def place_after(network: Network, anchor: str) -> Place:
    """Right of a node, or at the start of the next row where the row is full."""
    x, y = network.nodes[anchor].position
    left = min(node.position[0] for node in network.nodes.values())
    if round((x - left) / COLUMN) + 1 >= COLUMNS:
        return free_place(network, (left, y + NODE_HEIGHT + ROW_GAP))
    return free_place(network, (x + COLUMN, y))


def place_beside(network: Network, anchor: str) -> Place | None:
    """One column right of a node, or None where another lies there."""
    x, y = network.nodes[anchor].position
    place = (x + COLUMN, y)
    return None if any(_overlap(network, key, place) for key in network.nodes) else place


def free_place(network: Network, place: Place) -> Place:
    """`place`, or further down where another node lies there."""
    for _ in range(_TRIES):
        if not any(_overlap(network, key, place) for key in network.nodes):
            break
        place = (place[0], place[1] + LANE)
    return place


def _overlap(network: Network, key: str, place: Place) -> bool:
    x, y = network.nodes[key].position
    height = node_height(network.port_count(key))
    return abs(x - place[0]) < NODE_WIDTH and place[1] - height < y < place[1] + NODE_HEIGHT


def start_place(network: Network) -> Place:
    """Where the first node goes, or a node that belongs to none."""
    if not network.nodes:
        return (float(MARGIN), float(MARGIN))
    left = min(node.position[0] for node in network.nodes.values())
    bottom = max(node.position[1] for node in network.nodes.values())
    return free_place(network, (left, bottom + NODE_HEIGHT + ROW_GAP))


def default_anchor(network: Network, selected: Sequence[str]) -> tuple[str, ...]:
    """What a new layer follows: the selected nodes, or the only end of the network."""
    if selected:
        return tuple(selected)
    finals = network.finals()
    return finals if len(finals) == 1 else ()


def added_after(network: Network, node: Node, anchors: Sequence[str]) -> Network:
    """With a new node behind others: wired to them, put into the wire of the only one, or alone where nothing fits."""
    most = node.layer.ports[1]
    anchors = tuple(anchors) if most is None else tuple(anchors)[-most:] if most else ()
    if not anchors:
        return network.add(_at(node, start_place(network)))
    x, y = network.nodes[anchors[-1]].position
    onward = network.outgoing.get(anchors[-1], ())
    if len(anchors) == 1 and len(onward) == 1:
        return inserted(network, _at(node, (x + COLUMN, y)), onward[0])
    right = max(anchors, key=lambda key: network.nodes[key].position)
    after = linked(network, _at(node, place_after(network, right)), anchors)
    return after.move(arrange(after)) if is_tidy(network) else after


def follows(network: Network, node: Node, place: Place) -> str | None:
    """The node left of `place`, in the same row and with a free output, that a node dropped there is wired to."""
    if node.layer.ports[1] == 0:
        return None
    near = {key: place[0] - other.position[0] - NODE_WIDTH for key, other in network.nodes.items()
            if key not in network.outgoing and abs(other.position[1] - place[1]) <= NODE_HEIGHT / 2}
    near = {key: gap for key, gap in near.items() if 0 <= gap <= _NEIGHBOUR}
    return min(near, key=lambda key: near[key], default=None)


def inserted(network: Network, node: Node, edge: Edge) -> Network:
    """With a node in the middle of a wire; what is in its way moves on. EdgeRefused where it cannot be."""
    tidy = is_tidy(network.remove(node.id))
    node = _at(node, _clear(network, node.position, edge.source))
    if node.id in network.nodes:
        network = network.move({node.id: node.position})
    after = insert_on_edge(network, node, edge)
    return after.move(arrange(after)) if tidy else make_room(after, node.id)


def _clear(network: Network, place: Place, source: str) -> Place:
    """`place`, or one column behind the source where the two would overlap."""
    x, y = network.nodes[source].position
    if abs(y - place[1]) < NODE_HEIGHT and x - NODE_WIDTH < place[0] < x + NODE_WIDTH + _GAP:
        return (x + COLUMN, y)
    return place


def can_insert(network: Network, node: Node, edge: Edge) -> bool:
    """Whether a node can be put into a wire."""
    if node.id in (edge.source, edge.target) or node.layer.ports[1] == 0:
        return False
    if node.id in network.nodes and network.free_port(node.id) is None:
        return False
    try:
        insert_on_edge(network, node, edge)
    except EdgeRefused:
        return False
    return True


def make_room(network: Network, key: str) -> Network:
    """With the nodes right of `key` in its row moved on, as far as they are in the way."""
    x, y = network.nodes[key].position
    row = {other: node.position for other, node in network.nodes.items()
           if other != key and abs(node.position[1] - y) < NODE_HEIGHT and node.position[0] > x - NODE_WIDTH / 2}
    nearest = min((place[0] for place in row.values()), default=None)
    if nearest is None or nearest >= x + NODE_WIDTH + _GAP:
        return network
    shift = x + COLUMN - nearest
    return network.move({other: (place[0] + shift, place[1]) for other, place in row.items()})


def _at(node: Node, place: Place) -> Node:
    return replace(node, position=place)
