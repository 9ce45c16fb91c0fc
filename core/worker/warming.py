"""Kernels are compiled before anybody presses Train; a file of its own, for the worker's first request waits for it."""

from collections.abc import Callable

import numpy as np

from core.engine.engine import Engine
from core.graph.expand import expanded
from core.graph.goals import goals_of, main_of
from core.graph.network import Network
from core.graph.shapes import infer
from core.inspect.running import complete, picture_shape
from core.kernels.jit import CACHE_FOLDER
from core.kernels.old_caches import forget_old_caches
from core.templates import template
from core.train.optimizers import make_optimizer
from core.train.options import TrainOptions
from core.worker.messages import Warm


def warm(request: Warm, report: Callable[[str, int, int], None]) -> None:
    """Compile what this network needs, or LeNet where there is none that runs, and make one step with it."""
    network = expanded(request.network) if request.network is not None else None
    if network is None or not _trains(network):
        network = template("lenet5").network
    options = TrainOptions()
    engine = Engine(network, complete(network, {}), options.batch_size, later=True)
    try:
        optimizer, main = make_optimizer(options), main_of(network)
        engine.warm_up(lambda done, total, text: report(text, done, total), optimizer, [network.nodes[main].name])
        x, units = np.zeros((2, *picture_shape(network)), np.float32), infer(network).shapes[main]
        engine.train_step(x, np.zeros((2, *(units or ())), np.float32), 1e-9, optimizer)
    finally:
        engine.close()
    forget_old_caches(CACHE_FOLDER)


def _trains(network: Network) -> bool:
    inference = infer(network)
    inputs = [node for node in network.nodes.values() if node.layer.ports[1] == 0]
    if not inference.runs or len(inputs) != 1:
        return False
    shapes = {inference.shapes[goal.id] for goal in goals_of(network) if goal.counts}
    return len(shapes) == 1 and len(shapes.pop() or ()) == 1
