"""Exact gradients of one batch, and the proof that they are right: analytic against central differences."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.graph.cost import cost
from core.graph.goals import Goal, goals_of
from core.graph.initial import stream
from core.graph.model import Gradients, Model, Trace
from core.graph.network import Network
from core.layers.base import Array, Pass
from core.train.losses import loss_function, loss_node

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

    Training mode with batch statistics, dropout and noise off. target: int64 [N] or [N, K], the same for all outputs;
    `loss` is the main output's. Arrays that lead to no output that counts have the gradient 0.
    """
    model, goals = Model(network, weights), _counting(network, loss)
    probe = Probe(model, x, [target] * len(goals), goals)
    found = probe.gradients()
    return probe.value(probe.trace), next(iter(found.inputs.values())), {**_zeros(model), **found.arrays}


def verify(network: Network, weights: Mapping[str, Array], seed: int = 0, loss: str = "cross-entropy",
           progress: Progress | None = None) -> list[ArrayCheck]:
    """Check the gradients of every array and of the input on random pictures, in float64 with ε = 1e-6.

    `progress` is told (done, total) arrays. An output that is no flat vector is checked with the sum of squares.
    """
    model, rng = Model(network, weights), stream(seed, "verify")
    network, shapes = model.network, model.inference.shapes
    x = {network.nodes[key].name: rng.random((PICTURES, *(shapes[key] or ()))) for key in model.sources}
    goals, targets = [], []
    for goal in _counting(network, loss):
        shape = shapes[goal.id] or ()
        flat = len(shape) == 1
        goals.append(goal if flat else replace(goal, loss=""))
        targets.append(rng.integers(0, shape[0], PICTURES) if flat else rng.random((PICTURES, *shape)))
    probe = Probe(model, x, targets, goals)
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

    def __init__(self, model: Model, x: Array | Mapping[str, Array], targets: Sequence[Array],
                 goals: Sequence[Goal]) -> None:
        self._model, self._x, self._targets, self._goals = model, x, targets, goals
        self._losses = [loss_function(goal.loss) if goal.loss else _squares for goal in goals]
        self._nodes = [loss_node(model.network, goal.id, goal.loss) for goal in goals]
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
        """The loss: the weighted sum over all outputs."""
        return self._total(trace)[0]

    def gradients(self) -> Gradients:
        """The analytic ones."""
        return self._model.backward(self.trace, self._total(self.trace)[1])

    def _total(self, trace: Trace) -> tuple[float, dict[str, Array]]:
        """The sum of weight · loss over the outputs, and its gradients by the ids that the losses take."""
        value, gradients = 0.0, dict[str, Array]()
        for goal, loss, node, target in zip(self._goals, self._losses, self._nodes, self._targets, strict=True):
            own, gradient = loss(trace.outputs[node], target)
            value += goal.weight * own
            gradient = goal.weight * gradient
            gradients[node] = gradients[node] + gradient if node in gradients else gradient
        return value, gradients

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


def _counting(network: Network, loss: str) -> list[Goal]:
    """The outputs that count."""
    return [goal for goal in goals_of(network, loss) if goal.counts]


def _zeros(model: Model) -> dict[str, Array]:
    """A gradient of 0 for every array that learns; those that lead to a loss get their own."""
    nodes = model.network.nodes
    return {f"{nodes[key].name}.{name}": np.zeros(spec.shape) for key, gets in model.inference.inputs.items()
            if not nodes[key].layer.bypassed for name, spec in nodes[key].layer.arrays(*gets).items() if spec.trained}


def _squares(outputs: Array, target: Array) -> tuple[float, Array]:
    """½ Σ (y − t)² for outputs of any shape."""
    difference = outputs - target
    return float(0.5 * np.square(difference).sum()), difference
