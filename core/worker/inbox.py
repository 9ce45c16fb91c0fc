"""What the worker is told: a thread reads, so that even while kernels compile the end of the window is seen at once."""

import multiprocessing
import os
import queue
import threading
from multiprocessing.connection import Connection, wait
from typing import Any

from core.worker.messages import Cancel, Quit
from core.worker.post import receive


class Inbox:
    """Requests in order. The process ends when the pipe does, when it is told to, or when its parent dies."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        threading.Thread(target=self._read, name="worker requests", daemon=True).start()
        parent = multiprocessing.parent_process()
        if parent is not None:
            threading.Thread(target=_leave_with, args=(parent.sentinel,), name="worker parent", daemon=True).start()

    def next(self) -> Any:
        """The next request; waits for one."""
        return self._queue.get()

    def cancelled(self, number: int) -> bool:
        """Whether nobody waits any more for the answer of the request of this number."""
        return number in self._cancelled

    def waiting(self) -> Any | None:
        """The next request, or None where there is none."""
        try:
            return self._queue.get_nowait()
        except queue.Empty:
            return None

    def _read(self) -> None:
        try:
            while not isinstance(request := receive(self._connection), Quit):
                if isinstance(request, Cancel):
                    self._cancelled.add(request.number)
                else:
                    self._queue.put(request)
        except (EOFError, OSError):
            pass
        finally:
            # Also after a message that could not be read: better gone than deaf.
            os._exit(0)


def _leave_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(0)
