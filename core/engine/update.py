"""One optimizer step on the flat array of weights, by PyTorch's formulas."""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.engine.parameters import Parameters
from core.engine.pool import Work
from core.errors import TrainingError
from core.kernels import updates

Floats = NDArray[np.float32]

_STRETCH = 1 << 15  # numbers whose squares are summed in one go
_TOGETHER = 4  # stretches that one thread works on at a time


class Optimizer(Protocol):
    """What the engine asks of an optimizer: its name, and the numbers that its formula needs as attributes.

    All may have `weight_decay` (0) and `clip` (0, the longest gradient over all weights); momentum and nesterov have
    `momentum` (0.9); adam and adamw `beta1` (0.9), `beta2` (0.999), `epsilon` (1e-8); rmsprop `alpha` (0.99) and
    `epsilon` (1e-8); adagrad `epsilon` (1e-10).
    """

    @property
    def name(self) -> str:
        """One of sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw."""


SLOTS: dict[str, tuple[str, ...]] = {
    "sgd": (), "momentum": ("velocity",), "nesterov": ("velocity",), "adagrad": ("square",), "rmsprop": ("square",),
    "adam": ("mean", "square"), "adamw": ("mean", "square"),
}
_KERNELS: dict[str, Callable[..., None]] = {
    "sgd": updates.step_sgd, "momentum": updates.step_momentum, "nesterov": updates.step_momentum,
    "adagrad": updates.step_adagrad, "rmsprop": updates.step_rmsprop, "adam": updates.step_adam,
    "adamw": updates.step_adam,
}


def stretches(parameters: Parameters, frozen: frozenset[str]) -> list[tuple[int, int]]:
    """The flat array's trained parts, in pieces of a size that does not depend on the number of threads."""
    joined: list[list[int]] = []
    for parameter in parameters.table.values():
        if not parameter.trained or parameter.name.rpartition(".")[0] in frozen:
            continue
        if joined and parameter.start - joined[-1][1] < 16:
            joined[-1][1] = parameter.end
        else:
            joined.append([parameter.start, parameter.end])
    return [(start, min(start + _STRETCH, end)) for first, end in joined for start in range(first, end, _STRETCH)]


def update_works(optimizer: Optimizer, parameters: Parameters, parts: list[tuple[int, int]],
                 rates: Floats) -> list[Work]:
    """The step as works for any thread, each on its own part of the weights."""
    kernel = _KERNELS[optimizer.name]
    slots = [parameters.slot(name) for name in SLOTS[optimizer.name]]
    step = partial(kernel, parameters.weights, parameters.gradients, *slots, rates)

    def piece(first: int, end: int) -> Work:
        return lambda thread: step(first, end)

    return [piece(first, end) for some in together(parts) for first, end in _joined(parts[some])]


def square_works(parameters: Parameters, parts: list[tuple[int, int]], sums: NDArray[np.float64]) -> list[Work]:
    """Works that put the sum of the gradient's squares over each part into `sums`."""
    def piece(some: slice) -> Work:
        edges, found = np.array(parts[some], np.int64), sums[some]
        return lambda thread: updates.square_sums(parameters.gradients, edges, found)

    return [piece(some) for some in together(parts)]


def together(parts: list[tuple[int, int]]) -> list[slice]:
    """Which parts are worked on in one go."""
    return [slice(first, min(first + _TOGETHER, len(parts))) for first in range(0, len(parts), _TOGETHER)]


def _joined(parts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Neighbours as one."""
    found: list[tuple[int, int]] = []
    for first, end in parts:
        if found and found[-1][1] == first:
            found[-1] = (found[-1][0], end)
        else:
            found.append((first, end))
    return found


def compile_update(optimizer: Optimizer) -> None:
    """Compile an optimizer's kernel, or load it from disk, by a step on no weights."""
    none = np.zeros(0, np.float32)
    slots = [none for _ in SLOTS[optimizer.name]]
    _KERNELS[optimizer.name](none, none, *slots, rates_of(optimizer, 0.0, 1.0, 1), 0, 0)


def rates_of(optimizer: Optimizer, rate: float, scale: float, step: int) -> Floats:
    """The numbers of the kernel's formula for step number `step`, counted from 1."""
    name = optimizer.name
    if name not in SLOTS:
        raise TrainingError(f"There is no optimizer {name!r}; choose one of {', '.join(SLOTS)}.")

    def given(key: str, otherwise: float) -> float:
        value: Any = getattr(optimizer, key, None)
        return otherwise if value is None else float(value)

    decay = given("weight_decay", 0.0)
    numbers = [rate, decay, scale]
    if name in ("momentum", "nesterov"):
        numbers += [given("momentum", 0.9), float(name == "nesterov")]
    elif name in ("adam", "adamw"):
        beta1, beta2 = given("beta1", 0.9), given("beta2", 0.999)
        shrink = 1 - rate * decay if name == "adamw" else 1.0
        numbers = [rate / (1 - beta1**step), 0.0 if name == "adamw" else decay, scale, beta1, beta2,
                   given("epsilon", 1e-8), float(np.sqrt(1 - beta2**step)), shrink]
    elif name == "rmsprop":
        numbers += [given("alpha", 0.99), given("epsilon", 1e-8)]
    elif name == "adagrad":
        numbers += [given("epsilon", 1e-10)]
    return np.array(numbers, np.float32)


def clip_scale(optimizer: Optimizer, length: float) -> float:
    """What the gradient is multiplied by so that it is no longer than `clip`, as torch's clip_grad_norm_ does."""
    limit = float(getattr(optimizer, "clip", 0.0) or 0.0)
    return 1.0 if limit <= 0 else min(1.0, limit / (length + 1e-6))
