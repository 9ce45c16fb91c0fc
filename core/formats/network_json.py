"""`network.json`: the drawing alone, as text that people and other programs can read and write."""

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, TypeVar

import msgspec

from core.errors import FormatError, NetworkError
from core.formats.base import Format
from core.formats.json_text import GENERATOR, LARGEST_TEXT, Step, dumps, encoded, parse, upgrade
from core.graph.network import Edge, Network, Node
from core.graph.plain import edge_from_plain, edge_to_plain, node_from_plain, node_to_plain
from core.layers.unknown import Unknown
from core.project import Project

KIND = "guibuilder-network"
VERSION = 1
# {n: what makes version n + 1 of version n}; each step stays for ever.
STEPS: Mapping[int, Step] = {}
_KEYS = ("format", "version", "generator", "name", "nodes", "edges")
_EDGE_KEYS = ("from", "to", "port")
Part = TypeVar("Part", Node, Edge)


class _Envelope(msgspec.Struct):
    """What every version has at the outside."""

    nodes: list[dict[str, Any]]
    edges: list[dict[str, Any]]
    name: str = "Untitled"


def network_to_text(network: Network) -> str:
    """The network as JSON: keys in a fixed order, one node and one wire per line, what we do not know behind them."""
    unknown = dict(network.extra)
    of_edges = unknown.pop("edges", {})
    nodes = [dumps(node_to_plain(node)) for node in network.nodes.values()]
    edges = [dumps({**edge_to_plain(edge), **of_edges.get(edge, {})}) for edge in network.edges]
    lines = [f' "format": {dumps(KIND)}', f' "version": {VERSION}', f' "generator": {dumps(GENERATOR)}',
             f' "name": {dumps(network.name)}', f' "nodes": {_listed(nodes)}', f' "edges": {_listed(edges)}']
    lines += [f" {dumps(key)}: {dumps(value)}" for key, value in unknown.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def network_from_bytes(data: bytes, what: str) -> Network:
    """The network in a file's bytes; FormatError in one sentence where there is none. `what` names the file."""
    plain = parse(data, what)
    if plain.get("format") != KIND:
        raise FormatError(f"{what} holds no guibuilder network (its format is not {KIND}).")
    plain = upgrade(plain, VERSION, STEPS, what)
    try:
        envelope = msgspec.convert(plain, _Envelope)
    except msgspec.ValidationError as error:
        raise FormatError(f"{what} is not laid out as a network ({error}); the file is damaged.") from error
    nodes = _nodes(envelope.nodes, what)
    extra = {key: value for key, value in plain.items() if key not in _KEYS}
    edges, of_edges = _edges(envelope.edges, nodes, what)
    if of_edges:
        # A key that every file has: under it, what wires said beyond our keys can hide without meeting another.
        extra["edges"] = of_edges
    return Network(nodes, edges, envelope.name, extra)


def _listed(lines: list[str]) -> str:
    return "[\n  " + ",\n  ".join(lines) + "\n ]" if lines else "[]"


def _nodes(plain: list[dict[str, Any]], what: str) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    names: set[str] = set()
    for each in plain:
        node = _read_plain(node_from_plain, each, what)
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
        edge = _read_plain(edge_from_plain, each, what)
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


def _read_plain(read: Callable[[dict[str, Any]], Part], plain: dict[str, Any], what: str) -> Part:
    try:
        return read(plain)
    except FormatError as error:
        raise FormatError(f"{what}: {error.message}") from error


def _write(project: Project, file: BinaryIO) -> None:
    file.write(encoded(network_to_text(project.network)))


def _read(file: BinaryIO, what: str) -> Project:
    return Project(network=network_from_bytes(file.read(LARGEST_TEXT + 1), what))


def _match(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") and b"\0" not in head


FORMAT = Format("json", "Network as text", ".json", "The drawing alone, without weights, as readable JSON.", _write,
                _read, _match)
