"""The end of the network: the loss of each picture and the gradient of an output."""

import numpy as np

from core.engine.arena import Arena
from core.engine.steps.base import Run
from core.engine.tensor import Tensor
from core.errors import DataError, TrainingError
from core.graph.goals import Goal
from core.graph.output import LOSSES
from core.kernels import losses
from core.layers.base import Array


class Loss:
    """The loss of one goal on the tensor of its output; cross-entropy takes scores and includes the softmax.

    `gradient` [batch, outputs] is that of the goal's weight · loss.
    """

    steady = True

    def __init__(self, goal: Goal, scores: Tensor, run: Run, arena: Arena) -> None:
        if goal.loss not in LOSSES:
            raise TrainingError(f"There is no loss {goal.loss!r}; choose one of {', '.join(LOSSES)}.")
        self.goal, self._scores, self._run = goal, scores, run
        shape = (scores.batch, scores.size)
        self._targets = arena.floats(scores.batch * scores.size).reshape(shape)
        claimed = scores.claim(arena)
        self.gradient = (arena.floats(scores.batch * scores.size) if claimed is None else claimed).reshape(shape)
        self._losses = arena.array(scores.batch, np.float64)

    def take(self, target: Array) -> None:
        """Targets of the present batch: class numbers int64 [N], or float [N, K]."""
        count, classes = self._run.count, self._scores.size
        if target.shape == (count,) and target.dtype.kind in "iu":
            known: bool | None = losses.mark_classes(np.ascontiguousarray(target, np.int64), self._targets)
            if known is False:  # None says that the call was only noted
                raise DataError(f"The labels run from {target.min()} to {target.max()}, but {self.goal.name} has only "
                                f"{classes} outputs (0 to {classes - 1}). Give it as many units as there are classes.")
        elif target.shape == (count, classes):
            self._targets[:count] = target
        else:
            raise DataError(f"The targets have the shape {target.shape}; {count} pictures and the {classes} outputs of "
                            f"{self.goal.name} need [{count}] class numbers or [{count}, {classes}] numbers.")

    def compute(self, first: int, end: int, thread: int) -> None:
        """Losses and gradient of these pictures; the gradient is that of the weighted mean over the batch."""
        scores = self._scores.values.reshape(self.gradient.shape)
        share = np.float32(self.goal.weight / self._run.count)
        if self.goal.loss == "cross-entropy":
            losses.softmax_cross_entropy(scores, self._targets, self.gradient, self._losses, share, first, end)
        else:
            factor = np.float32(1.0 if self.goal.loss == "sum-of-squares" else 2.0 / self._scores.size)
            losses.squared_error(scores, self._targets, self.gradient, self._losses, factor, share, first, end)

    def total(self) -> float:
        """The sum of the losses of the batch, before the weight."""
        return float(self._losses[:self._run.count].sum())

    def correct(self) -> int:
        """How many pictures are right."""
        scores = self._scores.values.reshape(self._scores.batch, -1)
        return int(losses.count_correct(scores, self._targets, 0, self._run.count) or 0)  # None where only noted
