"""The drawing as a value: nodes and edges. Every edit gives a new network and leaves the old one as it was."""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from core.errors import NetworkError
from core.graph.output import AUXILIARY, MAIN, Output
from core.graph.rules import check_edge
from core.layers import make_layer
from core.layers.base import Layer


@dataclass(frozen=True)
class Edge:
    """A wire from a node's output to input number `port` of another."""

    source: str
    target: str
    port: int = 0


@dataclass(frozen=True)
class Node:
    """A layer in a network: an id that never changes, a unique name, a place on the canvas (pixels, top left).

    `output` is what was decided about it as a last layer; elsewhere it means nothing. `extra` keeps what a file said
    about the node that we do not know.
    """

    id: str
    layer: Layer
    name: str
    position: tuple[float, float] = (0.0, 0.0)
    extra: Mapping[str, Any] = field(default_factory=dict)
    output: Output | None = None

    @property
    def type(self) -> str:
        """The layer's type name."""
        return self.layer.type


@dataclass(frozen=True)
class Network:
    """A network of layers; `nodes` is never written to (a plain dict, so that it can travel to another process)."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    name: str = "Untitled"
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        """Only what the network is made of travels, not what was derived from it."""
        return {name: getattr(self, name) for name in ("nodes", "edges", "name", "extra")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take what travelled."""
        self.__dict__.update(state)

    # what can be asked ------------------------------------------------------------------------------------------

    @cached_property
    def incoming(self) -> dict[str, dict[int, str]]:
        """For each node with wires into it: {port: id of the source}, ports in order."""
        found: dict[str, dict[int, str]] = {}
        for edge in sorted(self.edges, key=lambda edge: edge.port):
            found.setdefault(edge.target, {})[edge.port] = edge.source
        return found

    @cached_property
    def outgoing(self) -> dict[str, tuple[Edge, ...]]:
        """For each node with wires out of it: those wires."""
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.source, []).append(edge)
        return {source: tuple(edges) for source, edges in found.items()}

    def inputs_of(self, node: str) -> dict[int, str]:
        """{port: id of the source} of one node."""
        return self.incoming.get(node, {})

    @cached_property
    def order(self) -> tuple[str, ...]:
        """All ids, sources first, ties by id. What lies on a cycle comes last, in the order of ids."""
        waiting = {node: len(self.inputs_of(node)) for node in self.nodes}
        ready = sorted(node for node, count in waiting.items() if not count)
        done: list[str] = []
        while ready:
            node = heapq.heappop(ready)
            done.append(node)
            for edge in self.outgoing.get(node, ()):
                waiting[edge.target] -= 1
                if not waiting[edge.target]:
                    heapq.heappush(ready, edge.target)
        if len(done) < len(self.nodes):
            placed = set(done)
            done.extend(sorted(node for node in self.nodes if node not in placed))
        return tuple(done)

    @cached_property
    def on_cycle(self) -> frozenset[str]:
        """Ids that lie on a cycle or behind one; empty for everything that was drawn here."""
        seen: set[str] = set()
        for node in self.order:
            if all(source in seen for source in self.inputs_of(node).values()):
                seen.add(node)
        return frozenset(self.nodes) - seen

    @cached_property
    def names(self) -> dict[str, str]:
        """{name: id}."""
        return {node.name: node.id for node in self.nodes.values()}

    def by_name(self, name: str) -> Node:
        """The node of that name; NetworkError names what there is."""
        if name not in self.names:
            raise NetworkError(f"There is no layer {name!r}; there are {', '.join(list(self.names)[:20])}.")
        return self.nodes[self.names[name]]

    def finals(self) -> tuple[str, ...]:
        """Ids whose output goes nowhere, in order."""
        return tuple(node for node in self.order if node not in self.outgoing)

    def free_port(self, node: str) -> int | None:
        """The first input without a wire, or None where all are taken."""
        taken, most = self.inputs_of(node), self.nodes[node].layer.ports[1]
        port = next(number for number in range(len(taken) + 1) if number not in taken)
        return port if most is None or port < most else None

    def port_count(self, node: str) -> int:
        """How many inputs to draw: those of the layer; where it takes any number, one more than are taken."""
        least, most = self.nodes[node].layer.ports
        taken = self.inputs_of(node)
        return least if most == least else min(most or 64, max(least, max(taken, default=-1) + 2))

    # edits ------------------------------------------------------------------------------------------------------

    def new_node(self, kind: str, position: tuple[float, float] = (0.0, 0.0), **settings: Any) -> Node:
        """A node that could be added: a fresh id and a unique name."""
        layer = make_layer(kind, settings)
        return Node(self.fresh_id(), layer, self.fresh_name(kind), position)

    def fresh_id(self, taken: Iterable[str] = ()) -> str:
        """An id that no node has: n1, n2 …."""
        known = set(taken) | self.nodes.keys()
        numbers = [int(node[1:]) for node in known if node[:1] == "n" and node[1:].isascii() and node[1:].isdigit()
                   and len(node) < 10]
        return f"n{max(numbers, default=0) + 1}"

    def fresh_name(self, wanted: str, taken: Iterable[str] = ()) -> str:
        """`wanted`, or with a number behind it where that name is taken."""
        known = self.names.keys() | set(taken)
        if wanted not in known:
            return wanted
        stem = wanted.rstrip("0123456789").rstrip("_ ") or wanted
        number = 2
        while f"{stem}_{number}" in known:
            number += 1
        return f"{stem}_{number}"

    def add(self, *nodes: Node) -> "Network":
        """With further nodes; ids and names must be new."""
        names, both = dict(self.names), dict(self.nodes)
        for node in nodes:
            if node.id in both or node.name in names:
                raise NetworkError(f"The name {node.name!r} is taken; choose another one.")
            both[node.id], names[node.name] = node, node.id
        return replace(self, nodes=both)

    def remove(self, *ids: str) -> "Network":
        """Without these nodes and the wires at them."""
        gone = set(ids)
        nodes = {key: node for key, node in self.nodes.items() if key not in gone}
        edges = tuple(edge for edge in self.edges if edge.source not in gone and edge.target not in gone)
        return replace(self, nodes=nodes, edges=edges)

    def connect(self, edge: Edge) -> "Network":
        """With one more wire, or EdgeRefused with the reason."""
        check_edge(self, edge)
        return replace(self, edges=(*self.edges, edge))

    def disconnect(self, *edges: Edge) -> "Network":
        """Without these wires."""
        gone = set(edges)
        return replace(self, edges=tuple(edge for edge in self.edges if edge not in gone))

    def change(self, node: str, **settings: Any) -> "Network":
        """With other settings of one layer; SettingError where a value is out of its limits."""
        old = self.nodes[node]
        return self.put(replace(old, layer=old.layer.changed(**settings)))

    def rename(self, node: str, name: str) -> "Network":
        """With another name of one layer: not empty, unique, at most 80 characters, without a dot or a slash."""
        name = name.strip()
        if not name or len(name) > 80 or "." in name or "/" in name or not name.isprintable():
            raise NetworkError("A layer's name needs 1 to 80 printable characters, without a dot or a slash.")
        if self.names.get(name, node) != node:
            raise NetworkError(f"Another layer is named {name!r}; choose another name.")
        return self.put(replace(self.nodes[node], name=name))

    def decide(self, node: str, output: Output | None) -> "Network":
        """With another decision about a last layer. There is one main output, so the one before becomes auxiliary."""
        nodes = dict(self.nodes)
        if output is not None and output.role == MAIN:
            nodes |= {key: replace(each, output=replace(each.output, role=AUXILIARY)) for key, each in nodes.items()
                      if each.output is not None and each.output.role == MAIN and key != node}
        nodes[node] = replace(nodes[node], output=output)
        return replace(self, nodes=nodes)

    def move(self, positions: Mapping[str, tuple[float, float]]) -> "Network":
        """With nodes at other places."""
        nodes = dict(self.nodes)
        for node, position in positions.items():
            nodes[node] = replace(nodes[node], position=(float(position[0]), float(position[1])))
        return replace(self, nodes=nodes)

    def put(self, node: Node) -> "Network":
        """With another node in place of the one of its id."""
        return replace(self, nodes={**self.nodes, node.id: node})
