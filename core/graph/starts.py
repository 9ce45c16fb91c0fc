"""What keeps a network from learning because of how its weights begin (lecture topic 1.7)."""

from core.graph.expand import expanded
from core.graph.initial import AS_EACH_LAYER_SAYS, BY_LAYER, How
from core.graph.network import Network, Node
from core.graph.rules import reachable
from core.layers.base import Layer
from core.settings import settings_of

KERNEL = "kernel_init"
FLAT = ("zeros", "constant")
ZEROS = ("All weights begin at 0, so every unit of a layer computes the same and gets the same gradient. With ReLU or "
         "Tanh nothing passes at all: every output and every weight's gradient is 0, and only the last biases can "
         "learn. Choose He or Xavier as initial values.")
ALIKE = ("All weights begin at one value, so every unit of a layer computes the same and gets the same gradient: a "
         "whole layer can do no more than a single unit. Choose He or Xavier as initial values.")
SOME = ("{0} begins with all its weights at 0, so its units all put out the same, and through a ReLU no gradient comes "
        "back to it. Choose He or Xavier as its initial values.")


def weighted(network: Network) -> list[Node]:
    """The layers that draw initial values and learn, in order; blocks are taken apart."""
    flat = expanded(network)
    nodes = (flat.nodes[key] for key in flat.order)
    return [node for node in nodes if KERNEL in settings_of(node.layer) and not node.layer.bypassed]


def start_warning(network: Network, how: How = BY_LAYER) -> str:
    """Why the network will learn little or nothing from these initial values, in words, or nothing.

    The last layer may begin at 0: its gradient needs only what comes in.
    """
    flat, layers = expanded(network), weighted(network)
    hidden = [node for node in layers if _feeds(flat, node.id, layers)]
    kinds = {_kind(node.layer, how) for node in layers}
    if not hidden:
        return ""
    if kinds == {"zeros"}:
        return ZEROS
    if kinds <= set(FLAT):
        return ALIKE
    names = [node.name for node in hidden if _kind(node.layer, how) == "zeros"]
    return SOME.format(names[0]) if names else ""


def usual(network: Network) -> Network:
    """The network without its blocks, with the usual initial values wherever a layer begins flat."""
    return usual_start(expanded(network))


def usual_start(network: Network) -> Network:
    """The network with the usual initial values of its type wherever a layer of this level begins flat."""
    found = network
    for key, node in network.nodes.items():
        if getattr(node.layer, KERNEL, "") in FLAT:
            found = found.change(key, **{KERNEL: settings_of(node.layer)[KERNEL].default})
    return found


def is_usual(network: Network, how: How) -> bool:
    """Whether the weights begin in one of the usual ways."""
    return how.init == AS_EACH_LAYER_SAYS and not any(
        getattr(node.layer, KERNEL, "") in FLAT for node in expanded(network).nodes.values())


def _kind(layer: Layer, how: How) -> str:
    kind = str(getattr(how.of(layer), KERNEL))
    return "zeros" if kind == "constant" and how.value == 0 else kind


def _feeds(network: Network, key: str, layers: list[Node]) -> bool:
    behind = reachable(network, key) - {key}
    return any(node.id in behind for node in layers)
