"""Interleaved rounds: all sides work in turn, and rounds that other programs disturbed do not count."""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from core.benchmark.load import Load
from core.benchmark.side import Side

# Cores that other programs may use during a round that counts.
QUIET = 0.15
# How many rounds are tried for each that is wanted before the machine is taken to be busy for good.
_TRIES = 3
_PEAK_SECONDS = 0.05
_PAUSE = 0.02
_TRIAL_STEPS = 3

TRAIN, PREDICT = "train", "predict"
Progress = Callable[[int, int], None]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Effort:
    """How much is measured: rounds that count, and seconds that each side works in a round."""

    rounds: int = 7
    seconds: float = 0.3


@dataclass(frozen=True)
class Spread:
    """A figure: the median of the rounds, the smallest and the largest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of one value or more."""
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Rounds(Generic[Found]):
    """What rounds gave. `quiet` is false where other programs disturbed so often that all rounds had to count.

    `load_known` is false where the system does not tell what other programs use: then every round counts.
    """

    found: list[Found]
    discarded: int = 0
    quiet: bool = True
    load_known: bool = True


@dataclass(frozen=True)
class Peak:
    """Operations per second of the register tile on one thread and on all."""

    one: float
    all: float


@dataclass(frozen=True)
class Step:
    """One round: seconds of one step for each side by its name, and the tile's peak."""

    seconds: dict[str, float]
    peak: Peak | None = None


def quiet_rounds(sides: Sequence[Side], effort: Effort, work: Callable[[int], Found],
                 progress: Progress | None = None) -> Rounds[Found]:
    """Rounds of work, called with the round's number, as many as are wanted."""
    load = Load(side.process for side in sides)
    kept: list[Found] = []
    disturbed: list[Found] = []
    while len(kept) < effort.rounds and len(kept) + len(disturbed) < _TRIES * effort.rounds:
        if progress is not None:
            progress(len(kept), effort.rounds)
        load.foreign()
        found = work(len(kept) + len(disturbed))
        foreign = load.foreign()
        (kept if foreign is None or foreign <= QUIET else disturbed).append(found)
    if len(kept) == effort.rounds:
        return Rounds(kept, len(disturbed), load_known=load.known)
    return Rounds([*kept, *disturbed], 0, quiet=False, load_known=load.known)


def measure(sides: Sequence[Side], what: str, effort: Effort, *, peak: bool = False,
            progress: Progress | None = None) -> Rounds[Step]:
    """Rounds of training (`TRAIN`) or inference (`PREDICT`) of all sides.

    With `peak` the first side, which is ours, measures the register tile in each round as well.
    """
    steps = {side.name: _steps_for(side, what, effort.seconds) for side in sides}

    def work(number: int) -> Step:
        # Whoever comes first in one round comes last in the next.
        order = sides if number % 2 == 0 else sides[::-1]
        seconds = {side.name: _step(side, what, steps[side.name]) for side in order}
        return Step(seconds, ask_peak(sides[0]) if peak else None)

    return quiet_rounds(sides, effort, work, progress)


def ask_peak(side: Side) -> Peak:
    """The tile's peak, measured by our side now."""
    return Peak(**side.ask("peak", seconds=_PEAK_SECONDS))


def _steps_for(side: Side, what: str, seconds: float) -> int:
    """How many steps fill the time, after some that nobody counts."""
    side.ask(what, steps=_TRIAL_STEPS)
    return max(1, math.ceil(seconds / _step(side, what, _TRIAL_STEPS)))


def _step(side: Side, what: str, steps: int) -> float:
    """Seconds of one step. Threads of the side before may still wait for work at full speed, hence the pause."""
    time.sleep(_PAUSE)
    return float(side.ask(what, steps=steps)["seconds"]) / steps
