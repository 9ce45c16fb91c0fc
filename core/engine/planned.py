"""How many bytes an engine would claim, counted by planning one whose arrays take no room."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from core.engine.arena import ALIGNMENT, SLACK, Arena
from core.engine.flow import make_flow
from core.engine.fusion import fused
from core.engine.parameters import Parameters
from core.engine.plan import make_plan
from core.engine.steps.loss import Loss
from core.engine.update import SLOTS
from core.graph.network import Network


class _Counting(Arena):
    """Counts what is asked for; all numbers of an array are one and the same zero."""

    def array(self, count: int, dtype: DTypeLike) -> NDArray[Any]:
        kind = np.dtype(dtype)
        self.bytes += count * kind.itemsize + ALIGNMENT + SLACK
        return np.broadcast_to(np.zeros(1, kind), (count,))


def planned_bytes(network: Network, batch: int, threads: int, optimizer: str, loss: str = "cross-entropy",
                  precise: bool = False) -> int:
    """What `Engine(network, …).training_bytes(optimizer)` would say, before anything is claimed."""
    arena = _Counting()
    parameters = Parameters(arena)
    flow = fused(make_flow(network, join_softmax=True, loss=loss, precise=precise))
    plan = make_plan(flow, batch, threads, True, parameters)
    for end in flow.ends:
        Loss(end.goal, plan.tensors[end.source], plan.build.run, arena)
    return arena.bytes + len(SLOTS[optimizer]) * parameters.weights.nbytes
