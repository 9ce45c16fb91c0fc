"""What a template is, and a short way to write one down."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.graph.network import Edge, Network, Node
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
        self.network = Network()
        self.last = ""

    def add(self, kind: str, name: str, *sources: str, **settings: Any) -> str:
        """Add a layer behind `sources` (ids), or behind the last one, and give its id."""
        node = Node(self.network.fresh_id(), make_layer(kind, settings), name)
        self.network = self.network.add(node)
        if node.layer.ports[1] != 0:
            for port, source in enumerate(sources or (self.last,)):
                self.network = self.network.connect(Edge(source, node.id, port))
        self.last = node.id
        return node.id
