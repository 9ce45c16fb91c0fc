"""Why a wire may not be drawn: one rule, asked by the gesture and enforced by the edit."""

from typing import TYPE_CHECKING

from core.errors import EdgeRefused

if TYPE_CHECKING:
    from core.graph.network import Edge, Network


def check_edge(network: "Network", edge: "Edge") -> None:
    """Raise EdgeRefused with the reason where this wire may not be added."""
    if edge.source not in network.nodes or edge.target not in network.nodes:
        raise EdgeRefused("missing", "A wire needs a layer at both ends.")
    source, target = network.nodes[edge.source], network.nodes[edge.target]
    if edge.source == edge.target:
        raise EdgeRefused("self", f"{source.name} cannot feed itself.")
    most = target.layer.ports[1]
    if most == 0:
        raise EdgeRefused("port", f"{target.name} is where pictures come in; nothing can be wired into it.")
    if edge.port < 0 or (most is not None and edge.port >= most):
        raise EdgeRefused("port", f"{target.name} has no input {edge.port + 1}; it has {most}.")
    taken = network.inputs_of(edge.target).get(edge.port)
    if taken is not None:
        raise EdgeRefused("taken", f"This input of {target.name} is taken by {network.nodes[taken].name}; "
                                   f"remove that wire first.")
    if edge.source in reachable(network, edge.target):
        raise EdgeRefused("cycle", f"{source.name} comes after {target.name}, so this wire would close a cycle.")


def reachable(network: "Network", start: str) -> set[str]:
    """All ids that the output of `start` reaches, itself included."""
    found, waiting = {start}, [start]
    while waiting:
        for edge in network.outgoing.get(waiting.pop(), ()):
            if edge.target not in found:
                found.add(edge.target)
                waiting.append(edge.target)
    return found


def upstream(network: "Network", start: str) -> set[str]:
    """All ids that feed `start`, itself included."""
    found, waiting = {start}, [start]
    while waiting:
        for source in network.inputs_of(waiting.pop()).values():
            if source not in found:
                found.add(source)
                waiting.append(source)
    return found
