"""The peak that speeds are compared with: what the register tile gives when it need not wait for memory."""

from time import perf_counter

import numpy as np

from core.engine.arena import Arena
from core.engine.pool import Pool, Work
from core.kernels import peak

# Passes of one piece of work: long enough that handing it to a thread costs nothing.
_PASSES = 2000


class TilePeak:
    """Runs products of register tiles on some threads; each has arrays of its own."""

    def __init__(self, threads: int) -> None:
        arena = Arena()
        self._places = np.stack([np.arange(peak.ROWS) * peak.DEPTH, np.arange(peak.ROWS) * peak.COLUMNS])
        self._pools = {count: Pool(count) for count in {1, threads}}
        sizes = (peak.ROWS * peak.DEPTH, peak.DEPTH * peak.COLUMNS, peak.ROWS * peak.COLUMNS, peak.COLUMNS)
        self._arrays = [[arena.floats(size) for size in sizes] for _ in range(threads)]
        self._work(0, 1)

    def close(self) -> None:
        """End the threads."""
        for pool in self._pools.values():
            pool.close()

    def measure(self, threads: int, seconds: float) -> float:
        """Operations per second (two for each multiply-add) on so many threads, measured for about that long."""
        works: list[Work] = [self._work] * threads
        done, begin = 0, perf_counter()
        while perf_counter() - begin < seconds:
            self._pools[threads].run(works)
            done += threads
        return 2 * peak.MACS * _PASSES * done / (perf_counter() - begin)

    def _work(self, thread: int, passes: int = _PASSES) -> None:
        a, b, c, zeros = self._arrays[thread]
        peak.multiply_repeatedly(a, b, c, zeros, self._places, passes)
