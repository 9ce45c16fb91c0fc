"""`network.json`: the drawing alone, as text that people and other programs can read and write."""

from collections.abc import Mapping
from typing import Any, BinaryIO

import msgspec

from core.errors import FormatError
from core.formats.base import Format
from core.formats.json_text import GENERATOR, LARGEST_TEXT, Step, dumps, encoded, parse, upgrade
from core.graph.network import Network
from core.graph.plain import KIND, UNNAMED, VERSION, network_from_parts, parts_to_plain
from core.project import Project

# {n: what makes version n + 1 of version n}; each step stays for ever, and does the same to the networks in blocks.
STEPS: Mapping[int, Step] = {}


class _Envelope(msgspec.Struct):
    """What every version has at the outside."""

    nodes: list[dict[str, Any]]
    edges: list[dict[str, Any]]
    name: str = UNNAMED


def network_to_text(network: Network) -> str:
    """The network as JSON: keys in a fixed order, one node and one wire per line, what we do not know behind them.

    A block is one line with everything in it.
    """
    plain_nodes, plain_edges, unknown = parts_to_plain(network)
    nodes, edges = [dumps(node) for node in plain_nodes], [dumps(edge) for edge in plain_edges]
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
    return network_from_parts({**plain, "nodes": envelope.nodes, "edges": envelope.edges, "name": envelope.name}, what)


def _listed(lines: list[str]) -> str:
    return "[\n  " + ",\n  ".join(lines) + "\n ]" if lines else "[]"


def _write(project: Project, file: BinaryIO) -> None:
    file.write(encoded(network_to_text(project.network)))


def _read(file: BinaryIO, what: str) -> Project:
    return Project(network=network_from_bytes(file.read(LARGEST_TEXT + 1), what))


def _match(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") and b"\0" not in head


FORMAT = Format("json", "Network as text", ".json", "The drawing alone, without weights, as readable JSON.", _write,
                _read, _match)
