"""What a template is, and a short way to write one down."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from core.graph.arrange import arrange
from core.graph.block import Block
from core.graph.blocks import group
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
    """Writes a network down layer after layer; `last` is what the next layer is wired to.

    Layers named `module_…` become a block where `module` says so.
    """

    def __init__(self) -> None:
        self._modules: list[str] = []
        self._nodes: dict[str, Node] = {}
        self._edges: list[Edge] = []
        self.last = ""

    @property
    def network(self) -> Network:
        """What is written down so far; wires lead from earlier to later layers, so there is nothing to check."""
        return Network(nodes=dict(self._nodes), edges=tuple(self._edges))

    def module(self, name: str) -> None:
        """The layers whose names begin with this one and an underscore belong together."""
        self._modules.append(name)

    def folded(self) -> Network:
        """What is written down, each module as a block: `I3a_pool` is now `I3a/pool`."""
        network = self.network
        network = network.move(arrange(network))
        for name in self._modules:
            network = _as_block(network, name)
        return network

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


def _as_block(network: Network, module: str) -> Network:
    """The layers of a module as one block of that name, laid out by itself, in which they need no prefix."""
    inside = [key for key, node in network.nodes.items() if node.name.startswith(f"{module}_")]
    made = group(network, inside, module)
    block = made.network.nodes[made.ids[0]]
    assert isinstance(block.layer, Block)
    inner = block.layer.network
    nodes = {key: replace(node, name=node.name.removeprefix(f"{module}_")) for key, node in inner.nodes.items()}
    inner = replace(inner, nodes=nodes)
    layer = replace(block.layer, network=inner.move(arrange(inner)))
    return replace(made.network, nodes={**made.network.nodes, block.id: replace(block, layer=layer)})
