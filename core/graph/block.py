"""A block: a network inside a network, shown as one layer.

It lives here and not among the layers because it holds a drawing. Inside, `BlockInput` layers stand for what is wired
into the block, in the order of its ports, and one `BlockOutput` for what it puts out. Nothing is computed by a block
itself: `core.graph.expand` takes it apart, and its layers are then named `block/layer`.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

from core.graph.network import Network, Node
from core.layers.base import Layer, Shape, ShapeError

DEEPEST = 8


@dataclass(frozen=True)
class BlockInput(Layer):
    """What is wired into the block, as the layers inside see it.

    It hands the output of a layer outside on to layers inside.
    """

    family: ClassVar[str] = "input"
    ports: ClassVar[tuple[int, int | None]] = (0, 0)

    def output_shape(self, *inputs: Shape) -> Shape:
        """Known only inside a block, from what is wired into it."""
        raise ShapeError("port-outside", "is an input of a block and has no use outside of one. Delete it.")

    def short(self) -> str:
        """What it stands for."""
        return "from outside"


@dataclass(frozen=True)
class BlockOutput(Layer):
    """What the block puts out: the layer that is wired into this one feeds the layers behind the block.

    A block has exactly one.
    """

    family: ClassVar[str] = "output"

    def output_shape(self, *inputs: Shape) -> Shape:
        """What comes in goes out."""
        return inputs[0]

    def short(self) -> str:
        """What it stands for."""
        return "to outside"


@dataclass(frozen=True)
class Block(Layer):
    """Layers that are named, copied and shown as one; open it to see and change them.

    `entries` are the ids of its `BlockInput` layers in the order of the block's inputs; those that it does not name
    follow in the order of the drawing.
    """

    family: ClassVar[str] = "merge"

    network: Network = field(default_factory=Network)
    entries: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        nodes = self.network.nodes
        there = [key for key, node in nodes.items() if isinstance(node.layer, BlockInput)]
        kept = [key for key in dict.fromkeys(self.entries) if key in there]
        entries = (*kept, *(key for key in there if key not in kept))
        object.__setattr__(self, "entries", entries)
        object.__setattr__(self, "ports", (len(entries), len(entries)))

    def __getstate__(self) -> dict[str, Any]:
        """Without what was derived."""
        return {key: value for key, value in self.__dict__.items() if key not in ("inside", "exit", "spreads")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take what travelled."""
        self.__dict__.update(state)

    @cached_property
    def exit(self) -> str | None:
        """The id of the `BlockOutput`."""
        return next((key for key, node in self.network.nodes.items() if isinstance(node.layer, BlockOutput)), None)

    @cached_property
    def inside(self) -> Network:
        """The network as it works: all frozen, or all bypassed, where the block is."""
        if not (self.frozen or self.bypassed):
            return self.network
        return replace(self.network, nodes={key: self._as_the_block(node) for key, node in self.network.nodes.items()})

    def _as_the_block(self, node: Node) -> Node:
        if is_port(node):
            return node
        frozen, bypassed = node.layer.frozen or self.frozen, node.layer.bypassed or self.bypassed
        return replace(node, layer=replace(node.layer, frozen=frozen, bypassed=bypassed))

    @cached_property
    def spreads(self) -> bool:
        """Whether outputs of the network may lie inside: a layer that leads nowhere, or one that was meant as one."""
        return any(node.output is not None or (isinstance(node.layer, Block) and node.layer.spreads)
                   or (key not in self.network.outgoing and not is_port(node))
                   for key, node in self.network.nodes.items())

    @property
    def layer_count(self) -> int:
        """How many layers it holds, those in blocks inside included."""
        return sum(node.layer.layer_count if isinstance(node.layer, Block) else not is_port(node)
                   for node in self.network.nodes.values())

    def short(self) -> str:
        """How many layers it holds."""
        return "1 layer" if self.layer_count == 1 else f"{self.layer_count} layers"


def is_port(node: Node) -> bool:
    """Whether a node is an input or the output of a block, seen from inside."""
    return isinstance(node.layer, BlockInput | BlockOutput)


def has_blocks(network: Network) -> bool:
    """Whether any node of the drawing is a block."""
    return any(isinstance(node.layer, Block) for node in network.nodes.values())


def depth_of(network: Network) -> int:
    """How deep blocks are nested: 0 without blocks."""
    return max((1 + depth_of(node.layer.network) for node in network.nodes.values() if isinstance(node.layer, Block)),
               default=0)


BLOCK_TYPES: dict[str, type[Layer]] = {kind.__name__: kind for kind in (BlockInput, BlockOutput)}
