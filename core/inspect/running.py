"""An engine for looking: a network with weights that need not be complete, without room for gradients."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from core.engine.engine import Engine
from core.errors import NetworkError
from core.graph import initial
from core.graph.network import Network
from core.graph.shapes import running
from core.layers.base import Array, Shape

BATCH = 64


@contextmanager
def engine_for(network: Network, weights: Mapping[str, Array], *, batch: int = BATCH, threads: int | None = None,
               loss: str = "cross-entropy", seed: int = 0, precise: bool = False) -> Iterator[Engine]:
    """An engine in inference mode, closed at the end of the block; NetworkError where the network cannot run.

    Arrays that are missing or of another shape are drawn from the seed, the same as for every command.
    """
    engine = Engine(network, complete(network, weights, seed), batch, threads=threads, loss=loss, training=False,
                    precise=precise)
    try:
        yield engine
    finally:
        engine.close()


def complete(network: Network, weights: Mapping[str, Array], seed: int = 0) -> dict[str, Array]:
    """All arrays that the network needs: those given where they fit, the others drawn from the seed."""
    return initial.complete(running(network), weights, seed)


def picture_shape(network: Network) -> Shape:
    """The shape of the pictures that the network's only Input takes."""
    inference = running(network)
    network = inference.network
    shapes = [inference.shapes[key] for key in network.order if network.nodes[key].layer.ports[1] == 0]
    if len(shapes) != 1 or shapes[0] is None:
        raise NetworkError(f"The network needs exactly one Input, but there are {len(shapes)}.")
    return shapes[0]
