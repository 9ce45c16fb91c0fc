"""What the worker sends: a thread packs and writes, so that computing never waits for a window that is busy."""

import os
import queue
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from core.worker.post import send

# Of each kind, so many a second are enough for the eye.
MESSAGE_SECONDS = 0.05


class Outbox:
    """Messages in order; of those sent with `latest` only the newest of each kind, where the pipe is slower.

    `lost` is called, in the thread, when nobody reads any more; without it the process ends then.
    """

    def __init__(self, connection: Connection, lost: Callable[[], None] | None = None) -> None:
        self._connection, self._lost = connection, lost or partial(os._exit, 0)
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._latest: dict[type, Any] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._send, name="worker messages", daemon=True).start()

    def put(self, message: Any) -> None:
        """Send a message behind those that wait."""
        self._queue.put(message)

    def latest(self, message: Any) -> None:
        """Send a message; one of the same kind that still waits is never sent."""
        with self._lock:
            waits = type(message) in self._latest
            self._latest[type(message)] = message
        if not waits:
            self._queue.put(type(message))

    def _send(self) -> None:
        while True:
            message = self._queue.get()
            if isinstance(message, type):
                with self._lock:
                    message = self._latest.pop(message)
            try:
                send(self._connection, message)
            except OSError:
                self._lost()
                return
            del message  # it may hold hundreds of megabytes, and the next one may be long in coming
