"""Runs a plan: ranges of pictures on threads, and what has to wait for all of them in between."""

import math
from collections.abc import Callable, Iterable
from functools import partial
from itertools import pairwise

import numpy as np

from core.engine.plan import Phase, Plan, Watch
from core.engine.pool import Pool
from core.engine.steps.base import Part, Pictures
from core.engine.tape import NOTHING, Act, Score, run
from core.engine.tensor import Tensor
from core.engine.turns import Turns
from core.errors import DataError
from core.kernels.jit import COMPILED
from core.layers.base import Array

_SHARE_MACS = 130_000_000  # forward multiply-adds of a share of a batch that are worth handing to a thread
# A batch of less work than that for each time the threads meet is done by one thread: two would wait for each other
# longer than they save. A number of an output counts as so many multiply-adds, for what is done with it besides.
_ALONE, _NUMBER = 500_000, 30


class _Batch:
    """The pictures that a runner was given; phases hold this rather than the runner, which holds them."""

    def __init__(self, source: Tensor) -> None:
        self.source, self.output, self.given = source, source, source.values
        self.steady = COMPILED

    def bring(self, first: int, end: int, thread: int) -> None:
        """Bring these pictures into the engine's order."""
        self.source.bring(self.given, first, end)


class Runner:
    """A plan with the threads that work on it."""

    def __init__(self, plan: Plan, pool: Pool) -> None:
        self.plan, self._pool, self._score = plan, pool, Score(pool)
        self.run = plan.build.run
        self._batch, self._brings = _Batch(plan.source), not _read_as_given(plan)
        self.forward, self.backward = self.leading_to(), plan.phases(backward=True)
        # An answer needs the main output only.
        self.answer, self.use = self.leading_to([plan.flow.last], use=True), self.leading_to(use=True)
        self._macs = sum(task.layer.macs(task.input_shapes, task.layer_shape) for task in plan.flow.tasks)
        self._numbers = sum(math.prod(task.layer_shape) for task in plan.flow.tasks)

    def take(self, x: Array, *, training: bool, noise: bool = True) -> None:
        """Take a batch of pictures, N×C×H×W or N×K; DataError where they do not fit."""
        shape, most = self.plan.flow.source_shape, self.plan.build.batch
        if tuple(x.shape[1:]) != shape or not 1 <= len(x) <= most:
            raise DataError(f"The pictures have the shape {list(x.shape)}, but the network takes 1 to {most} of "
                            f"{list(shape)}. Fit them to the input first.")
        self.run.count, self.run.training, self.run.noise = len(x), training, noise
        self.plan.build.turns.begin()
        for step in self.plan.steps:
            step.prepare(training)
        given = np.ascontiguousarray(x, np.float32).reshape(-1)
        # Kernels are compiled for arrays that may be written to.
        self._batch.given = given if given.flags.writeable else given.copy()
        if not self._brings:
            self.plan.source.values = self._batch.given

    def leading_to(self, wanted: Iterable[str] | None = None, use: bool = False,
                   watch: Watch | None = None) -> list[Phase]:
        """The phases of the way forward, from the batch that was taken to the outputs `wanted`, as `Plan.phases`."""
        phases = self.plan.phases(backward=False, wanted=wanted, use=use, watch=watch)
        return joined([[self._batch.bring], *phases]) if self._brings else phases

    def execute(self, phases: list[Phase]) -> None:
        """Run phases one after the other, each on all pictures of the batch."""
        for act in self.acts(phases):
            run(act, self._pool)

    def play(self, name: str, acts: Callable[[], list[Act]]) -> None:
        """Run acts, which for each length of the batch and mode are always the same under that name."""
        now = self.run
        self._score.run((name, now.count, now.training, now.noise), acts, self._batch.given)

    def forget(self, name: str) -> None:
        """What was recorded under a name; the acts that get it next are others."""
        self._score.forget(name)

    def acts(self, phases: list[Phase], beside: Act = NOTHING) -> list[Act]:
        """What phases mean for the batch that was taken.

        `beside` are works that may be done with the last phase: who has no pictures left takes those.
        """
        found, meetings = [], sum(isinstance(phase, list) for phase in phases)
        for phase in phases:
            if isinstance(phase, Part):
                works, steady = phase.works or [partial(_alone, phase)], phase.steady
            else:
                walk = partial(_walk, phase, self.plan.build.turns)
                works = [partial(walk, first, end) for first, end in self._shares_of(phase, meetings)]
                steady = all(getattr(getattr(work, "__self__", work), "steady", False) for work in phase)
            found.append(Act(works, steady))
        if found and beside.works:
            found[-1] = Act([*found[-1].works, *beside.works], found[-1].steady and beside.steady)
        return found

    def _shares_of(self, phase: list[Pictures], meetings: int) -> list[tuple[int, int]]:
        """The batch in shares for a phase, as `shares`; in one where the phase itself is too little work."""
        macs, numbers = _work_of(phase)
        if self.run.count * (macs + _NUMBER * numbers) < _ALONE:
            return [(0, self.run.count)]
        return self.shares(meetings, macs)

    def shares(self, phases: int = 1, macs: int | None = None) -> list[tuple[int, int]]:
        """The batch in ranges of whole chunks: one per thread, more where a phase is much work or chunks take turns.

        `macs` are the phase's forward multiply-adds for one picture; those of all steps where it is not said.

        One in all where so many `phases` would make threads meet too often for the work there is. The last of many
        are smaller, so that threads end at about the same time.
        """
        chunk, count = self.plan.build.chunk, self.run.count
        if count * (self._macs + _NUMBER * self._numbers) < _ALONE * (1 + phases):
            return [(0, count)]
        chunks = -(-count // chunk)
        worth = max(1, (self._macs if macs is None else macs) * count // _SHARE_MACS)
        shares = min(chunks, self._pool.threads * max(1, worth // self._pool.threads))
        if self.plan.build.turns.wanted:
            shares = chunks
        edges = [min(count, chunk * number) for number in _cut(chunks, shares, self._pool.threads)]
        return [(first, end) for first, end in pairwise(edges) if end > first]


def _cut(chunks: int, shares: int, threads: int) -> list[int]:
    """Where to cut for so many shares; where threads get several, the last ones are cut once more."""
    if shares <= threads:
        return [chunks * number // shares for number in range(shares + 1)]
    most, edges = -(-chunks // shares), [0]
    while edges[-1] < chunks:
        left = chunks - edges[-1]
        edges.append(edges[-1] + min(most, -(-left // (2 * threads))))
    return edges


def _read_as_given(plan: Plan) -> bool:
    """Whether the input can be read where the caller has it: in that order, and nothing is read behind its end."""
    sources = [(step, source) for step in plan.steps for source in step.sources
               if source.values is plan.source.values]
    readers = [step for step, _ in sources]
    # Only the input itself is told where a batch lies, not what lies there in another shape.
    if any(source is not plan.source for _, source in sources):
        return False
    if plan.source.planes:
        return True
    return 1 in (plan.source.channels, plan.source.pixels) and bool(readers) and all(step.exact for step in readers)


def _work_of(phase: list[Pictures]) -> tuple[int, int]:
    """Forward multiply-adds and numbers of the outputs of a phase's steps for one picture; what is no step has none."""
    steps = [getattr(work, "__self__", work) for work in phase]
    return (sum(getattr(step, "macs", 0) for step in steps),
            sum(step.output.size for step in steps if hasattr(step, "output")))


def joined(phases: list[Phase]) -> list[Phase]:
    """Neighbouring lists as one, so that threads do not wait in between."""
    found: list[Phase] = []
    for phase in phases:
        if isinstance(phase, list) and found and isinstance(found[-1], list):
            found[-1] = [*found[-1], *phase]
        else:
            found.append(phase)
    return found


def one_by_one(phases: list[Phase]) -> list[Callable[[], object]]:
    """Each kind of work of the phases by itself, on the first picture and the first thread."""
    works: list[Callable[[], object]] = []
    for phase in phases:
        if isinstance(phase, Part):
            works += [phase.once] if phase.once else []
            works += [partial(work, 0) for work in phase.works[:1]]
        else:
            works += [partial(pictures, 0, 1, 0) for pictures in phase]
    return works


def _alone(part: Part, thread: int) -> None:
    """What runs once for the whole batch."""
    assert part.once is not None
    part.once()


def _walk(phase: list[Pictures], turns: Turns, first: int, end: int, thread: int) -> None:
    """All steps of a phase on one range of pictures."""
    whole = False
    try:
        for work in phase:
            work(first, end, thread)
        whole = True
    finally:
        if not whole:
            turns.give_up()
