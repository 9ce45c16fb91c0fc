"""Blocks to build with: Inception modules, residual blocks, a VGG stage; lecture topics 5.4 to 5.6.

Each is made of the same parts as the networks it comes from, at widths that a class can train.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from core.graph.arrange import arrange
from core.graph.block import Block
from core.graph.blocks import group
from core.graph.network import Network, Node
from core.templates.base import Builder
from core.templates.googlenet import SOURCE as GOOGLENET
from core.templates.googlenet import Widths, inception, naive_inception
from core.templates.resnet import SOURCE as RESNET
from core.templates.resnet import bottleneck, residual
from core.templates.vgg import SOURCE as VGG
from core.templates.vgg import stage

_NAME = "x"
_WIDTHS: Widths = (16, 16, 32, 8, 16, 16)
# How many channels come in where nobody says.
_CHANNELS = 32

Write = Callable[[Builder, int], object]


@dataclass(frozen=True)
class ShippedBlock:
    """A block of the palette: its key there, the name and the title it gets, its use, and the paper it comes from.

    `write` writes its layers for so many channels that come in.
    """

    kind: str
    name: str
    title: str
    about: str
    source: str
    write: Write

    def layer(self, channels: int | None = None) -> Block:
        """The block, fitted to so many channels where that is known."""
        build = Builder()
        build.add("Input", "Input", shape=[channels or _CHANNELS, 8, 8])
        self.write(build, channels or _CHANNELS)
        network = _short_names(build.network)
        network = network.move(arrange(network))
        made = group(network, [key for key in network.nodes if key != "n1"])
        layer = made.network.nodes[made.ids[0]].layer
        assert isinstance(layer, Block)
        return layer


def _short_names(network: Network) -> Network:
    """The layers without the name of the module in front: the block will have it."""
    nodes = {key: replace(node, name=node.name.removeprefix(f"{_NAME}_")) for key, node in network.nodes.items()}
    return replace(network, nodes=nodes)


def _inception(build: Builder, channels: int, write: Callable[[Builder, str, Widths], str] = inception) -> None:
    write(build, _NAME, _WIDTHS)


def _residual(build: Builder, channels: int, stride: int = 1) -> None:
    residual(build, _NAME, stride * channels, stride, channels)


def _bottleneck(build: Builder, channels: int, stride: int = 1) -> None:
    bottleneck(build, _NAME, max(1, channels // 4) * stride, stride, channels)


def _stage(build: Builder, channels: int) -> None:
    stage(build, _NAME, 2, 2 * _CHANNELS)


_SHIPPED = (
    ShippedBlock("InceptionNaive", "Inception", "Naive Inception",
                 "1×1, 3×3 and 5×5 filters and a pool side by side, their channels put behind each other. The channels "
                 "only ever grow.", f"{GOOGLENET} (figure 2a)", partial(_inception, write=naive_inception)),
    ShippedBlock("Inception", "Inception", "Inception",
                 "Filters of three sizes and a pool side by side; 1×1 convolutions in front reduce the channels, and "
                 "with them the cost.", f"{GOOGLENET} (figure 2b)", _inception),
    ShippedBlock("ResidualIdentity", "Residual", "Residual identity",
                 "F(x) + x with two 3×3 convolutions. As many channels come out as come in, so x is added as it is.",
                 f"{RESNET} (figure 5, left)", _residual),
    ShippedBlock("ResidualProjection", "Residual", "Residual projection",
                 "F(x) + x where F halves height and width and doubles the channels; a 1×1 convolution with stride 2 "
                 "makes x fit.", f"{RESNET} (section 3.3, option B)", partial(_residual, stride=2)),
    ShippedBlock("BottleneckIdentity", "Bottleneck", "Bottleneck identity",
                 "F(x) + x with 1×1, 3×3 and 1×1 convolutions: the 3×3 works on a quarter of the channels. x is added "
                 "as it is.", f"{RESNET} (figure 5, right)", _bottleneck),
    ShippedBlock("BottleneckProjection", "Bottleneck", "Bottleneck projection",
                 "A bottleneck that halves height and width and doubles the channels; a 1×1 convolution with stride 2 "
                 "makes x fit.", f"{RESNET} (figure 5 right, option B)", partial(_bottleneck, stride=2)),
    ShippedBlock("VGGStage", "Stage", "VGG stage",
                 "Two 3×3 convolutions, each with its ReLU, then a pool that halves height and width: two small "
                 "windows see as much as one of 5×5, with fewer weights.", VGG, _stage),
)
BLOCKS: dict[str, ShippedBlock] = {block.kind: block for block in _SHIPPED}


def new_node(network: Network, kind: str, position: tuple[float, float] = (0.0, 0.0), channels: int | None = None,
             **settings: Any) -> Node:
    """A node that could be added: a layer by its type with settings, or a block of the palette for `channels`."""
    if kind not in BLOCKS:
        return network.new_node(kind, position, **settings)
    return Node(network.fresh_id(), BLOCKS[kind].layer(channels), network.fresh_name(BLOCKS[kind].name), position)
