"""Work that must not hold up the window: requests to the worker process, and short functions in a thread."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, QTimer, Signal

from core.errors import CoreError
from core.graph.network import Network
from core.worker.launch import serve
from core.worker.messages import Cancel, Done, Progress, Ready, Refused, Seen, Trained, Warm
from guibuilder.worker_process import Ended, WorkerProcess, how_it_ended

READ_INTERVAL = 0.05
DEATHS_IN_A_ROW = 3

Answer = Callable[[Any], None]
Refusal = Callable[[str, str], None]


@dataclass
class _Pending:
    """Who waits for the answer of a request."""

    done: Answer | None
    failed: Refusal | None


class Worker(QObject):
    """The only client of the worker process: starts it early, keeps it warm, starts another one when it dies.

    Messages are handed on at most 20 times a second; of progress and of what was seen only the latest. `drained` comes
    after each such round, so that views draw once.
    """

    ready = Signal(object)
    progress = Signal(int, str, int, int)
    trained = Signal(int, object)
    seen = Signal(object)
    told = Signal(object)
    answered = Signal(int, object)
    refused = Signal(int, str, str)
    died = Signal(str)
    drained = Signal()
    _arrived = Signal()

    def __init__(self, parent: QObject | None = None, target: Callable[[Connection], None] = serve) -> None:
        super().__init__(parent)
        self.greeting: Ready | None = None
        self.warming = 0
        self._target = target
        self._process: WorkerProcess | None = None
        self._number = 0
        self._pending: dict[int, _Pending] = {}
        self._deaths, self._closed = 0, False
        self._last_round = 0.0
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._drain)
        self._arrived.connect(self._schedule, Qt.ConnectionType.QueuedConnection)

    @property
    def process_id(self) -> int | None:
        """The id of the running process, or None."""
        return self._process.process_id if self._process is not None else None

    def start(self) -> None:
        """Start the process unless it runs, or the window is closing."""
        if self._process is None and not self._closed:
            self.greeting = None
            self._process = WorkerProcess(self._arrived.emit, self._target)

    def warm(self, network: Network | None = None) -> int:
        """Start, and load and compile what a network needs before anybody presses Train.

        `warming` is the number of the request until it is done. What another network still waits to have compiled is
        left: somebody may wait for this one.
        """
        if self.warming:
            self.send(Cancel(self.warming))
            self.forget(self.warming)
        number = self.ask(Warm(0, network), lambda result: self._warmed(number),
                          lambda message, details: self._warmed(number))
        self.warming = number
        return number

    def _warmed(self, number: int) -> None:
        if number == self.warming:
            self.warming = 0

    def ask(self, request: Any, done: Answer | None = None, failed: Refusal | None = None) -> int:
        """Send a request under a fresh number; `done(result)` or `failed(message, details)` is called once."""
        self._number += 1
        if self._process is None:
            self._deaths = 0
        if done is not None or failed is not None:
            self._pending[self._number] = _Pending(done, failed)
        self.send(replace(request, number=self._number))
        return self._number

    def send(self, message: Any) -> None:
        """Send a message that has no number (Control)."""
        self.start()
        if self._process is not None:
            self._process.send(message)

    def forget(self, number: int) -> None:
        """Nobody waits for this answer any more."""
        self._pending.pop(number, None)

    def stop(self) -> None:
        """End the process for good: ask, wait, terminate. Nothing is left behind; what waits is forgotten."""
        self._closed = True
        self._timer.stop()
        self._pending.clear()
        process, self._process = self._process, None
        if process is not None:
            process.stop()

    def restart(self) -> None:
        """End a process that does not answer and start another one; what waits is refused."""
        if self._process is not None:
            self._process.stop(patience=0.0)
            self._bury(how_it_ended(None))

    def _schedule(self) -> None:
        if not self._timer.isActive():
            wait = self._last_round + READ_INTERVAL - time.monotonic()
            self._timer.start(max(0, round(wait * 1000)))

    def _drain(self) -> None:
        """Hand on what has come since the last round."""
        process = self._process
        if process is None:
            return
        self._last_round = time.monotonic()
        messages = [process.inbox.popleft() for _ in range(len(process.inbox))]
        for message in _latest_only(messages):
            if isinstance(message, Ended):
                message = how_it_ended(process.exit_code)
                process.stop(patience=0.0)
                self._bury(message)
                break
            self._hand_on(message)
            if self._process is not process:
                break  # a listener ended or replaced the process
        self.drained.emit()

    def _hand_on(self, message: Any) -> None:
        if isinstance(message, Trained):
            self.trained.emit(message.number, message.event)
        elif isinstance(message, Progress):
            self.progress.emit(message.number, message.text, message.done, message.total)
        elif isinstance(message, Seen):
            self._settle(message.number, message)
            self.seen.emit(message)
        elif isinstance(message, Done):
            self._settle(message.number, message.result)
            self.answered.emit(message.number, message.result)
        elif isinstance(message, Refused):
            pending = self._pending.pop(message.number, None)
            if pending is not None and pending.failed is not None:
                pending.failed(message.message, message.details)
            self.refused.emit(message.number, message.message, message.details)
        elif isinstance(message, Ready):
            self.greeting, self._deaths = message, 0
            self.ready.emit(message)
        else:
            self.told.emit(message)

    def _settle(self, number: int, result: Any) -> None:
        pending = self._pending.pop(number, None)
        if pending is not None and pending.done is not None:
            pending.done(result)

    def _bury(self, message: str) -> None:
        """The process is gone: tell who waits, tell everybody, start another one unless they die at once."""
        self._process = None
        self._deaths += 1
        waiting, self._pending = self._pending, {}
        if self._deaths <= DEATHS_IN_A_ROW:
            self.start()
        for pending in waiting.values():
            if pending.failed is not None:
                pending.failed(message, "")
        self.died.emit(message)


def _latest_only(messages: list[Any]) -> list[Any]:
    """Without progress and pictures that a later message of the same request makes stale."""
    last = {(type(message), message.number): place for place, message in enumerate(messages)
            if isinstance(message, (Progress, Seen))}
    return [message for place, message in enumerate(messages)
            if not isinstance(message, (Progress, Seen)) or last[type(message), message.number] == place]


class _Outcome(QObject):
    """Lives in the window's thread and brings the result of another thread there."""

    finished = Signal(object, object)

    def __init__(self, done: Answer, failed: Callable[[str], None]) -> None:
        super().__init__()
        self._done, self._failed = done, failed
        self.finished.connect(self._back, Qt.ConnectionType.QueuedConnection)
        _running.add(self)

    def _back(self, result: Any, error: Exception | None) -> None:
        _running.discard(self)
        if error is None:
            self._done(result)
        elif isinstance(error, CoreError):
            self._failed(error.message)
        else:
            raise error


class _Short(QRunnable):
    def __init__(self, function: Callable[[], Any], outcome: _Outcome) -> None:
        super().__init__()
        self._function, self._outcome = function, outcome

    def run(self) -> None:
        """In the thread: the function, and whatever it raises."""
        try:
            result, error = self._function(), None
        except Exception as raised:
            result, error = None, raised
        self._outcome.finished.emit(result, error)


_running: set[_Outcome] = set()


def run_in_thread(function: Callable[[], Any], done: Answer, failed: Callable[[str], None]) -> None:
    """Run a short function outside the window's thread; `done(result)` or `failed(sentence)` is called inside it.

    Only a CoreError becomes a sentence; anything else is a bug and is raised again in the window's thread.
    """
    QThreadPool.globalInstance().start(_Short(function, _Outcome(done, failed)))
