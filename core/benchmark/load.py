"""How much of the processors other programs use, so that disturbed rounds can be left out."""

import os
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter

_ALL, _ONE = Path("/proc/stat"), "/proc/{}/stat"
# In the line "cpu": user, nice, system, idle, waiting for disks, interrupts, soft interrupts, taken by other machines.
_COUNTED, _RESTING = 8, (3, 4)


class Load:
    """Looks again and again; `own` are the processes that measure, this one among them."""

    def __init__(self, processes: Iterable[int]) -> None:
        self._own = (os.getpid(), *processes)
        self.known = _ALL.exists()
        self._last = self._look()

    def foreign(self) -> float | None:
        """Cores that others used since the last look; None where the system does not tell."""
        before, self._last = self._last, self._look()
        if not self.known:
            return None
        busy, own, seconds = (now - then for now, then in zip(self._last, before, strict=True))
        return max(0.0, (busy - own) / max(seconds, 1e-3))

    def _look(self) -> tuple[float, float, float]:
        """Seconds of all processors that were used, of ours among them, and of the clock."""
        if not self.known:
            return (0.0, 0.0, perf_counter())
        tick = os.sysconf("SC_CLK_TCK")
        numbers = [int(each) for each in _ALL.read_text(encoding="ascii").split("\n", 1)[0].split()[1:_COUNTED + 1]]
        busy = sum(each for place, each in enumerate(numbers) if place not in _RESTING)
        return busy / tick, sum(map(_ticks, self._own)) / tick, perf_counter()


def _ticks(process: int) -> int:
    """Clock ticks that a process used; 0 for one that is gone."""
    try:
        text = Path(_ONE.format(process)).read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    user, system = text.rpartition(")")[2].split()[11:13]
    return int(user) + int(system)
