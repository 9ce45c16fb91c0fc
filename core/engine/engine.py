"""The engine: trains and runs a network on this machine's cores."""

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.engine.answer import Answer
from core.engine.arena import Arena
from core.engine.finite import first_broken
from core.engine.flow import make_flow
from core.engine.folding import settle
from core.engine.fusion import fused
from core.engine.parameters import Parameters
from core.engine.pieces import STEPS_APART, Pieces, and_undo
from core.engine.plan import GradientWorks, Phase, make_plan
from core.engine.pool import Pool, Work, all_of
from core.engine.runner import Runner, joined, one_by_one
from core.engine.steps.base import Pictures
from core.engine.steps.loss import Loss
from core.engine.tape import Act
from core.engine.timing import BACKWARD, FORWARD, Clock, PassTimes, time_passes
from core.engine.update import (
    SLOTS,
    Optimizer,
    clip_scale,
    compile_update,
    rates_of,
    square_works,
    stretches,
    update_works,
)
from core.engine.viewer import Viewer
from core.engine.warming import Progress, warm_up
from core.graph.expand import expanded
from core.graph.network import Network
from core.layers.base import Array, Shape

# Numbers in all weights from which work on them is shared: their gradients, and the packing of the new ones.
# Steps of an optimizer, and sums of squares, pass over each of them once.
_WORTH_SHARING, _WORTH_SHARING_PACKING, _WORTH_SHARING_PASSES = 30_000, 150_000, 300_000


@dataclass(frozen=True)
class StepResult:
    """One training step. Where `finite` is false nothing was updated, and `bad_layer` is the layer that broke first."""

    loss: float
    correct: int
    finite: bool = True
    bad_layer: str | None = None


