"""The end of the network: the loss of each picture and the gradient of the last output."""

import numpy as np

from core.engine.arena import Arena
from core.engine.steps.base import Run
from core.engine.tensor import Tensor
from core.errors import DataError, TrainingError
from core.kernels import losses
from core.layers.base import Array

LOSSES = ("cross-entropy", "sum-of-squares", "mean-squares")


class Loss:
    """One of LOSSES on the last tensor; cross-entropy takes scores and includes the softmax."""

    def __init__(self, kind: str, scores: Tensor, run: Run, arena: Arena) -> None:
        if kind not in LOSSES:
            raise TrainingError(f"There is no loss {kind!r}; choose one of {', '.join(LOSSES)}.")
        self._kind, self._scores, self._run = kind, scores, run
        self._targets = arena.floats(scores.batch * scores.size).reshape(scores.batch, scores.size)
        self._unused = arena.floats(scores.batch * scores.size)
        self._losses = arena.array(scores.batch, np.float64)

    def take(self, target: Array) -> None:
        """Targets of the present batch: class numbers int64 [N], or float [N, K]."""
        count, classes = self._run.count, self._scores.size
        if target.shape == (count,) and target.dtype.kind in "iu":
            if count and (target.min() < 0 or target.max() >= classes):
                raise DataError(f"The labels run from {target.min()} to {target.max()}, but the last layer has only "
                                f"{classes} outputs (0 to {classes - 1}). Give it as many units as there are classes.")
            self._targets[:count] = 0
            self._targets[np.arange(count), target] = 1
        elif target.shape == (count, classes):
            self._targets[:count] = target
        else:
            raise DataError(f"The targets have the shape {target.shape}; {count} pictures and {classes} outputs need "
                            f"[{count}] class numbers or [{count}, {classes}] numbers.")

    def compute(self, first: int, end: int, thread: int) -> None:
        """Losses and gradient of these pictures; the gradient is that of the mean over the batch."""
        count, batch, classes = self._run.count, self._scores.batch, self._scores.size
        scores = self._scores.values.reshape(batch, classes)
        given = self._scores.gradient if self._scores.gradient is not None else self._unused
        gradient, share = given.reshape(batch, classes), np.float32(1 / count)
        if self._kind == "cross-entropy":
            losses.softmax_cross_entropy(scores, self._targets, gradient, self._losses, share, first, end)
        else:
            factor = np.float32(1.0 if self._kind == "sum-of-squares" else 2.0 / classes)
            losses.squared_error(scores, self._targets, gradient, self._losses, factor, share, first, end)

    def total(self) -> float:
        """The sum of the losses of the batch."""
        return float(self._losses[:self._run.count].sum())

    def correct(self) -> int:
        """How many pictures are right."""
        scores = self._scores.values.reshape(self._scores.batch, -1)
        return int(losses.count_correct(scores, self._targets, 0, self._run.count))
