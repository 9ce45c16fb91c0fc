"""A batch's work on tape: from its second time on it is played from machine code, without Python between kernels.

What a batch does hangs only on how many pictures it has and on the mode. Steps that are `steady` make the same calls of
kernels with the same arrays then; phases with others in them go on step by step.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from core.engine.pool import Pool, Work
from core.engine.tensor import Floats
from core.kernels.calls import Call, noted
from core.kernels.replay import Recording

Key = tuple[object, ...]

# How often a batch is done step by step before it is recorded: the first time compiles what it needs.
BEFORE = 2
# How many lengths and modes are kept: training and evaluating have a handful, and each may take megabytes.
_MOST = 16


@dataclass(frozen=True)
class Act:
    """Works in any order on any threads, behind which all threads wait; steady ones are the same in every batch."""

    works: Sequence[Work]
    steady: bool


NOTHING = Act((), True)


def run(act: Act, pool: Pool) -> None:
    """Do an act's works, one by one."""
    # Numbers that break are looked for at the end of a step; NumPy need not speak of them on the way.
    with np.errstate(all="ignore"):
        pool.run(act.works)


class Tape:
    """Acts that follow each other, recorded; `given` is the batch that they read now, if they read it where it lies."""

    def __init__(self, acts: Sequence[Act], pool: Pool, given: Floats) -> None:
        self._pool = pool
        phases = (((_calls_of(work, thread) for thread in range(pool.threads)) for work in act.works) for act in acts)
        self._recording = Recording(phases, pool.threads, given)
        self._several = any(len(act.works) > 1 for act in acts)

    def play(self, given: Floats) -> None:
        """Do it all once, on a batch that lies there."""
        self._recording.point(given)
        self._pool.play(self._recording, not self._several)


def _calls_of(work: Work, thread: int) -> list[Call]:
    with noted() as calls:
        work(thread)
    return calls


class Score:
    """What an engine plays again and again, by what it hangs on: a name, how many pictures there are, the mode."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._seen: Counter[Key] = Counter()
        self._played: dict[Key, list[Tape | Act]] = {}

    def run(self, key: Key, acts: Callable[[], list[Act]], given: Floats) -> None:
        """Do the acts once, on a batch that lies at `given`; they are asked for until there is a tape."""
        known = self._played.pop(key, None)
        if known is not None:
            self._played[key] = known  # the last is the one that was used last
        for each in known or self._first_times(key, acts, given):
            if isinstance(each, Tape):
                each.play(given)
            else:
                run(each, self._pool)

    def forget(self, name: str) -> None:
        """Everything under that name."""
        for key in [key for key in self._seen if key[0] == name]:
            self._played.pop(key, None)
            del self._seen[key]

    def _first_times(self, key: Key, acts: Callable[[], list[Act]], given: Floats) -> Sequence[Tape | Act]:
        """The acts, or from some time on what is recorded of them."""
        self._seen[key] += 1
        if self._seen[key] <= BEFORE or not self._pool.may_play:
            return acts()
        made = self._played[key] = _recorded(acts(), self._pool, given)
        while len(self._played) > _MOST:
            oldest = next(iter(self._played))
            # It is recorded again only when it has come as often as a new one.
            del self._played[oldest], self._seen[oldest]
        return made


def _recorded(acts: Sequence[Act], pool: Pool, given: Floats) -> list[Tape | Act]:
    """Neighbours that are steady as one tape, the others as they are."""
    found: list[Tape | Act] = []
    for steady, some in groupby(acts, lambda act: act.steady):
        together = list(some)
        found += [Tape(together, pool, given)] if steady else together
    return found
