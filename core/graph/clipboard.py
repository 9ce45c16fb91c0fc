"""Layers as JSON text, so that they can be pasted here, in another window, or in a mail."""

import json
from collections.abc import Collection
from dataclasses import replace

from core.errors import CoreError, EdgeRefused, FormatError
from core.graph.block import is_port
from core.graph.network import Edge, Network
from core.graph.output import MAIN
from core.graph.plain import edge_from_plain, edge_to_plain, node_from_plain, node_to_plain

FORMAT = "guibuilder-layers"
LONGEST = 4_000_000


def to_text(network: Network, ids: Collection[str]) -> str:
    """The nodes, the wires among them, and the wires that come in from others. A block's own ports are left out."""
    chosen = {key for key in ids if not is_port(network.nodes[key])}
    nodes = [node_to_plain(network.nodes[key]) for key in network.order if key in chosen]
    edges = [edge_to_plain(edge) for edge in network.edges if edge.target in chosen]
    return json.dumps({"format": FORMAT, "version": 1, "nodes": nodes, "edges": edges}, ensure_ascii=False, indent=1)


def paste(network: Network, text: str, offset: tuple[float, float] = (24.0, 24.0), *,
          keep_inputs: bool = False) -> tuple[Network, tuple[str, ...]]:
    """The network with what the text holds, and the new ids; CoreError where the text holds no layers."""
    data, others = _parsed(text), bool(network.nodes)
    names: dict[str, str] = {}
    for each in data["nodes"]:
        node = node_from_plain(each)
        if others and node.output is not None and node.output.role == MAIN:
            # A copy takes the place of main output from nobody.
            node = replace(node, output=None)
        new = network.fresh_id()
        names[node.id] = new
        place = (node.position[0] + offset[0], node.position[1] + offset[1])
        network = network.add(replace(node, id=new, name=network.fresh_name(node.name), position=place))
    for each in data["edges"]:
        edge = edge_from_plain(each)
        source = names.get(edge.source, edge.source if keep_inputs else "")
        if source in network.nodes and edge.target in names:
            network = _connected(network, Edge(source, names[edge.target], edge.port))
    return network, tuple(names.values())


def _connected(network: Network, edge: Edge) -> Network:
    try:
        return network.connect(edge)
    except EdgeRefused:
        return network


def _parsed(text: str) -> dict[str, list[dict[str, object]]]:
    refusal = CoreError("The clipboard holds no layers. Copy some on the canvas first.")
    if len(text) > LONGEST:
        raise refusal
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise refusal from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise refusal
    parts = {key: data.get(key) for key in ("nodes", "edges")}
    if not all(isinstance(part, list) and all(isinstance(each, dict) for each in part) for part in parts.values()):
        raise FormatError("The layers in the clipboard are damaged; copy them again.")
    return parts  # type: ignore[return-value]
