"""Weights to look at: filters as small pictures, and how the numbers are spread."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.graph.expand import expanded
from core.graph.network import Network
from core.graph.shapes import infer
from core.layers.base import Array


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts between `edges` (one more than counts), with mean and spread of the finite numbers."""

    counts: Array
    edges: Array
    mean: float
    spread: float
    zeros: float


def filters(network: Network, weights: Mapping[str, Array], layer: str) -> Array | None:
    """A layer's weights as pictures [out, in, height, width], or None where they are none.

    A Dense behind a Flatten looks at feature maps, so each unit's weights are laid out as those maps.
    """
    node = expanded(network).by_name(layer)
    weight = weights.get(f"{layer}.weight")
    if weight is None:
        return None
    if weight.ndim == 4:
        return weight
    if weight.ndim != 2:
        return None
    inference = infer(network).flat
    network = inference.network
    source = next(iter(network.inputs_of(node.id).values()), None)
    while source is not None and (network.nodes[source].layer.bypassed or network.nodes[source].type == "Flatten"):
        source = next(iter(network.inputs_of(source).values()), None)
    shape = inference.shapes.get(source) if source is not None else None
    if shape is None or len(shape) != 3 or weight.shape[1] != np.prod(shape):
        return None
    return weight.reshape(len(weight), *shape)


def histogram(array: Array, bins: int = 40) -> Histogram:
    """How the numbers of an array are spread, symmetric about 0 so that signs are seen."""
    finite = array[np.isfinite(array)].astype(np.float64)
    reach = float(np.abs(finite).max()) if finite.size else 0.0
    counts, edges = np.histogram(finite, bins, (-(reach or 1.0), reach or 1.0))
    mean, spread = (float(finite.mean()), float(finite.std())) if finite.size else (0.0, 0.0)
    return Histogram(counts.astype(np.int64), edges, mean, spread, float((finite == 0).mean()) if finite.size else 0.0)
