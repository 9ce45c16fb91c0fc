"""The worker as an operating-system process with a pipe; knows no Qt. Two threads keep the window from ever waiting.

One thread sends what lies in the outbox, the other reads into the inbox. Both end by themselves with the process.
"""

import logging
import multiprocessing
import queue
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from core.worker.launch import serve
from core.worker.messages import Quit
from core.worker.post import receive, send

log = logging.getLogger(__name__)


class Ended:
    """Lies in the inbox behind the last message of a process that is gone."""


class WorkerProcess:
    """One spawned process. `inbox` fills from a thread, which calls `arrived` after each message."""

    def __init__(self, arrived: Callable[[], None], target: Callable[[Connection], None] = serve) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe(duplex=True)
        self.inbox: deque[Any] = deque()
        self._outbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._arrived = arrived
        self._process = context.Process(target=target, args=(theirs,), name="guibuilder worker", daemon=True)
        with _deaf_to_interrupts():
            self._process.start()
        theirs.close()
        self._threads = [threading.Thread(target=work, name=name, daemon=True)
                         for work, name in ((self._read, "worker answers"), (self._write, "worker requests"))]
        for thread in self._threads:
            thread.start()

    @property
    def process_id(self) -> int | None:
        """The process's id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    @property
    def exit_code(self) -> int | None:
        """How the process ended: negative = by that signal; None while it runs."""
        return self._process.exitcode

    def send(self, message: Any) -> None:
        """Put a message into the outbox; it goes out as soon as the process reads."""
        self._outbox.put(message)

    def stop(self, patience: float = 1.0) -> None:
        """Ask, wait at most `patience` seconds, then terminate. Nothing is left behind."""
        self._arrived = _nobody
        self.send(Quit())
        self._process.join(patience)
        for end in (self._process.terminate, self._process.kill):
            if self._process.is_alive():
                end()
                self._process.join(1.0)
        self._outbox.put(None)
        for thread in self._threads:
            thread.join(2.0)
        if not any(thread.is_alive() for thread in self._threads):
            self._connection.close()
            if not self._process.is_alive():
                self._process.close()

    def _read(self) -> None:
        try:
            while True:
                self._take(receive(self._connection))
        except (EOFError, OSError):
            pass
        except Exception:
            log.exception("A message of the worker could not be read")
            self._process.terminate()
        self._process.join(2.0)
        self._outbox.put(None)
        self._take(Ended())

    def _take(self, message: Any) -> None:
        self.inbox.append(message)
        try:
            self._arrived()
        except RuntimeError:
            # The window's object is gone without having stopped us: nobody needs the process any more.
            self._process.terminate()

    def _write(self) -> None:
        while (message := self._outbox.get()) is not None:
            try:
                send(self._connection, message)
            except OSError:
                return  # the process is gone; the reading thread says so
            message = None


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """What is started here ignores Ctrl+C from its first moment on: that is meant for the window, whose end is ours."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def how_it_ended(exit_code: int | None) -> str:
    """The end of a worker in words, by its exit code."""
    killed = -int(getattr(signal, "SIGKILL", 9))
    if exit_code == killed:
        return ("The training process was killed. Mostly the system does that when memory runs out: "
                "a smaller batch or network needs less.")
    if exit_code == OUT_OF_MEMORY:
        return "The training process ran out of memory. A smaller batch or network needs less."
    if exit_code is None:
        return "The training process does not answer any more and was ended."
    if exit_code < 0 or exit_code >= 0x8000_0000:
        return f"The training process crashed (code {exit_code})."
    return f"The training process stopped unexpectedly (code {exit_code})."


OUT_OF_MEMORY = 12


def _nobody() -> None:
    """Nobody listens any more."""
