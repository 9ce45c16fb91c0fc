"""Edits that keep wires alive: taking layers out of the middle and putting them in."""

from collections.abc import Iterable

from core.graph.network import Edge, Network, Node


def remove_and_reconnect(network: Network, ids: Iterable[str]) -> Network:
    """Without these nodes; what they fed is fed by what fed them (by their first input)."""
    gone = set(ids)
    after = network.remove(*gone)
    for edge in network.edges:
        if edge.source in gone and edge.target not in gone:
            source = _survivor(network, edge.source, gone)
            if source is not None:
                after = after.connect(Edge(source, edge.target, edge.port))
    return after


def _survivor(network: Network, node: str, gone: set[str]) -> str | None:
    """The first node upstream that stays."""
    while node in gone:
        before = network.inputs_of(node)
        if not before:
            return None
        node = before[min(before)]
    return node


def insert_on_edge(network: Network, node: Node, edge: Edge) -> Network:
    """With `node` in the middle of a wire. A node that is already in the network keeps its other wires."""
    after = network.disconnect(edge)
    if node.id not in after.nodes:
        after = after.add(node)
    port = after.free_port(node.id)
    return after.connect(Edge(edge.source, node.id, 0 if port is None else port)).connect(
        Edge(node.id, edge.target, edge.port))
