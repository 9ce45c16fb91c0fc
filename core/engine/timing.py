"""How long each layer takes inside a training pass, as all threads run it: nothing is taken apart or waited for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter

import numpy as np

from core.engine.plan import Plan, Watch
from core.engine.pool import Work
from core.engine.steps.base import Part, Pictures, Step
from core.engine.tape import BEFORE
from core.engine.tensor import Tensor
from core.kernels.ticks import RECORDABLE, count_ticks

FORWARD, BACKWARD = 0, 1


@dataclass
class StepTimes:
    """Seconds of one step in each pass, forward and backward; gradients that are added up count as backward.

    They are those of all threads together, over the number of threads.
    """

    forward: list[float] = field(default_factory=list)
    backward: list[float] = field(default_factory=list)


@dataclass
class PassTimes:
    """Training passes: the steps by their layers, and `between`, what is left of each pass.

    `together` names those that count with another one's step, and that one.
    That is the loss, the pictures' way into the engine, and threads that wait for each other.
    """

    steps: dict[str, StepTimes]
    between: list[float] = field(default_factory=list)
    together: dict[str, str] = field(default_factory=dict)


@dataclass
class _Timed:
    """A step's work on pictures with a clock beside it; `macs`, `output` and `steady` as in Step."""

    work: Pictures
    macs: int
    output: Tensor
    steady: bool
    note: Callable[[int, int], None]

    def __call__(self, first: int, end: int, thread: int) -> None:
        self.note(thread, -1)
        self.work(first, end, thread)
        self.note(thread, 1)


class Clock:
    """Notes how long the steps of a plan keep each thread busy."""

    def __init__(self, threads: int, plan: Plan) -> None:
        self._threads = threads
        self.together = {step.name: both.name for step, both in plan.siblings.items() if step.name != both.name}
        self._names = [step.name for step in plan.steps if step.name not in self.together]
        self._places: dict[tuple[str, int], int] = {}
        # Threads never write to the same one; the last is for the clock's own pace.
        self._most = 2 * len(plan.steps) + 1
        self._ticks = np.zeros(threads * self._most)

    def watch(self, way: int) -> Watch:
        """What puts this clock beside the parts of a step."""
        return partial(self._timed, way)

    def works(self, step: Step, works: Sequence[Work]) -> list[Work]:
        """Works on a step's gradients with this clock beside them."""
        return list(self._timed(BACKWARD, step, Part(works=works)).works)

    def measure(self, run: Callable[[], None]) -> tuple[float, dict[str, tuple[float, float]]]:
        """Seconds that `run` takes, and those of each layer, forward and backward; its steps count as one."""
        self._ticks[:] = 0
        pace = self._most - 1
        begin = perf_counter()
        count_ticks(self._ticks, pace, -1)
        run()
        count_ticks(self._ticks, pace, 1)
        whole = perf_counter() - begin
        table = self._ticks.reshape(self._threads, self._most)
        seconds = table.sum(axis=0) * (whole / max(1.0, table[0, pace]) / self._threads)

        def spent(name: str, way: int) -> float:
            place = self._places.get((name, way))
            return 0.0 if place is None else float(seconds[place])

        return whole, {name: (spent(name, FORWARD), spent(name, BACKWARD)) for name in self._names}

    def _timed(self, way: int, step: Step, part: Part) -> Part:
        name, threads = self.together.get(step.name, step.name), self._threads
        place = self._places.setdefault((name, way), len(self._places))

        def note(thread: int, sign: int) -> None:
            count_ticks(self._ticks, thread * self._most + place, sign)

        def watched(work: Work, thread: int) -> None:
            note(thread, -1)
            work(thread)
            note(thread, 1)

        def alone(once: Callable[[], None]) -> None:
            # All threads wait for this one.
            note(0, -threads)
            once()
            note(0, threads)

        steady = step.steady and RECORDABLE
        return Part(None if part.pictures is None else _Timed(part.pictures, step.macs, step.output, steady, note),
                    None if part.once is None else partial(alone, part.once),
                    [partial(watched, work) for work in part.works], steady)


def time_passes(clock: Clock, run: Callable[[], None], passes: int) -> PassTimes:
    """Run a training pass, whose phases the clock watches, so many times; before that until it is on tape."""
    for _ in range(BEFORE + 1):
        run()
    found = PassTimes({}, together=clock.together)
    for _ in range(passes):
        whole, ways = clock.measure(run)
        for name, (forward, backward) in ways.items():
            times = found.steps.setdefault(name, StepTimes())
            times.forward.append(forward)
            times.backward.append(backward)
        found.between.append(max(0.0, whole - sum(map(sum, ways.values()))))
    return found
