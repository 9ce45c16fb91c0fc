"""How long each layer takes inside a training pass, as all threads run it: nothing is taken apart or waited for."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter

from core.engine.plan import Plan, Watch
from core.engine.pool import Work
from core.engine.steps.base import Part, Pictures, Step
from core.engine.tensor import Tensor

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

    That is the loss, the pictures' way into the engine, and threads that wait for each other.
    """

    steps: dict[str, StepTimes]
    between: list[float] = field(default_factory=list)


@dataclass
class _Timed:
    """A step's work on pictures with a clock beside it; `macs` and `output` as in Step."""

    work: Pictures
    macs: int
    output: Tensor
    note: Callable[[int, float], None]

    def __call__(self, first: int, end: int, thread: int) -> None:
        begin = perf_counter()
        self.work(first, end, thread)
        self.note(thread, perf_counter() - begin)


class Clock:
    """Notes how long the steps of a plan keep each thread busy."""

    def __init__(self, threads: int) -> None:
        # Threads never write to the same one.
        self._seconds: list[Counter[tuple[str, int]]] = [Counter() for _ in range(threads)]

    def watch(self, way: int) -> Watch:
        """What puts this clock beside the parts of a step."""
        return partial(self._timed, way)

    def works(self, step: Step, works: Sequence[Work]) -> list[Work]:
        """Works on a step's gradients with this clock beside them."""
        return list(self._timed(BACKWARD, step, Part(works=works)).works)

    def read(self, plan: Plan) -> dict[str, tuple[float, float]]:
        """Seconds of each layer, forward and backward, since the last reading; steps of the same layer count as one."""
        total: Counter[tuple[str, int]] = Counter()
        for each in self._seconds:
            total.update(each)
            each.clear()
        threads = len(self._seconds)
        return {step.name: (total[step.name, FORWARD] / threads, total[step.name, BACKWARD] / threads)
                for step in plan.steps}

    def _timed(self, way: int, step: Step, part: Part) -> Part:
        key, threads = (step.name, way), len(self._seconds)

        def note(thread: int, seconds: float) -> None:
            self._seconds[thread][key] += seconds  # type: ignore[assignment]

        def watched(work: Work, thread: int) -> None:
            begin = perf_counter()
            work(thread)
            note(thread, perf_counter() - begin)

        def alone(once: Callable[[], None]) -> None:
            begin = perf_counter()
            once()
            # All threads wait for this one.
            note(0, threads * (perf_counter() - begin))

        return Part(None if part.pictures is None else _Timed(part.pictures, step.macs, step.output, note),
                    None if part.once is None else partial(alone, part.once),
                    [partial(watched, work) for work in part.works])


def time_passes(plan: Plan, clock: Clock, run: Callable[[], None], passes: int) -> PassTimes:
    """Run a training pass, whose phases the clock watches, so many times."""
    found = PassTimes({step.name: StepTimes() for step in plan.steps})
    for _ in range(passes):
        begin = perf_counter()
        run()
        whole = perf_counter() - begin
        ways = clock.read(plan)
        for name, (forward, backward) in ways.items():
            found.steps[name].forward.append(forward)
            found.steps[name].backward.append(backward)
        found.between.append(max(0.0, whole - sum(map(sum, ways.values()))))
    return found
