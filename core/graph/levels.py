"""Networks inside networks: what lies behind a path of blocks, and what an edit there makes of the whole."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from core.graph.block import Block, has_blocks
from core.graph.expand import SEPARATOR, expanded, output_of
from core.graph.network import Edge, Network, Node


def network_at(network: Network, path: Iterable[str]) -> Network:
    """The network inside the block that is reached through these ids; KeyError where one is no block."""
    for key in path:
        layer = network.nodes[key].layer
        if not isinstance(layer, Block):
            raise KeyError(key)
        network = layer.network
    return network


def longest_path(network: Network, path: Sequence[str]) -> tuple[str, ...]:
    """As much of the path as leads through blocks that are there."""
    found: list[str] = []
    for key in path:
        node = network.nodes.get(key)
        if node is None or not isinstance(node.layer, Block):
            break
        found.append(key)
        network = node.layer.network
    return tuple(found)


def names_at(network: Network, path: Iterable[str]) -> tuple[str, ...]:
    """The names of the blocks along a path."""
    found = []
    for key in path:
        found.append(network.nodes[key].name)
        network = network_at(network, (key,))
    return tuple(found)


def layer_meant(network: Network, name: str) -> str:
    """A layer's name in the expanded network; the name of a block means the layer whose output it puts out."""
    path: list[str] = []
    shown = network
    *around, last = name.split(SEPARATOR)
    for each in around:
        key = shown.names.get(each)
        if key is None or not isinstance(shown.nodes[key].layer, Block):
            return name
        path.append(key)
        shown = network_at(shown, (key,))
    key = shown.names.get(last)
    found = output_of(network, path, key) if key is not None else None
    return expanded(network).nodes[found].name if found is not None else name


def put_at(network: Network, path: Sequence[str], inner: Network) -> Network:
    """The whole network with another one inside the block at a path.

    Wires into the block follow its inputs; those of an input that is gone are cut.
    """
    if not path:
        return inner
    node = network.nodes[path[0]]
    assert isinstance(node.layer, Block)
    made = put_at(node.layer.network, path[1:], inner)
    return network if made is node.layer.network else put_block(network, node, replace(node.layer, network=made))


def put_block(network: Network, node: Node, block: Block) -> Network:
    """With other settings or another network of one block, and the wires at its inputs."""
    assert isinstance(node.layer, Block)
    after = network.put(replace(node, layer=block))
    before, now = node.layer.entries, {entry: port for port, entry in enumerate(block.entries)}
    if before == block.entries:
        return after
    edges: list[Edge] = []
    for edge in network.edges:
        if edge.target != node.id:
            edges.append(edge)
        elif before[edge.port] in now:
            edges.append(replace(edge, port=now[before[edge.port]]))
    return replace(after, edges=tuple(edges))


def renamed_layers(before: Network, after: Network, moved: Mapping[str, str]) -> dict[str, str]:
    """{name before: name now} of layers that have another one, in the expanded networks.

    `moved` says which id a node had and which it has now (see `core.graph.blocks`); layers in a block go with it.
    """
    found: dict[str, str] = {}
    if moved:
        now = expanded(after).nodes
        for key, node in expanded(before).nodes.items():
            new = now.get(_moved(key, moved))
            if new is not None and new.name != node.name:
                found[node.name] = new.name
    else:
        _collect(before, after, "", "", found)
        if has_blocks(before) or has_blocks(after):
            found |= _carried(expanded(before).nodes, expanded(after).nodes)
    return found


def _carried(before: Mapping[str, Node], after: Mapping[str, Node]) -> dict[str, str]:
    """Layers that went into or out of a block while nobody told: the same object, under the same id at its end."""
    come = {(key.rpartition(SEPARATOR)[2], id(node.layer)): node for key, node in after.items() if key not in before}
    gone = [(key.rpartition(SEPARATOR)[2], node) for key, node in before.items() if key not in after] if come else []
    return {node.name: come[end, id(node.layer)].name for end, node in gone if (end, id(node.layer)) in come}


def _moved(key: str, moved: Mapping[str, str]) -> str:
    parts = key.split(SEPARATOR)
    for length in range(len(parts), 0, -1):
        new = moved.get(SEPARATOR.join(parts[:length]))
        if new is not None:
            return SEPARATOR.join([new, *parts[length:]])
    return key


def _collect(before: Network, after: Network, old: str, new: str, found: dict[str, str]) -> None:
    """Compare two networks under the names of the blocks around them; what is the same object is passed over."""
    for key, node in before.nodes.items():
        other = after.nodes.get(key)
        if other is None or (other is node and old == new):
            continue
        if isinstance(node.layer, Block) and isinstance(other.layer, Block):
            _collect(node.layer.network, other.layer.network, f"{old}{node.name}{SEPARATOR}",
                     f"{new}{other.name}{SEPARATOR}", found)
        elif old + node.name != new + other.name:
            found[old + node.name] = new + other.name


def shifted(moved: Mapping[str, str], path: Iterable[str]) -> dict[str, str]:
    """`moved` of a network inside a block, as the whole network sees it."""
    prefix = "".join(f"{key}{SEPARATOR}" for key in path)
    return {prefix + old: prefix + new for old, new in moved.items()}
