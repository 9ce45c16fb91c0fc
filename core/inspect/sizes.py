"""How large outputs and gradients are, layer by layer: why zeros never learn, and where gradients vanish."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.engine.engine import Engine
from core.graph.expand import expanded
from core.graph.initial import complete
from core.graph.network import Network
from core.graph.starts import usual
from core.layers.base import Array
from core.train.job import Trainable, checked_network
from core.train.options import TrainOptions, how_to_start

BATCH = 64


@dataclass(frozen=True)
class LayerSize:
    """One layer on one batch: mean |output| over pictures and units, and mean |∂loss/∂weight| over its weights.

    `gradient` leaves biases out and is None where the layer has no weights or they are frozen.
    """

    layer: str
    type: str
    activation: float
    gradient: float | None


Sizes = tuple[LayerSize, ...]


def gradient_sizes(project: Trainable, batch: tuple[Array, Array], *, threads: int | None = None) -> Sizes:
    """One forward and one backward pass of a real batch, in training mode, with the project's weights.

    `batch`: pictures float32 N×C×H×W as the network takes them, and int64 labels [N]. Missing weights are drawn as the
    project's options say. Blocks are taken apart; Inputs are left out. Nothing is updated. NetworkError or DataError
    where the network cannot be trained on this batch.
    """
    options = project.options
    inference = checked_network(project.network)
    weights = complete(inference, project.weights, options.seed, how_to_start(options))
    return _sizes(expanded(project.network), weights, batch, options, threads)


def usual_sizes(project: Trainable, batch: tuple[Array, Array], *, threads: int | None = None) -> Sizes:
    """The same for new weights drawn in the usual way: what to compare with."""
    network = usual(project.network)
    weights = complete(checked_network(network), {}, project.options.seed)
    return _sizes(network, weights, batch, project.options, threads)


def _sizes(network: Network, weights: Mapping[str, Array], batch: tuple[Array, Array], options: TrainOptions,
           threads: int | None) -> Sizes:
    x, target = batch
    nodes = [network.nodes[key] for key in network.order if network.nodes[key].layer.ports[1] != 0]
    engine = Engine(network, weights, len(x), threads=threads, loss=options.loss, seed=options.seed,
                    precise=options.precise)
    try:
        outputs = engine.outputs(x, [node.name for node in nodes], training=True)
        engine.find_gradients(x, target)
        gradients = engine.gradients()
    finally:
        engine.close()
    frozen = {node.name for node in nodes if node.layer.frozen}
    slopes = {name: each for name, each in gradients.items()
              if name.rpartition(".")[0] not in frozen and name.rpartition(".")[2] != "bias"}
    return tuple(LayerSize(node.name, node.type, _mean(outputs[node.name]),
                           _mean(*(each for name, each in slopes.items() if name.rpartition(".")[0] == node.name))
                           if any(name.rpartition(".")[0] == node.name for name in slopes) else None)
                 for node in nodes)


def _mean(*arrays: Array) -> float:
    """Mean absolute value over all numbers of the arrays."""
    count = sum(array.size for array in arrays)
    return sum(float(np.abs(array, dtype=np.float64).sum()) for array in arrays) / max(1, count)


def first_gradient(sizes: Sizes) -> float:
    """That of the first layer with weights, which vanishes first."""
    return next((size.gradient for size in sizes if size.gradient is not None), 0.0)

