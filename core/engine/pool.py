"""Threads that stay: work is handed out and waited for; an exception in any thread is raised in the caller.

The kernels run without the interpreter lock, so the threads really work at the same time. What the results are never
depends on which thread did what.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue

import numpy as np

from core.kernels.jit import COMPILED
from core.kernels.processor import processor_count
from core.kernels.replay import Recording
from core.kernels.together import ATTENDS, LINE, attend, conduct
from core.kernels.waiting import wait_for_change

Work = Callable[[int], None]
_STOP, _WAKE = None, ()
# Looks (of 25 to 50 ns) before a thread that waits goes to sleep; asleep it costs nothing, but takes long to wake up.
_LOOKS, _LOOKS_FOR_MAIL = 4_000, 20_000
# Threads that need the interpreter lock at the same moment put each other to sleep. So each goes on some looks after it
# was told to, and begins later than the one before it; the caller begins when the last one has come, or is long due.
_REST, _APART, _FARTHEST = 60, 120, 500
_LINE, _CAME = 8, 1  # int64 numbers in a cache line; where in its line a helper counts the times it came


@dataclass
class _Handout:
    """Works to be taken one by one, the helpers that have come for them, and how each of those ended."""

    waiting: Iterator[Work]
    present: list[int] = field(default_factory=list)
    done: SimpleQueue[tuple[int, BaseException | None]] = field(default_factory=SimpleQueue)


# What wakes a helper up: works, or only that there is mail, or that it is to end.
_Queue = SimpleQueue[_Handout | tuple[()] | None]


class Pool:
    """`threads` workers, the caller being the first of them.

    Threads wait awake for a moment, then asleep in their queues. `_news` has a counter in a cache line for each thread:
    the caller's counts the times works were handed out, a helper's the times it was done with them, and behind that the
    times it came for them.
    """

    def __init__(self, threads: int) -> None:
        self.threads = max(1, threads)
        self._queues: list[_Queue] = []
        self._workers: list[threading.Thread] = []
        self._news = np.zeros(_LINE * self.threads, np.int64)
        # More threads than processors would only keep each other from working.
        self._looks = _LOOKS if COMPILED and 1 < self.threads <= processor_count() else 0
        self._mail = np.zeros(LINE * self.threads, np.int64)

    def _start(self) -> None:
        """Start the threads, unless they run; what they wait with is compiled before, where somebody waits anyway."""
        if self._workers:
            return
        self._compile()
        for number in range(1, self.threads):
            queue: _Queue = SimpleQueue()
            worker = threading.Thread(target=self._serve, args=(queue, number), name=f"engine-{number}", daemon=True)
            self._queues.append(queue)
            self._workers.append(worker)
            worker.start()

    def _compile(self) -> None:
        if self._looks:
            wait_for_change(self._news, 0, 0, 0)
            attend(self._mail, 0, 0, self._news, 0, 0)

    @property
    def may_play(self) -> bool:
        """Whether what was recorded may be played: threads then wait for each other awake."""
        return COMPILED and (self.threads == 1 or bool(self._looks))

    def run(self, works: Sequence[Work]) -> None:
        """Do all works, each once, on any thread; a work is called with the number of its thread."""
        if self.threads == 1 or len(works) < 2:
            for work in works:
                work(0)
            return
        self._start()
        handout, news = _Handout(iter(works)), self._news
        helpers = self._queues[:len(works) - 1]
        before, last = news[::_LINE].tolist(), _LINE * len(helpers) + _CAME
        came = int(news[last])
        for queue in helpers:
            queue.put(handout)
        news[0] += 1
        if self._looks:
            wait_for_change(news, last, came, _FARTHEST, _APART)
        failures = [_drain(handout.waiting, 0)]
        # Who is not there yet finds nothing left, and nobody waits for it: it may still have to wake up.
        missing = set(handout.present)
        for number in missing:
            wait_for_change(news, _LINE * number, before[number], self._looks, _REST if self._looks else 0)
        while missing:
            number, failure = handout.done.get()
            missing.discard(number)
            failures.append(failure)
        for failure in failures:
            if failure is not None:
                raise failure

    def warm_up(self) -> None:
        """Compile what threads wait with and what plays recordings, or load it from disk."""
        self._compile()
        if self.may_play:
            conduct(self._mail, Recording([], self.threads).table.ctypes.data, 0)

    def play(self, recording: Recording, alone: bool) -> None:
        """Play a recording, `alone` or on all threads."""
        helpers = 0 if alone else self.threads - 1
        if helpers:
            self._start()
        for number in range(1, helpers + 1):
            if not self._mail[LINE * number + ATTENDS]:
                self._queues[number - 1].put(_WAKE)
        if not conduct(self._mail, recording.table.ctypes.data, helpers):
            raise RuntimeError("a kernel failed")

    def close(self) -> None:
        """End the threads; closing twice is harmless."""
        for queue in self._queues:
            queue.put(_STOP)
        for worker in self._workers:
            worker.join()
        self._queues, self._workers = [], []
        self.threads = 1

    def _serve(self, queue: "_Queue", number: int) -> None:
        seen = 0
        while True:
            known = int(self._news[0])
            if self._looks and queue.empty():
                seen = attend(self._mail, number, seen, self._news, known, _LOOKS_FOR_MAIL)
                wait_for_change(self._news, 0, -1, 0, min(_REST + _APART * (number - 1), _FARTHEST))
            handout = queue.get()
            if isinstance(handout, tuple):
                seen = attend(self._mail, number, seen, self._news, int(self._news[0]), _LOOKS_FOR_MAIL)
                continue
            if handout is _STOP:
                return
            handout.present.append(number)
            self._news[_LINE * number + _CAME] += 1
            handout.done.put((number, _drain(handout.waiting, number)))
            self._news[_LINE * number] += 1


def all_of(works: Sequence[Work], thread: int) -> None:
    """One after the other, on one thread."""
    for work in works:
        work(thread)


def _drain(waiting: Iterator[Work], number: int) -> BaseException | None:
    """Take works until none is left; give the first failure instead of raising it.

    After a failure nothing is left: whoever wakes up later, when nobody waits any more, must find nothing to do.
    """
    while True:
        work = next(waiting, None)
        if work is None:
            return None
        try:
            work(number)
        except BaseException as failure:  # noqa: BLE001 - handed to the caller, who raises it
            deque(waiting, maxlen=0)
            return failure
