"""Layers whose weights are to begin at 0 though others with weights come behind them (lecture topic 1.7)."""

from core.graph.block import Block
from core.graph.network import Network, Node
from core.graph.rules import reachable

AT_ZERO = ("is to begin with all weights at 0: all its units compute the same, and through a ReLU nothing passes. "
           "Choose He or Xavier as initial values.")


def at_zero(network: Network) -> list[Node]:
    """Those of this level; the last layer may begin at 0, for its gradient needs only what comes in."""
    zeros = [node for node in network.nodes.values() if getattr(node.layer, "kernel_init", "") == "zeros"]
    if not zeros:
        return []
    learning = {key for key, node in network.nodes.items() if hasattr(node.layer, "kernel_init")
                or isinstance(node.layer, Block)}
    return [node for node in zeros if not node.layer.bypassed and (reachable(network, node.id) - {node.id}) & learning]
