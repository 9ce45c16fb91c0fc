"""What a template is, and a short way to write one down."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from core.graph.network import Edge, Network, Node
from core.graph.output import Output
from core.layers import make_layer
from core.project import DataChoice
from core.train.options import TrainOptions


@dataclass(frozen=True)
class Template:
    """A built-in network: its name on the command line, a title, one sentence, where it comes from, how to train it."""

    name: str
    title: str
    about: str
    source: str
    build: Callable[[], Network]
    options: TrainOptions = field(default_factory=TrainOptions)
    data: DataChoice = field(default_factory=DataChoice)


class Builder:
    """Writes a network down layer after layer; `last` is what the next layer is wired to."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._edges: list[Edge] = []
        self.last = ""

    @property
    def network(self) -> Network:
        """What is written down so far; wires lead from earlier to later layers, so there is nothing to check."""
        return Network(nodes=dict(self._nodes), edges=tuple(self._edges))

    def decide(self, output: Output) -> None:
        """Say what the last layer is as an output: main or auxiliary, the weight of its loss, and which loss."""
        self._nodes[self.last] = replace(self._nodes[self.last], output=output)

    def add(self, kind: str, name: str, *sources: str, **settings: Any) -> str:
        """Add a layer behind `sources` (ids), or behind the last one, and give its id."""
        node = Node(f"n{len(self._nodes) + 1}", make_layer(kind, settings), name)
        self._nodes[node.id] = node
        if node.layer.ports[1] != 0:
            self._edges.extend(Edge(source, node.id, port) for port, source in enumerate(sources or (self.last,)))
        self.last = node.id
        return node.id
