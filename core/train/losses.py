"""How wrong an answer is, as one number, and its gradient: NumPy, any float type.

With cross-entropy a last Softmax is fused into the loss: the gradient is then simply p − t, exact and without overflow.
Without a Softmax the output is taken as the scores (logits) all the same. The losses of squares take an output as it
is. Each output of a network may have a loss of its own; `core.graph.goals` says which, and how much each counts.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike

from core.errors import DataError, UsageError
from core.graph.network import Network
from core.layers.activation import Softmax
from core.layers.base import Array

LossFunction = Callable[[Array, Array], tuple[float, Array]]


def cross_entropy(scores: Array, target: Array) -> tuple[float, Array]:
    """−Σ t log p with p = softmax(scores), mean over the batch, and its gradient to the scores (lecture topic 1.3).

    scores [N, K]; target int64 [N] or shares [N, K]. The largest score is subtracted first so that nothing overflows.
    """
    wanted = _shares(scores, target)
    shifted = scores - scores.max(axis=1, keepdims=True)
    logarithm = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    value = -(wanted * logarithm).sum() / len(scores)
    gradient = (np.exp(logarithm) * wanted.sum(axis=1, keepdims=True) - wanted) / len(scores)
    return float(value), gradient


def sum_of_squares(outputs: Array, target: Array) -> tuple[float, Array]:
    """½ Σ (y − t)² over the outputs, mean over the batch, and its gradient (lecture topic 1.2).

    Classes become one-hot.
    """
    difference = outputs - _shares(outputs, target)
    return float(0.5 * np.square(difference).sum() / len(outputs)), difference / len(outputs)


def mean_squares(outputs: Array, target: Array) -> tuple[float, Array]:
    """(y − t)², mean over outputs and batch, and its gradient. Classes become one-hot."""
    difference = outputs - _shares(outputs, target)
    return float(np.square(difference).mean()), 2 * difference / difference.size


LOSSES: dict[str, LossFunction] = {"cross-entropy": cross_entropy, "sum-of-squares": sum_of_squares,
                                   "mean-squares": mean_squares}


def loss_function(name: str) -> LossFunction:
    """The loss of that name: (outputs [N, K], target) → (value, gradient)."""
    if name not in LOSSES:
        raise UsageError(f"There is no loss {name!r}; there are {', '.join(LOSSES)}.")
    return LOSSES[name]


def loss_node(network: Network, last: str, loss: str) -> str:
    """The id whose output the loss takes: with cross-entropy a last Softmax is fused, so it is the layer before it."""
    while network.nodes[last].layer.bypassed and network.inputs_of(last):
        last = next(iter(network.inputs_of(last).values()))
    if loss == "cross-entropy" and isinstance(network.nodes[last].layer, Softmax):
        return network.inputs_of(last)[0]
    return last


def takes_logits(network: Network, last: str, loss: str) -> bool:
    """Whether the last output is taken as scores because no Softmax is there; said once to the user."""
    return loss == "cross-entropy" and loss_node(network, last, loss) == loss_node(network, last, "")


def one_hot(target: Array, classes: int, dtype: DTypeLike) -> Array:
    """[N, classes] with 1 at each picture's class."""
    if target.size and not (target.min() >= 0 and target.max() < classes):
        wrong = target.min() if target.min() < 0 else target.max()
        raise DataError(f"Class {wrong} is asked for, but the network has {classes} outputs (0 to {classes - 1}).")
    found = np.zeros((len(target), classes), dtype)
    found[np.arange(len(target)), target] = 1
    return found


def _shares(outputs: Array, target: Array) -> Array:
    """The target as one number per output: classes become one-hot."""
    if outputs.ndim != 2:
        raise DataError("The loss needs a flat last output; end the network with Flatten and Dense.")
    if len(target) != len(outputs):
        raise DataError(f"There are {len(outputs):,} pictures but {len(target):,} targets.")
    if target.ndim == 1 and target.dtype.kind in "iu":
        return one_hot(target, outputs.shape[1], outputs.dtype)
    if target.shape != outputs.shape:
        raise DataError(f"The target is {'×'.join(map(str, target.shape))} but the network puts out "
                        f"{'×'.join(map(str, outputs.shape))}; give one class per picture or one number per output.")
    return target.astype(outputs.dtype)
