"""Figures of merit: plain counts, NumPy only."""

import numpy as np

from core.layers.base import Array


def predicted(outputs: Array) -> Array:
    """The class of each row: int64 [N], the first of equals. Scores and probabilities give the same."""
    found: Array = np.argmax(outputs, axis=1).astype(np.int64)
    return found


def correct(outputs: Array, target: Array) -> int:
    """How many rows of [N, K] are largest at their class; a target of shares counts by its largest."""
    wanted = target if target.ndim == 1 else predicted(target)
    return int(np.count_nonzero(predicted(outputs) == wanted))


def accuracy(outputs: Array, target: Array) -> float:
    """The share of right answers, 0 … 1; 0 where there is no picture."""
    return correct(outputs, target) / len(outputs) if len(outputs) else 0.0


def confusion_matrix(truth: Array, answers: Array, classes: int) -> Array:
    """Counts int64 [classes, classes]: rows true, columns predicted."""
    return np.bincount(truth * classes + answers, minlength=classes * classes).reshape(classes, classes)
