"""The worker's loop: it takes requests one at a time, and while it trains, between two batches.

The engine is imported by the first request that needs it, so that the worker says Ready, and hears, at once.
"""

import logging
import os
import signal
import time
import traceback
from collections.abc import Callable
from functools import cached_property
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from core.errors import CoreError, MemoryRefused
from core.train.events import Failed
from core.worker.inbox import Inbox
from core.worker.messages import (
    Control,
    Done,
    ExportFile,
    LookAtAugmented,
    LookAtData,
    LookAtKernels,
    Measure,
    MeasureSizes,
    OpenFile,
    Progress,
    Ready,
    Refused,
    Train,
    Trained,
    Warm,
    Watch,
)
from core.worker.outbox import MESSAGE_SECONDS, Outbox
from core.worker.watching import Watching

if TYPE_CHECKING:
    from core.worker.library import Library
    from core.worker.training import RunningTraining

log = logging.getLogger(__name__)

BUSY = "A training is running. Stop it, or wait for its end, before you start another one."
BUG = "Something went wrong in the engine that should not have. What you have made is safe; please report this."
NO_MEMORY = "There is not enough memory for this. Choose a smaller batch or a smaller network, or close other programs."
# Gives way to the window, but not to everything else on the machine.
NICENESS = 5


def main(connection: Connection) -> None:
    """Serve the window at the other end of the pipe until it goes."""
    # Ctrl+C in the terminal is meant for the window, which ends this process in good order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    outbox = Outbox(connection)
    inbox = Inbox(connection)
    outbox.put(Ready(os.getpid(), os.cpu_count() or 1))
    worker = Worker(inbox, outbox)
    while True:
        worker.serve(inbox.next())


class Worker:
    """Handles requests; each ends with exactly one Done or Refused, a training with Finished or Failed."""

    def __init__(self, inbox: Inbox, outbox: Outbox) -> None:
        self._inbox, self._outbox = inbox, outbox
        self._training: RunningTraining | None = None
        self._watching = Watching()

    @cached_property
    def _library(self) -> "Library":
        from core.worker.library import Library

        return Library()

    def serve(self, request: Any) -> None:
        """Handle one request; whatever goes wrong is told, and the worker lives on."""
        try:
            self._handle(request)
        except CoreError as error:
            self._refuse(request, error.message, batch=error.batch if isinstance(error, MemoryRefused) else 0)
        except MemoryError:
            self._refuse(request, NO_MEMORY)
        except Exception:
            self._refuse(request, BUG, traceback.format_exc())

    def _handle(self, request: Any) -> None:
        if isinstance(request, Control):
            if self._training is not None:
                self._training.control.apply(request.action, request.value)
        elif isinstance(request, Train):
            self._train(request)
        elif isinstance(request, Watch):
            self._look(request)
        else:
            self._outbox.put(Done(request.number, self._result(request)))

    def _result(self, request: Any) -> Any:
        """What a request with one answer is answered with."""
        report = self._reporter(request.number)
        if isinstance(request, Warm):
            return self._warmed(request, self._until_cancelled(request.number, report))
        from core.worker import answers, exporting

        if isinstance(request, LookAtData):
            return answers.look_at_data(request, self._library, report)
        if isinstance(request, LookAtKernels):
            from core.worker.kernels import kernels

            return kernels(request)
        if isinstance(request, LookAtAugmented):
            return answers.look_at_augmented(request, self._library, report)
        if isinstance(request, Measure):
            return answers.measured(request, self._library, report)
        if isinstance(request, MeasureSizes):
            from core.worker.sizes import sizes

            return sizes(request, self._library, report)
        if isinstance(request, OpenFile):
            return answers.opened(request, self._until_cancelled(request.number, report))
        if isinstance(request, ExportFile):
            return exporting.exported(request, self._library, report)
        raise TypeError(f"the worker knows no {type(request).__name__}")

    def _warmed(self, request: Warm, report: Callable[[str, int, int], None]) -> None:
        from core.kernels.crew import CREW

        CREW.expect_work()
        from core.worker.warming import warm

        warm(request, report)

    def _until_cancelled(self, number: int, report: Callable[[str, int, int], None]) -> Callable[[str, int, int], None]:
        """Tells the same, and ends the work by a CoreError once nobody waits for it."""

        def told(text: str, done: int, total: int) -> None:
            if self._inbox.cancelled(number):
                raise CoreError("Stopped.")
            report(text, done, total)

        return told

    def _reporter(self, number: int) -> Callable[[str, int, int], None]:
        """Tells how far a request is: each new text, and its figures at most 20 times a second."""
        said, due = "", 0.0

        def report(text: str, done: int, total: int) -> None:
            nonlocal said, due
            if text != said or time.monotonic() >= due:
                said, due = text, time.monotonic() + MESSAGE_SECONDS
                self._outbox.latest(Progress(number, text, done, total))

        return report

    def _train(self, request: Train) -> None:
        from core.worker.training import RunningTraining

        if self._training is not None:
            self._outbox.put(Trained(request.number, Failed(BUSY)))
            return
        self._training = RunningTraining(request, self._outbox, self._library, self._watching, self._serve_meanwhile)
        self._watching.changed = True
        try:
            self._training.run()
        finally:
            self._training = None

    def _serve_meanwhile(self, wait: bool) -> None:
        """Handle what has come while a training runs; where it is paused, wait for something."""
        request = self._inbox.next() if wait else self._inbox.waiting()
        while request is not None:
            self.serve(request)
            # What comes behind a stop is for afterwards: it may be the next training.
            stopped = self._training is not None and self._training.control.stopped
            request = None if stopped else self._inbox.waiting()

    def _look(self, request: Watch) -> None:
        """Watch from now on; what was watched before is answered."""
        from core.worker.looking import see_project

        before = self._watching.current
        self._watching.take(None)
        if before is not None:
            self._outbox.put(Done(before.number))
        if request.layer is None:
            self._outbox.put(Done(request.number))
            return
        if self._training is None and request.project is not None:
            self._outbox.put(see_project(request, request.project, self._library))
        self._watching.take(request)

    def _refuse(self, request: Any, message: str, details: str = "", *, batch: int = 0) -> None:
        if isinstance(request, Train):
            self._outbox.put(Trained(request.number, Failed(message, details=details, fitting_batch=batch)))
        elif isinstance(request, Control):
            log.warning("%s %s", message, details)
        else:
            self._outbox.put(Refused(request.number, message, details))
