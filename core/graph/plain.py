"""Nodes and edges as plain data, as files and the clipboard hold them (contract of `network.json`)."""

from collections.abc import Mapping
from typing import Any

from core.errors import CoreError, FormatError
from core.graph.network import Edge, Node
from core.layers import LAYERS, make_layer
from core.layers.base import Layer
from core.layers.unknown import Unknown

_NODE_KEYS = ("id", "type", "name", "settings", "position")
FARTHEST = 1e7


def node_to_plain(node: Node) -> dict[str, Any]:
    """One node, keys in the fixed order, unknown keys of its file behind them."""
    position = [int(value) if value == int(value) else value for value in node.position]
    return {"id": node.id, "type": node.type, "name": node.name, "settings": node.layer.values(), "position": position,
            **node.extra}


def edge_to_plain(edge: Edge) -> dict[str, Any]:
    """One wire, keys in the fixed order."""
    return {"from": edge.source, "to": edge.target, "port": edge.port}


def node_from_plain(data: Mapping[str, Any]) -> Node:
    """A node from plain data; FormatError where it is not one. Unknown layer types are kept as they are."""
    for key, kind in (("id", str), ("type", str), ("name", str)):
        if not isinstance(data.get(key), kind) or not 0 < len(data[key]) <= 200:
            raise FormatError(f"A layer of the file has no proper {key}; the file is damaged.")
    settings = data.get("settings", {})
    if not isinstance(settings, dict):
        raise FormatError(f"The settings of {data['name']} are not a table; the file is damaged.")
    extra = {key: value for key, value in data.items() if key not in _NODE_KEYS}
    return Node(data["id"], _layer(data["type"], data["name"], settings), data["name"],
                _position(data.get("position", (0, 0)), data["name"]), extra)


def edge_from_plain(data: Mapping[str, Any]) -> Edge:
    """A wire from plain data; FormatError where it is not one."""
    source, target, port = data.get("from"), data.get("to"), data.get("port", 0)
    proper = isinstance(source, str) and isinstance(target, str) and type(port) is int and 0 <= port < 1000
    if not proper:
        raise FormatError("A wire of the file does not name its two ends and its port; the file is damaged.")
    return Edge(str(source), str(target), int(port))


def _layer(kind: str, name: str, settings: dict[str, Any]) -> Layer:
    if kind not in LAYERS:
        return Unknown(name=kind, kept=settings)
    try:
        return make_layer(kind, settings)
    except CoreError as error:
        raise FormatError(f"{name}: {error.message}") from error


def _position(value: Any, name: str) -> tuple[float, float]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise FormatError(f"The place of {name} on the canvas is not two numbers; the file is damaged.")
    for each in value:
        if isinstance(each, bool) or not isinstance(each, (int, float)) or not abs(each) <= FARTHEST:
            raise FormatError(f"The place of {name} on the canvas is out of reach; the file is damaged.")
    return (float(value[0]), float(value[1]))
