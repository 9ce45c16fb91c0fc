"""What the layers of one drawing cost, where some of them are blocks or the drawing lies in one."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from core.graph.block import Block, has_blocks
from core.graph.cost import Cost, LayerCost
from core.graph.expand import SEPARATOR, output_of
from core.graph.levels import network_at
from core.graph.network import Network


def cost_at(whole: Cost, network: Network, path: Sequence[str]) -> Cost:
    """The cost of the layers in the drawing inside the block at a path, by the ids they have there.

    A block costs what is inside it, where all of that is known. The sums stay those of the whole network.
    """
    if not path and not has_blocks(network):
        return whole
    prefix = "".join(f"{key}{SEPARATOR}" for key in path)
    found: dict[str, list[LayerCost]] = {}
    for key, layer in whole.layers.items():
        if key.startswith(prefix):
            found.setdefault(key[len(prefix):].partition(SEPARATOR)[0], []).append(layer)
    shown = network_at(network, path)
    layers = {}
    for key, each in found.items():
        inside = shown.nodes[key].layer
        if not isinstance(inside, Block):
            layers[key] = each[0]
        elif len(each) == inside.layer_count:
            layers[key] = _together(each, whole.layers.get(output_of(network, path, key) or ""))
    return replace(whole, layers=layers)


def _together(layers: Sequence[LayerCost], end: LayerCost | None) -> LayerCost:
    """Numbers are added; what the block sees of the picture is what its last layer sees."""
    made: dict[str, Any] = {}
    for each in fields(LayerCost):
        values = [getattr(layer, each.name) for layer in layers]
        counts = all(isinstance(value, int) for value in values)
        made[each.name] = sum(values) if counts else getattr(end, each.name, None)
    return LayerCost(**made)
