"""What the network answers: probabilities of the classes."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.engine.engine import Engine
from core.errors import DataError
from core.graph.expand import expanded
from core.graph.goals import main_of
from core.graph.network import Network
from core.inspect.running import BATCH, engine_for
from core.layers.activation import Softmax
from core.layers.base import Array


def predict(network: Network, weights: Mapping[str, Array], pictures: Array, *, threads: int | None = None,
            seed: int = 0, precise: bool = False) -> Array:
    """Class probabilities float32 [N, K] of pictures N×C×H×W (as the network takes them)."""
    with engine_for(network, weights, threads=threads, seed=seed, precise=precise) as engine:
        return answers(engine, network, pictures)


def answers(engine: Engine, network: Network, pictures: Array) -> Array:
    """Class probabilities from an engine that is there already; its batch decides how many pictures go at once."""
    size = min(engine.batch, BATCH) if engine.batch else BATCH
    parts = [engine.predict(pictures[start:start + size]) for start in range(0, len(pictures), size)]
    outputs = np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)
    return probabilities(network, outputs)


def probabilities(network: Network, outputs: Array) -> Array:
    """Last outputs [N, K] as probabilities: they are already where the last layer is Softmax, else they are scores."""
    if outputs.ndim != 2:
        raise DataError("The network ends in feature maps, not in one number per class. End it with Flatten and Dense.")
    if not outputs.size or ends_in_softmax(network):
        return outputs
    raised = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    found: Array = raised / raised.sum(axis=1, keepdims=True)
    return found


def ends_in_softmax(network: Network) -> bool:
    """Whether the last layer of the main output that does anything is Softmax."""
    network = expanded(network)
    last = main_of(network)
    while network.nodes[last].layer.bypassed and network.inputs_of(last):
        last = next(iter(network.inputs_of(last).values()))
    return isinstance(network.nodes[last].layer, Softmax)


def top(shares: Array, classes: Sequence[str], count: int = 5) -> tuple[tuple[str, float], ...]:
    """The most probable classes of one picture, largest first; without names classes are numbered."""
    order = np.argsort(-shares, kind="stable")[:count]
    return tuple((classes[number] if number < len(classes) else str(number), float(shares[number])) for number in order)
