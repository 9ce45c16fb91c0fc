"""Which wires may be drawn: the gesture asks here, the edit asks the same rule again."""

from collections.abc import Iterable

from core.errors import EdgeRefused
from core.graph.network import Edge, Network, Node
from core.graph.rules import check_edge, reachable, upstream
from core.graph.shapes import Inference, infer
from core.layers.base import describe


def edge_between(network: Network, source: str, target: str, port: int | None = None) -> Edge:
    """The wire to this input, or to the first free one; to input 0 where none is free (and so will be refused)."""
    if port is None:
        port = network.free_port(target)
    return Edge(source, target, 0 if port is None else port)


def refusal(network: Network, edge: Edge) -> str:
    """Why this wire may not be drawn; empty where it may."""
    try:
        check_edge(network, edge)
    except EdgeRefused as refused:
        return refused.message
    return ""


def open_targets(network: Network, source: str) -> set[str]:
    """The nodes that a wire from `source` may go to."""
    closed = upstream(network, source)
    return {key for key in network.nodes if key not in closed and network.free_port(key) is not None}


def open_sources(network: Network, target: str, port: int) -> set[str]:
    """The nodes that a wire into this input may come from."""
    if port in network.inputs_of(target):
        return set()
    return network.nodes.keys() - reachable(network, target)


def outcome(network: Network, inference: Inference, edge: Edge) -> tuple[str, bool]:
    """What the target would put out with one more wire, in words, and whether it would run."""
    return outcome_of(network.connect(edge), inference, edge.target)


def outcome_of(after: Network, inference: Inference, key: str) -> tuple[str, bool]:
    """What a node puts out after an edit, or its first error, in words, and whether it runs."""
    found = infer(after, inference)
    errors = [problem for problem in found.problems_of(key) if problem.severity == "error"]
    if errors:
        return errors[0].message, False
    return f"→ {describe(found.shapes.get(key))}", True


def linked(network: Network, node: Node, sources: Iterable[str], target: Edge | None = None) -> Network:
    """With a new node, fed by `sources` and feeding the input that `target` names; refused wires are left out."""
    after = network.add(node)
    edges = [Edge(source, node.id, port) for port, source in enumerate(sources)]
    if target is not None:
        edges.append(Edge(node.id, target.target, target.port))
    for edge in edges:
        if not refusal(after, edge):
            after = after.connect(edge)
    return after
