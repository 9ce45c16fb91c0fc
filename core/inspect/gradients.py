"""Exact gradients of one batch, and the proof that they are right: analytic against central differences."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from core.graph.cost import cost
from core.graph.initial import stream
from core.graph.model import Gradients, Model, Trace
from core.graph.network import Network
from core.layers.base import Array, Pass
from core.train.losses import LossFunction, loss_function, loss_node

EPSILON = 1e-6
# A relative error above this is a mistake in a formula: what rounding makes lies far below.
LIMIT = 1e-6
# Arrays of at most so many numbers are checked one by one; larger ones at random places and along random directions.
EVERY_ENTRY = 2_000
ENTRIES = 500
DIRECTIONS = 20
# Networks of more multiply-adds than this (LeNet has 416,520) are checked at fewer places, or it would take hours.
MACS_IN_FULL = 2_000_000
SMALLEST = 1e-8
PICTURES = 3
# Rounding in the network and in the loss moves the loss by up to about this many units in its last place.
ROUNDING_UNITS = 32

Progress = Callable[[int, int], None]
Run = Callable[[], Trace]


@dataclass(frozen=True)
class ArrayCheck:
    """How well the gradient of one array (or of the input, named "input") agrees.

    `relative_error` is max|a − d| / max(max|a|, max|d|, 1e-8) over the `checked` entries and directions; `skipped` are
    those where a mask, a winner or a kink changes within ±ε, so that there is no derivative to compare with. Where both
    are smaller than what the loss's rounding makes of zero, they count as equal, as for a bias before BatchNorm.
    """

    layer: str
    parameter: str
    relative_error: float
    checked: int
    skipped: int


def run_gradients(network: Network, weights: Mapping[str, Array], x: Array, target: Array,
                  loss: str = "cross-entropy") -> tuple[float, Array, dict[str, Array]]:
    """(loss, gradient of the input, gradients as "layer.array") of one batch, computed in float64.

    Training mode with batch statistics, dropout and noise off. target: int64 [N] or [N, K].
    """
    probe = Probe(Model(network, weights), x, target, loss)
    found = probe.gradients()
    return probe.value(probe.trace), next(iter(found.inputs.values())), found.arrays


def verify(network: Network, weights: Mapping[str, Array], seed: int = 0, loss: str = "cross-entropy",
           progress: Progress | None = None) -> list[ArrayCheck]:
    """Check the gradients of every array and of the input on random pictures, in float64 with ε = 1e-6.

    `progress` is told (done, total) arrays. A last output that is no flat vector is checked with the sum of squares.
    """
    model, rng = Model(network, weights), stream(seed, "verify")
    shape = model.inference.shapes[model.last] or ()
    network, shapes = model.network, model.inference.shapes
    x = {network.nodes[key].name: rng.random((PICTURES, *(shapes[key] or ()))) for key in model.sources}
    flat = len(shape) == 1
    target = rng.integers(0, shape[0], PICTURES) if flat else rng.random((PICTURES, *shape))
    probe = Probe(model, x, target, loss if flat else "")
    found = probe.gradients()
    places = [(name, array, gradient, probe.after(name)) for name, array, gradient in
              ((name, model.weights[name], gradient) for name, gradient in found.arrays.items())]
    places += [(f"{name}.input", x[name], gradient, probe.whole) for name, gradient in found.inputs.items()]
    checks = []
    for done, (name, array, gradient, run) in enumerate(places):
        if progress is not None:
            progress(done, len(places))
        checks.append(probe.check(name, array, gradient, run, rng))
    order = {network.nodes[key].name: place for place, key in enumerate(network.order)}
    return sorted(checks, key=lambda check: order[check.layer])


def worst(checks: list[ArrayCheck]) -> float:
    """The largest relative error of all."""
    return max((check.relative_error for check in checks), default=0.0)


class Probe:
    """One batch through a model whose numbers can be moved a little."""

    def __init__(self, model: Model, x: Array | Mapping[str, Array], target: Array, loss: str) -> None:
        self._model, self._x, self._target = model, x, target
        self._loss: LossFunction = loss_function(loss) if loss else _squares
        self._node = loss_node(model.network, model.last, loss)
        self.trace = self.whole()
        macs = cost(model.inference).macs
        self._part = min(1.0, MACS_IN_FULL / max(1, macs))
        self._uncertain = ROUNDING_UNITS * float(np.spacing(self.value(self.trace))) / (2 * EPSILON)

    def whole(self) -> Trace:
        """A pass through all layers."""
        return self._model.forward(self._x, Pass(training=True, noise=False, marks=[]))

    def after(self, name: str) -> Run:
        """What passes through the layer of an array and all behind it; before it nothing changes."""
        changed = self._model.network.by_name(name.rpartition(".")[0]).id
        return lambda: self._model.again(self.trace, changed, Pass(training=True, noise=False, marks=[]))

    def value(self, trace: Trace) -> float:
        """The loss."""
        return self._loss(trace.outputs[self._node], self._target)[0]

    def gradients(self) -> Gradients:
        """The analytic ones."""
        gradient = self._loss(self.trace.outputs[self._node], self._target)[1]
        return self._model.backward(self.trace, {self._node: gradient})

    def check(self, name: str, array: Array, gradient: Array, run: Run, rng: np.random.Generator) -> ArrayCheck:
        """Compare the gradient of one array with differences; the array is moved in place and put back."""
        analytic: list[float] = []
        numeric: list[float] = []
        skipped = 0
        for places, way in _ways(array.size, self._part, rng):
            slope = self._slope(array.reshape(-1), places, way, run)
            if slope is None:
                skipped += 1
            else:
                analytic.append(float(gradient.reshape(-1)[places] @ way))
                numeric.append(slope)
        layer, _, parameter = name.rpartition(".")
        return ArrayCheck(layer, parameter, self._error(analytic, numeric), len(numeric), skipped)

    def _error(self, analytic: list[float], numeric: list[float]) -> float:
        """max|a − d| / max(max|a|, max|d|, 1e-8), where what cannot be told from zero is zero."""
        if not analytic:
            return 0.0
        a, d = np.array(analytic), np.array(numeric)
        nothing = (np.abs(a) < self._uncertain) & (np.abs(d) < self._uncertain)
        largest = max(np.abs(a).max(), np.abs(d).max(), SMALLEST)
        return float(np.where(nothing, 0, np.abs(a - d)).max() / largest)

    def _slope(self, flat: Array, places: Array, way: Array, run: Run) -> float | None:
        """(L(w + ε v) − L(w − ε v)) / 2ε, or None where something switches in between."""
        before = flat[places].copy()
        losses = []
        for sign in (1, -1):
            flat[places] = before + sign * EPSILON * way
            trace = run()
            losses.append(self.value(trace))
            if self._switches(trace):
                break
        flat[places] = before
        return (losses[0] - losses[1]) / (2 * EPSILON) if len(losses) == 2 and not self._switches(trace) else None

    def _switches(self, trace: Trace) -> bool:
        """Whether any mask or winner is another one than in the middle."""
        return any(not np.array_equal(now, middle) for key, marks in trace.marks.items()
                   for now, middle in zip(marks, self.trace.marks[key], strict=True))


def _ways(size: int, part: float, rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
    """(places in the flat array, how far each is moved): single entries first, then directions of length 1.

    Of large networks (`part` below 1) only that part of the places is taken.
    """
    every = np.arange(size)
    all_of_them = size <= max(10, EVERY_ENTRY * part)
    for place in every if all_of_them else rng.choice(size, max(5, round(ENTRIES * part)), replace=False):
        yield np.array([place]), np.ones(1)
    for _ in range(0 if all_of_them else max(2, round(DIRECTIONS * part))):
        way = rng.standard_normal(size)
        yield every, way / np.linalg.norm(way)


def _squares(outputs: Array, target: Array) -> tuple[float, Array]:
    """½ Σ (y − t)² for outputs of any shape."""
    difference = outputs - target
    return float(0.5 * np.square(difference).sum()), difference
