"""Which layers have a slab of their own, and which are only named under the slab they follow."""

from dataclasses import dataclass, field

from core.graph.block import Block
from core.graph.network import Edge, Network, Node

# Layers of these families change numbers but not the size of what they get; Maxout does.
_FOLLOWING = frozenset({"activation", "normalisation", "noise", "output"})
_POOLS = {"MaxPool2D": "max pool", "AveragePool2D": "average pool", "L2Pool2D": "L2 pool",
          "GaussianPool2D": "Gaussian pool", "ChannelPool": "channel pool",
          "GlobalAveragePool2D": "global average pool", "GlobalMaxPool2D": "global max pool"}


@dataclass
class Stack:
    """A layer that has a slab, and the layers behind it that leave the size of its output as it is."""

    node: Node
    followers: list[Node] = field(default_factory=list)


def stacks_of(network: Network) -> tuple[dict[str, Stack], Network]:
    """{id: stack} in the order of the layers, and the network of those layers alone, each wire once.

    A layer follows only where nothing else takes the same input: else it is a branch.
    """
    stacks: dict[str, Stack] = {}
    owner: dict[str, str] = {}
    for key in network.order:
        node, sources = network.nodes[key], list(network.inputs_of(key).values())
        only = sources[0] if len(sources) == 1 else ""
        if follows(node) and only in owner and len(network.outgoing[only]) == 1:
            owner[key] = owner[only]
            stacks[owner[key]].followers.append(node)
        else:
            owner[key] = key
            stacks[key] = Stack(node)
    edges = [Edge(source, key, port) for key in stacks for port, source in enumerate(
        dict.fromkeys(owner[source] for source in network.inputs_of(key).values()))]
    nodes = {key: stack.node for key, stack in stacks.items()}
    return stacks, Network(nodes, tuple(edges), network.name)


def follows(node: Node) -> bool:
    """Whether a layer leaves the size as it is (or only lays it flat)."""
    return node.type == "Flatten" or (node.layer.family in _FOLLOWING and node.type != "Maxout")


def notes(stack: Stack, shape: tuple[int, ...] | None) -> list[str]:
    """What stands under a slab below its name: what the layer is, then what follows it."""
    found = [about(stack.node, shape), *(("" if each.layer.bypassed else _follower(each)) for each in stack.followers)]
    if stack.node.layer.bypassed:
        found[0] = f"{stack.node.type}, bypassed"
    found += [f"{each.type}, bypassed" for each in stack.followers if each.layer.bypassed]
    return [each for each in found if each and each != stack.node.name]


def _follower(node: Node) -> str:
    rate = node.layer.values().get("rate") if node.type == "Dropout" else None
    return node.type if rate is None else f"{node.type} {round(100 * rate)} %"


def about(node: Node, shape: tuple[int, ...] | None) -> str:
    """A layer in a few words: "max pool 3×3, stride 2", "dense 4096"; "" where its window says it all."""
    layer, kind = node.layer, node.type
    if kind in _POOLS:
        return f"{_POOLS[kind]} {layer.short()}" if layer.window() is not None or kind == "ChannelPool" \
            else _POOLS[kind]
    if kind == "Dense":
        return f"dense {shape[0]}" if shape else f"dense {layer.values()['units']}"
    if isinstance(layer, Block) or kind == "Input":
        return layer.short()
    return "" if kind == "Conv2D" else kind


def window_label(node: Node) -> str:
    """What stands beside a convolution's window: "11×11, stride 4"."""
    window = node.layer.window()
    if window is None or node.layer.family != "convolution" or node.layer.bypassed:
        return ""
    parts = [f"{window.kernel[0]}×{window.kernel[1]}"]
    for word, pair in (("stride", window.stride), ("dilation", window.dilation)):
        if pair != (1, 1):
            parts.append(f"{word} {pair[0]}" if pair[0] == pair[1] else f"{word} {pair[0]}×{pair[1]}")
    return ", ".join(parts)
