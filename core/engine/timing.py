"""How long each layer takes: a training pass taken apart, one step after the other on all threads."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter

from core.engine.pool import Pool, Work
from core.engine.runner import Runner
from core.engine.steps.base import Part
from core.engine.steps.loss import Loss


@dataclass
class StepTimes:
    """Seconds of one step in each pass, forward and backward; gradients that are added up count as backward."""

    forward: list[float] = field(default_factory=list)
    backward: list[float] = field(default_factory=list)


def time_steps(runner: Runner, losses: list[Loss], pool: Pool, passes: int) -> dict[str, StepTimes]:
    """By layer, for the batch that the runner and the losses have taken; steps of the same layer count together."""
    found = {step.name: StepTimes() for step in runner.plan.steps}
    runner.execute(runner.leading_to([]))
    for _ in range(passes):
        ways = {name: [0.0, 0.0] for name in found}
        for step in runner.plan.steps:
            step.prepare(True)
        for step in runner.plan.steps:
            ways[step.name][0] += _timed(runner, pool, step.forward_parts())
        _timed(runner, pool, [Part(pictures=loss.compute) for loss in losses])
        for step in runner.plan.steps:
            pool.run(step.turn_works())
        for step in reversed(runner.plan.steps):
            if step.output.gradient is not None:
                ways[step.name][1] += _timed(runner, pool, step.backward_parts())
        for name, seconds in _gathering(runner, pool):
            ways[name][1] += seconds
        for name, (forward, backward) in ways.items():
            found[name].forward.append(forward)
            found[name].backward.append(backward)
    return found


def _timed(runner: Runner, pool: Pool, parts: Iterable[Part]) -> float:
    """Seconds of the parts of a step, each waited for."""
    # Threads that waited for others may have gone to sleep; in a pass that is not taken apart they have no time for it.
    pool.run([_nothing] * pool.threads)
    before = perf_counter()
    for part in parts:
        runner.execute([[part.pictures]] if part.pictures is not None else [part])
    return perf_counter() - before


def _nothing(thread: int) -> None:
    """Wakes a thread up."""


def _gathering(runner: Runner, pool: Pool) -> list[tuple[str, float]]:
    """Add up all gradients at once, as training does: each work's layer, and its seconds shared by all threads."""
    found: list[tuple[str, float]] = []

    def timed(name: str, work: Work, thread: int) -> None:
        before = perf_counter()
        work(thread)
        found.append((name, (perf_counter() - before) / pool.threads))

    pool.run([partial(timed, step.name, work) for step in runner.plan.steps for work in step.gradient_works()])
    return found
