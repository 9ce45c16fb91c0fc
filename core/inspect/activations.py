"""What a layer makes of a picture: its feature maps."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.engine.engine import Engine
from core.graph.expand import expanded
from core.graph.goals import main_of
from core.graph.network import Network
from core.inspect.predict import probabilities
from core.inspect.running import engine_for
from core.layers.base import Array


@dataclass(frozen=True, eq=False)
class Look:
    """One layer on one picture: its output [C, H, W] or [N], and the network's class probabilities [K] (or None)."""

    maps: Array
    probabilities: Array | None


def feature_maps(network: Network, weights: Mapping[str, Array], layer: str, picture: Array, *,
                 threads: int | None = None, seed: int = 0) -> Look:
    """What a layer puts out for one picture, float32 C×H×W as the network takes it, in inference mode."""
    expanded(network).by_name(layer)
    with engine_for(network, weights, batch=1, threads=threads, seed=seed) as engine:
        return look(engine, network, layer, picture)


def look(engine: Engine, network: Network, layer: str, picture: Array) -> Look:
    """The same from an engine that is there already, such as that of a running training."""
    network = expanded(network)
    last = network.nodes[main_of(network)].name
    outputs = engine.outputs(np.asarray(picture, np.float32)[None], {layer, last})
    ends_flat = outputs[last].ndim == 2
    return Look(outputs[layer][0], probabilities(network, outputs[last])[0] if ends_flat else None)
