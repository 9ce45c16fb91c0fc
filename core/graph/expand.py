"""A network without its blocks, as everything that computes sees it: layers are named `block/layer`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.graph.block import Block, BlockInput, BlockOutput, has_blocks
from core.graph.network import Edge, Network, Node

SEPARATOR = "/"


def expanded(network: Network) -> Network:
    """The same layers and wires with every block taken apart; the network itself where it has none.

    A layer in a block has the id and the name of the block in front of its own, with a slash between. A frozen block
    freezes all its layers, a bypassed one bypasses them.
    """
    if not has_blocks(network):
        return network
    known = network.__dict__.get("_expanded")
    if isinstance(known, Network):
        return known
    unfolding = _Unfolding()
    unfolding.add(network, "", "", None)
    made = Network(unfolding.nodes, tuple(unfolding.edges), network.name)
    network.__dict__["_expanded"], network.__dict__["_outputs"] = made, unfolding.outputs
    return made


def output_of(network: Network, path: Sequence[str], key: str) -> str | None:
    """The id in the expanded network of the layer whose output a node puts out.

    For a block that is the layer at its end, for an input of a block what feeds it; None where nothing does. `path` are
    the blocks around the node.
    """
    inside = SEPARATOR.join([*path, key])
    if inside in expanded(network).nodes:
        return inside
    outputs: Mapping[str, str] = network.__dict__.get("_outputs", {})
    return outputs.get(inside)


def never_grouped(network: Network) -> Network:
    """The expanded network with the ids that the layers have in their blocks, where these all differ.

    So a network and the same one with blocks can be compared: grouping keeps the ids of layers. Names stay long.
    """
    flat = expanded(network)
    ids = {key: key.rpartition(SEPARATOR)[2] for key in flat.nodes}
    if flat is network or len(set(ids.values())) < len(ids):
        return flat
    edges = tuple(Edge(ids[edge.source], ids[edge.target], edge.port) for edge in flat.edges)
    return Network({ids[key]: replace(node, id=ids[key]) for key, node in flat.nodes.items()}, edges, flat.name)


class _Unfolding:
    """Collects the layers and wires of a network and of the blocks in it."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []
        self.outputs: dict[str, str] = {}

    def add(self, network: Network, ids: str, names: str, entering: Mapping[str, str | None] | None) -> dict[str, str]:
        """Add a network under prefixes of ids and names; gives for each of its nodes whose output that is.

        `entering` says what is wired into the block's inputs; None outside of blocks.
        """
        outputs: dict[str, str] = {}
        for key in network.order:
            node = network.nodes[key]
            wired = {port: outputs[source] for port, source in network.inputs_of(key).items() if source in outputs}
            source = self._passed(node, wired, entering)
            if source is _OWN:
                source = ids + key
                self.nodes[source] = replace(node, id=source, name=names + node.name) if ids else node
                self.edges.extend(Edge(each, source, port) for port, each in wired.items())
            elif isinstance(node.layer, Block):
                source = self._block(node.layer, wired, ids + key + SEPARATOR, names + node.name + SEPARATOR)
            if source is not None:
                outputs[key] = self.outputs[ids + key] = source
        return outputs

    def _passed(self, node: Node, wired: Mapping[int, str], entering: Mapping[str, str | None] | None) -> str | None:
        """Whose output a port of a block hands on, or `_OWN` for a layer that stays."""
        if isinstance(node.layer, Block):
            return None
        if entering is not None and isinstance(node.layer, BlockInput):
            return entering.get(node.id)
        if entering is not None and isinstance(node.layer, BlockOutput):
            return wired.get(0)
        return _OWN

    def _block(self, block: Block, wired: Mapping[int, str], ids: str, names: str) -> str | None:
        entering = {entry: wired.get(number) for number, entry in enumerate(block.entries)}
        outputs = self.add(block.inside, ids, names, entering)
        return outputs.get(block.exit) if block.exit is not None else None


_OWN = "\0"
