"""Nodes and edges as plain data, as files and the clipboard hold them (contract of `network.json`).

A block holds a whole network in the same form.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from core.errors import CoreError, FormatError, NetworkError
from core.graph.block import BLOCK_TYPES, DEEPEST, Block, BlockOutput
from core.graph.network import Edge, Network, Node
from core.graph.output import Output
from core.layers import LAYERS, make_layer
from core.layers.base import Layer
from core.layers.unknown import Unknown
from core.settings import settings_of

_NODE_KEYS = ("id", "type", "name", "settings", "position", "output")
_EDGE_KEYS = ("from", "to", "port")
_NETWORK_KEYS = ("format", "version", "generator", "name", "nodes", "edges")
KIND = "guibuilder-network"
VERSION = 1
FARTHEST = 1e7
UNNAMED = Network().name
Part = TypeVar("Part", Node, Edge)


# writing --------------------------------------------------------------------------------------------------------------


def node_to_plain(node: Node) -> dict[str, Any]:
    """One node, keys in the fixed order, unknown keys of its file behind them."""
    position = [int(value) if value == int(value) else value for value in node.position]
    plain: dict[str, Any] = {"id": node.id, "type": node.type, "name": node.name,
                             "settings": settings_to_plain(node.layer), "position": position}
    if node.output is not None:
        plain["output"] = {**node.output.values(), **node.extra.get("output", {})}
    return {**plain, **{key: value for key, value in node.extra.items() if key != "output"}}


def settings_to_plain(layer: Layer) -> dict[str, Any]:
    """The settings of a layer; those of a block hold its network."""
    if not isinstance(layer, Block):
        return layer.values()
    return {"network": _inner_to_plain(layer.network), "inputs": list(layer.entries), "output": layer.exit,
            **layer.values()}


def edge_to_plain(edge: Edge) -> dict[str, Any]:
    """One wire, keys in the fixed order."""
    return {"from": edge.source, "to": edge.target, "port": edge.port}


def parts_to_plain(network: Network) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any]]:
    """All nodes, all wires, and what the file said beyond our keys."""
    unknown = dict(network.extra)
    of_edges = unknown.pop("edges", {})
    nodes = [node_to_plain(node) for node in network.nodes.values()]
    return nodes, [{**edge_to_plain(edge), **of_edges.get(edge, {})} for edge in network.edges], unknown


def _inner_to_plain(network: Network) -> dict[str, Any]:
    nodes, edges, unknown = parts_to_plain(network)
    named = {} if network.name == UNNAMED else {"name": network.name}
    return {"format": KIND, "version": VERSION, **named, "nodes": nodes, "edges": edges, **unknown}


# reading --------------------------------------------------------------------------------------------------------------


def node_from_plain(data: Mapping[str, Any], deep: int = 0) -> Node:
    """A node from plain data, `deep` blocks down; FormatError where it is none. Unknown types are kept as they are."""
    for key, kind in (("id", str), ("type", str), ("name", str)):
        if not isinstance(data.get(key), kind) or not 0 < len(data[key]) <= 200:
            raise FormatError(f"A layer of the file has no proper {key}; the file is damaged.")
    settings = data.get("settings", {})
    if not isinstance(settings, dict):
        raise FormatError(f"The settings of {data['name']} are not a table; the file is damaged.")
    extra = {key: value for key, value in data.items() if key not in _NODE_KEYS}
    output, unknown = _output(data.get("output"), data["name"])
    if unknown:
        extra["output"] = unknown
    return Node(data["id"], _layer(data["type"], data["name"], settings, deep), data["name"],
                _position(data.get("position", (0, 0)), data["name"]), extra, output)


def edge_from_plain(data: Mapping[str, Any]) -> Edge:
    """A wire from plain data; FormatError where it is not one."""
    source, target, port = data.get("from"), data.get("to"), data.get("port", 0)
    proper = isinstance(source, str) and isinstance(target, str) and type(port) is int and 0 <= port < 1000
    if not proper:
        raise FormatError("A wire of the file does not name its two ends and its port; the file is damaged.")
    return Edge(str(source), str(target), int(port))


def network_from_parts(data: Mapping[str, Any], what: str, deep: int = 0) -> Network:
    """The network of lists of nodes and wires; FormatError in one sentence that begins with `what`."""
    nodes = _nodes(data["nodes"], what, deep)
    extra = {key: value for key, value in data.items() if key not in _NETWORK_KEYS}
    edges, of_edges = _edges(data["edges"], nodes, what)
    if of_edges:
        # A key that every file has: under it, what wires said beyond our keys can hide without meeting another.
        extra["edges"] = of_edges
    return Network(nodes, edges, data.get("name", UNNAMED), extra)


def _nodes(plain: list[dict[str, Any]], what: str, deep: int) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    names: set[str] = set()
    for each in plain:
        node = _read(lambda data: node_from_plain(data, deep), each, what)
        try:
            Network({node.id: node}).rename(node.id, node.name)
        except NetworkError as error:
            raise FormatError(f"{what} has a layer named {node.name[:80]!r}. {error.message}") from error
        if node.id in nodes or node.name in names:
            raise FormatError(f"{what} has two layers with the id or the name of {node.name}; names must be unique.")
        nodes[node.id] = node
        names.add(node.name)
    return nodes


def _edges(plain: list[dict[str, Any]], nodes: Mapping[str, Node],
           what: str) -> tuple[tuple[Edge, ...], dict[Edge, dict[str, Any]]]:
    """The wires, and what they said beyond our keys. A cycle is let in: it is shown as a problem of the drawing."""
    edges: dict[tuple[str, int], Edge] = {}
    unknown = {}
    for each in plain:
        edge = _read(edge_from_plain, each, what)
        if edge.source not in nodes or edge.target not in nodes:
            raise FormatError(f"{what} has a wire to or from a layer that it does not have; the file is damaged.")
        target = nodes[edge.target]
        most = None if isinstance(target.layer, Unknown) else target.layer.ports[1]
        if most is not None and edge.port >= most:
            raise FormatError(f"{what} has a wire into input {edge.port + 1} of {target.name}, which has {most}.")
        if (edge.target, edge.port) in edges:
            raise FormatError(f"{what} has two wires into the same input of {target.name}; remove one.")
        edges[edge.target, edge.port] = edge
        rest = {key: value for key, value in each.items() if key not in _EDGE_KEYS}
        if rest:
            unknown[edge] = rest
    return tuple(edges.values()), unknown


def _read(read: Callable[[dict[str, Any]], Part], plain: dict[str, Any], what: str) -> Part:
    try:
        return read(plain)
    except FormatError as error:
        raise FormatError(f"{what}: {error.message}") from error


def _layer(kind: str, name: str, settings: dict[str, Any], deep: int) -> Layer:
    try:
        if kind == "Block":
            return _block(settings, f"The block {name[:80]}", deep + 1)
        if kind in BLOCK_TYPES:
            return BLOCK_TYPES[kind]().changed(**settings)
        return make_layer(kind, settings) if kind in LAYERS else Unknown(name=kind, kept=settings)
    except FormatError:
        raise
    except CoreError as error:
        raise FormatError(f"{name}: {error.message}") from error


def _block(settings: dict[str, Any], what: str, deep: int) -> Block:
    """A block from its settings; its ports follow from the network, `inputs` only tells their order."""
    if deep > DEEPEST:
        raise FormatError(f"{what} lies more than {DEEPEST} blocks deep; take some apart.")
    inner, inputs = settings.get("network"), settings.get("inputs", [])
    lists = [inner.get(key) for key in ("nodes", "edges")] if isinstance(inner, dict) else [None]
    proper = all(isinstance(part, list) and all(isinstance(each, dict) for each in part) for part in lists)
    if not isinstance(inner, dict) or not proper or not isinstance(inner.get("name", ""), str):
        raise FormatError(f"{what} holds no network; the file is damaged.")
    if inner.get("format", KIND) != KIND or inner.get("version", VERSION) != VERSION:
        raise FormatError(f"{what} holds a network of another format or version; the file is damaged.")
    if not isinstance(inputs, list) or not all(isinstance(each, str) for each in inputs):
        raise FormatError(f"{what} does not name its inputs by their ids; the file is damaged.")
    network = network_from_parts(inner, what, deep)
    if sum(isinstance(node.layer, BlockOutput) for node in network.nodes.values()) != 1:
        raise FormatError(f"{what} needs exactly one BlockOutput inside; the file is damaged.")
    plain = {key: value for key, value in settings.items() if key not in ("network", "inputs", "output")}
    return Block(network=network, entries=tuple(inputs)).changed(**plain)


def _output(plain: Any, name: str) -> tuple[Output | None, dict[str, Any]]:
    """What was decided about a last layer (None: nothing), and the keys of it that we do not know."""
    if plain is None:
        return None, {}
    if not isinstance(plain, dict):
        raise FormatError(f"The output settings of {name} are not a table; the file is damaged.")
    known = settings_of(Output)
    try:
        decided = Output(**{key: value for key, value in plain.items() if key in known})
    except CoreError as error:
        raise FormatError(f"{name}: {error.message}") from error
    return decided, {key: value for key, value in plain.items() if key not in known}


def _position(value: Any, name: str) -> tuple[float, float]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise FormatError(f"The place of {name} on the canvas is not two numbers; the file is damaged.")
    for each in value:
        if isinstance(each, bool) or not isinstance(each, (int, float)) or not abs(each) <= FARTHEST:
            raise FormatError(f"The place of {name} on the canvas is out of reach; the file is damaged.")
    return (float(value[0]), float(value[1]))
