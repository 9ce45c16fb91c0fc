"""Threads that stay: work is handed out and waited for; an exception in any thread is raised in the caller.

The kernels run without the interpreter lock, so the threads really work at the same time. What the results are never
depends on which thread did what.
"""

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue

Work = Callable[[int], None]
_STOP = None


class Pool:
    """`threads` workers, the caller being the first of them."""

    def __init__(self, threads: int) -> None:
        self.threads = max(1, threads)
        self._queues: list[SimpleQueue[SimpleQueue[Work] | None]] = []
        self._done: SimpleQueue[BaseException | None] = SimpleQueue()
        self._workers: list[threading.Thread] = []
        for number in range(1, self.threads):
            queue: SimpleQueue[SimpleQueue[Work] | None] = SimpleQueue()
            worker = threading.Thread(target=self._serve, args=(queue, number), name=f"engine-{number}", daemon=True)
            self._queues.append(queue)
            self._workers.append(worker)
            worker.start()

    def run(self, works: Sequence[Work]) -> None:
        """Do all works, each once, on any thread; a work is called with the number of its thread."""
        if self.threads == 1 or len(works) == 1:
            for work in works:
                work(0)
            return
        waiting: SimpleQueue[Work] = SimpleQueue()
        for work in works:
            waiting.put(work)
        helpers = self._queues[:len(works) - 1]
        for queue in helpers:
            queue.put(waiting)
        failures = [_drain(waiting, 0)]
        failures += [self._done.get() for _ in helpers]
        for failure in failures:
            if failure is not None:
                raise failure

    def close(self) -> None:
        """End the threads; closing twice is harmless."""
        for queue in self._queues:
            queue.put(_STOP)
        for worker in self._workers:
            worker.join()
        self._queues, self._workers = [], []
        self.threads = 1

    def _serve(self, queue: "SimpleQueue[SimpleQueue[Work] | None]", number: int) -> None:
        while True:
            waiting = queue.get()
            if waiting is _STOP:
                return
            self._done.put(_drain(waiting, number))


def _drain(waiting: "SimpleQueue[Work]", number: int) -> BaseException | None:
    """Take works until none is left; give the first failure instead of raising it."""
    from queue import Empty

    while True:
        try:
            work = waiting.get_nowait()
        except Empty:
            return None
        try:
            work(number)
        except BaseException as failure:  # noqa: BLE001 - handed to the caller, who raises it
            return failure
