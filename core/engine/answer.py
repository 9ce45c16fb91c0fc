"""What the main output says: probabilities, where the network ends in a softmax that training does with the loss."""

import numpy as np

from core.engine.plan import Plan
from core.kernels import losses
from core.layers.base import Array


class Answer:
    """The main output of the batch that went through a plan."""

    steady = True

    def __init__(self, plan: Plan) -> None:
        self._last, self._raised = plan.last, plan.flow.softmax_last
        self._made = np.empty((plan.build.batch if self._raised else 0, self._last.size), np.float32)

    def make(self, first: int, end: int, thread: int) -> None:
        """The probabilities of these pictures, where there are any to make."""
        if self._raised:
            losses.softmax_rows(self._last.rows(end), self._made, first, end)

    def read(self, count: int) -> Array:
        """A copy for so many pictures: N×C×H×W or N×K."""
        return self._made[:count].copy() if self._raised else self._last.read(count)