class Engine:
    """A network with its weights, ready for batches of up to `batch` pictures.

    Results do not depend on `threads`, to the last bit. Weights go in and out under "layer.parameter", PyTorch-shaped;
    layers that are bypassed have none here. `training=False` keeps no room for gradients; `precise` forgoes kernels
    that lose digits. `later` leaves the weights to be packed by `warm_up` or `set_weights`, one of which must follow.
    """

    def __init__(self, network: Network, weights: Mapping[str, Array], batch: int, *, threads: int | None = None,
                 loss: str = "cross-entropy", seed: int = 0, training: bool = True, precise: bool = False,
                 later: bool = False) -> None:
        self._arena = Arena()
        self._parameters = Parameters(self._arena)
        self._pool = Pool(threads or os.cpu_count() or 1)
        flow = fused(make_flow(network, join_softmax=True, loss=loss, precise=precise))
        plan = make_plan(flow, batch, self._pool.threads, training, self._parameters)
        settle(plan)
        self._runner, self._plan = Runner(plan, self._pool), plan
        self._runner.run.seed = seed
        self._losses = [Loss(end.goal, plan.tensors[end.source], self._runner.run, self._arena) for end in flow.ends]
        self._viewer = Viewer(network, self._parameters, self._pool, precise)
        frozen = {node.name for node in expanded(network).nodes.values() if node.layer.frozen}
        self._parts = stretches(self._parameters, frozenset(frozen | plan.idle))
        self._squares = np.zeros(len(self._parts))
        self._square_works = square_works(self._parameters, self._parts, self._squares)
        self._pieces: Pieces | None = None
        self._works: GradientWorks = ([], [])
        self._answer = Answer(plan)
        self.steps = 0
        self._parameters.need(weights)
        self._parameters.write(weights)
        if not later:
            self._refresh()

    # what is inside ---------------------------------------------------------------------------------------------

    @property
    def batch(self) -> int:
        """The largest batch."""
        return self._plan.build.batch

    @property
    def threads(self) -> int:
        """How many threads work."""
        return self._pool.threads

    @property
    def scratch_bytes(self) -> int:
        """Bytes the engine holds: weights, gradients, slots, outputs and working memory."""
        return self._arena.bytes + self._viewer.scratch_bytes

    def training_bytes(self, optimizer: str) -> int:
        """Bytes that training with an optimizer will take; memory is claimed early but only filled when used."""
        return self.scratch_bytes + len(SLOTS[optimizer]) * self._parameters.weights.nbytes

    def choices(self) -> dict[str, str]:
        """For each step, by its layer, which kernel runs it and why."""
        return {name: f"{choice.kernel}: {choice.reason}" for name, choice in self._plan.choices.items()}

    def weights(self) -> dict[str, Array]:
        """Copies of all arrays, running statistics included."""
        return self._parameters.read()

    def set_weights(self, weights: Mapping[str, Array]) -> None:
        """Take arrays; those that are not named stay as they are."""
        self._parameters.write(weights)
        self._refresh()

    def state(self) -> dict[str, Array]:
        """The optimizer's arrays as "layer.parameter.slot", and how many steps were made as "steps"."""
        return {**self._parameters.read_slots(), "steps": np.array([self.steps], np.int64)}

    def set_state(self, state: Mapping[str, Array]) -> None:
        """Take what `state` gave."""
        arrays = dict(state)
        steps = arrays.pop("steps", None)
        if steps is not None:
            self.steps = int(np.asarray(steps).reshape(-1)[0])
        self._parameters.write_slots(arrays)

    def trained_shapes(self) -> dict[str, Shape]:
        """The shapes of all arrays that an optimizer keeps slots for."""
        return {name: parameter.shape for name, parameter in self._parameters.table.items() if parameter.trained}

    def close(self) -> None:
        """End the threads."""
        self._pool.close()

    # training ---------------------------------------------------------------------------------------------------

    def train_step(self, x: Array, target: Array, rate: float, optimizer: Optimizer) -> StepResult:
        """One step down the gradient of the mean loss of this batch; x is N×C×H×W, target class numbers or [N, K].

        The loss is the sum over all outputs of weight · loss; what is right is counted at the main output.
        """
        rates_of(optimizer, rate, 1.0, self.steps + 1)
        found = self._judged(self.find_gradients(x, target))
        if found.finite:
            self._commit()
            self._update(rate, optimizer)
        return found

    def add_piece(self, x: Array, target: Array, *, first: bool) -> StepResult:
        """A piece of a batch that is too large for one pass; nothing is updated before `update_from_pieces`.

        Batch statistics are those of the piece. Where a number breaks, or the batch is given up, `drop_pieces` puts the
        running statistics back.
        """
        if self._pieces is None:
            self._pieces = Pieces(self._parameters)
        if first:
            self._pieces.begin()
        found = self._judged(self.find_gradients(x, target, piece=self._pieces.number))
        if found.finite:
            self._pieces.add(len(x), found.loss, found.correct)
            self._commit()
        return found

    def update_from_pieces(self, rate: float, optimizer: Optimizer) -> StepResult:
        """One step down the gradient of the mean loss over all pieces."""
        pieces = self._pieces
        assert pieces is not None
        pieces.settle()
        self._measure_gradients()
        self._update(rate, optimizer)
        return StepResult(pieces.loss / max(1, pieces.pictures), pieces.correct)

    def drop_pieces(self) -> None:
        """Give up the batch: everything is as before its first piece."""
        if self._pieces is not None:
            self._pieces.undo()
            self._refresh()

    def _judged(self, loss: float) -> StepResult:
        """What a pass gave, and where its numbers broke."""
        correct = self._losses[0].correct()
        if math.isfinite(loss) and math.isfinite(float(self._squares.sum())):
            return StepResult(loss, correct)
        broken = first_broken(self._runner, self._losses)
        return StepResult(loss, correct, False, broken or self._plan.flow.source_name)

    def _update(self, rate: float, optimizer: Optimizer) -> None:
        self.steps += 1
        length = math.sqrt(float(self._squares.sum()))
        rates = rates_of(optimizer, rate, clip_scale(optimizer, length), self.steps)
        works = update_works(optimizer, self._parameters, self._parts, rates)
        self._pool.run(self._together(works, _WORTH_SHARING_PASSES))
        self._refresh()

    def _commit(self) -> None:
        for step in self._plan.steps:
            step.commit()

    def _measure_gradients(self) -> None:
        self._pool.run(self._squaring())

    def _squaring(self) -> Sequence[Work]:
        return self._together(self._square_works, _WORTH_SHARING_PASSES)

    def find_gradients(self, x: Array, target: Array, *, noise: bool = True, piece: int = 0) -> float:
        """The mean loss of a batch in training mode; its gradients are then in `gradients`. Nothing is updated."""
        runner = self._runner
        runner.run.step = self.steps + piece * STEPS_APART
        runner.take(x, training=True, noise=noise)
        self._take(target)
        runner.play("learn", lambda: [*self._learning()(), Act(self._squaring(), True)])
        return self._total() / len(x)

    def _learning(self, clock: Clock | None = None) -> Callable[[], list[Act]]:
        """One way through the network and back, and the gradients of the weights; a clock may be beside it."""
        runner, plan, steady = self._runner, self._plan, all(step.steady for step in self._plan.steps)
        forward, backward, works = runner.forward, runner.backward, self._gradient_works()
        if clock is not None:
            forward = runner.leading_to(watch=clock.watch(FORWARD))
            backward = plan.phases(backward=True, watch=clock.watch(BACKWARD))
            works = plan.gradient_works(self._parameters.count > _WORTH_SHARING, clock.works)
        phases = self._there_and_back(forward, backward)
        return lambda: [*runner.acts(joined(phases), Act(works[0], steady)),
                        Act(self._together(works[1], _WORTH_SHARING), steady)]

    def gradients(self) -> dict[str, Array]:
        """Copies of the weight gradients of the last batch, PyTorch-shaped; those of frozen layers are not computed."""
        return {name: parameter.read(self._parameters.gradients)
                for name, parameter in self._parameters.table.items() if parameter.trained}

    def _together(self, works: Sequence[Work], worth: int) -> Sequence[Work]:
        """Works on the weights; as one where they take no longer than waking a thread up."""
        return works if self._parameters.count > worth else [partial(all_of, works)]

    def _there_and_back(self, forward: list[Phase], backward: list[Phase]) -> list[Phase]:
        return [*forward, [loss.compute for loss in self._losses], *backward]

    def _take(self, target: Array) -> None:
        for loss in self._losses:
            loss.take(target)

    def _total(self) -> float:
        """The weighted sum of all losses, over the pictures of the batch."""
        return sum(loss.goal.weight * loss.total() for loss in self._losses)

    def _gradient_works(self) -> GradientWorks:
        """They are the same for every batch, and so made only once."""
        if not any(self._works):
            self._works = self._plan.gradient_works(self._parameters.count > _WORTH_SHARING)
        return self._works

    # use --------------------------------------------------------------------------------------------------------

    def evaluate(self, x: Array, target: Array, *, whole: bool = False) -> tuple[float, int, Array]:
        """(sum of the losses, how many are right, outputs) of the main output in inference mode.

        With `whole` the losses are those of all outputs, weighted as in training.
        """
        self._runner.take(x, training=False)
        losses = self._losses if whole else self._losses[:1]
        for loss in losses:
            loss.take(target)
        runner, computing = self._runner, list[Pictures]([*(loss.compute for loss in losses), self._answer.make])
        forward = runner.use if whole else runner.answer
        runner.play("evaluate all" if whole else "evaluate", lambda: runner.acts(joined([*forward, computing])))
        total = self._total() if whole else losses[0].total()
        return total, losses[0].correct(), self._answer.read(len(x))

    def predict(self, x: Array) -> Array:
        """The main output in inference mode: probabilities where it is Softmax. Nothing else is computed."""
        runner = self._runner
        runner.take(x, training=False)
        runner.play("predict", lambda: runner.acts(joined([*runner.answer, [self._answer.make]])))
        return self._answer.read(len(x))

    def outputs(self, x: Array, names: Iterable[str], training: bool = False) -> dict[str, Array]:
        """Outputs of the named layers, N×C×H×W or N×K; layers that run as one step are taken apart for this.

        Layers that no named one needs are not computed.
        """
        return self._viewer.outputs(x, names, training, (self._runner.run.seed, self.steps))

    # running ----------------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        # The last layers mostly have the most weights; begun first, no thread waits for them at the end.
        works = [work for step in reversed(self._plan.steps) for work in step.refreshing()]
        self._pool.run(self._together(works, _WORTH_SHARING_PACKING))

    def time_layers(self, x: Array, target: Array, passes: int) -> PassTimes:
        """How long each step of a training pass takes, by its layer; nothing is updated."""
        runner, clock = self._runner, Clock(self._pool.threads, self._plan)
        acts = self._learning(clock)

        def once() -> None:
            runner.take(x, training=True)
            self._take(target)
            runner.play("timed", acts)

        runner.forget("timed")
        return time_passes(clock, once, passes)

    def warm_up(self, progress: Progress | None = None, optimizer: Optimizer | None = None,
                views: Sequence[str] = ()) -> None:
        """Compile the kernels this network and optimizer need, or load them from disk, and work on one empty picture.

        With them those for `outputs` of the layers in `views`. `progress` gets (done, total, text) before each kernel
        and at the end. Weights stay as they are.
        """
        warm_up(lambda: self._warming(optimizer, views), progress)

    def _warming(self, optimizer: Optimizer | None, views: Sequence[str]) -> Iterator[Callable[[], object]]:
        """Everything that calls kernels, once."""
        learns, runner, use = self._plan.build.learns, self._runner, self._runner.use
        empty = np.zeros((1, *self._plan.flow.source_shape), np.float32)
        yield from (partial(work, 0) for step in self._plan.steps for work in step.refreshing())
        runner.take(empty, training=learns)
        yield from (partial(loss.take, np.zeros(1, np.int64)) for loss in self._losses)
        if learns:
            yield from one_by_one(self._there_and_back(runner.forward, runner.backward))
            yield from (partial(work, 0) for each in self._gradient_works() for work in each)
            yield from (partial(work, 0) for work in self._square_works)
            yield partial(and_undo, self._parameters, self._commit)
            runner.take(empty, training=False)
        yield from one_by_one(use)
        last: list[Callable[[], object]] = [self._losses[0].correct, partial(self._answer.make, 0, 1, 0)]
        yield from [*last, self._pool.warm_up]
        if optimizer is not None:
            yield partial(compile_update, optimizer)
        if views:
            yield from one_by_one(self._viewer.phases(empty, views))
