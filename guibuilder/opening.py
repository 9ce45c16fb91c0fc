"""A file on its way in: what is said while one waits, and how to stop it."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from core.project import Project
from core.worker.messages import Cancel, OpenFile
from guibuilder.background import Worker, run_in_thread

# Seconds until a Stop button is shown, and until it is said that this takes long.
SHOWN_AFTER, LONG_AFTER = 1.0, 20.0


class Opening(QObject):
    """Reads one file, a foreign one in the worker; `opened`, `failed` or `stopped` comes once.

    `told(text)` is for the status line, `offered(text)` a sentence that a Stop button belongs to.
    """

    told = Signal(str)
    offered = Signal(str)
    opened = Signal(object)
    failed = Signal(str)
    stopped = Signal()

    def __init__(self, path: Path, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self._worker, self._number, self._over = worker, 0, False
        self._timers = [self._after(SHOWN_AFTER, f"Opening {path.name}. What is open now stays until that is done."),
                        self._after(LONG_AFTER, f"{path.name} takes longer than {LONG_AFTER:.0f} seconds to open. Wait "
                                                "until it is there, or stop; what is open now stays as it is.")]

    def in_thread(self, read: Callable[[Path], Project]) -> None:
        """Read in a thread of the window."""
        self._begin()
        run_in_thread(lambda: read(self.path), self._done, self._failed)

    def in_worker(self) -> None:
        """Read in the worker, which tells how far it is."""
        self._begin()
        self._worker.progress.connect(self._progressed)
        self._number = self._worker.ask(OpenFile(0, str(self.path)), self._done,
                                        lambda sentence, details: self._failed(sentence))

    def stop(self) -> None:
        """Nobody wants the file any more; nothing is said of it after this."""
        if self._end():
            if self._number:
                self._worker.forget(self._number)
                self._worker.send(Cancel(self._number))
            self.stopped.emit()

    def _begin(self) -> None:
        for timer in self._timers:
            timer.start()
        self.told.emit(f"Opening {self.path.name} …")

    def _after(self, seconds: float, sentence: str) -> QTimer:
        timer = QTimer(self, singleShot=True, interval=round(1000 * seconds))
        timer.timeout.connect(lambda: self.offered.emit(sentence))
        return timer

    def _progressed(self, number: int, text: str, done: int, total: int) -> None:
        if number == self._number and total and not self._over:
            self.told.emit(f"Opening {self.path.name} … {100 * done // total} %")

    def _done(self, project: Project) -> None:
        if self._end():
            self.opened.emit(project)

    def _failed(self, sentence: str) -> None:
        if self._end():
            self.failed.emit(sentence)

    def _end(self) -> bool:
        """Whether this is the end of it: only the first one counts."""
        if self._over:
            return False
        self._over = True
        for timer in self._timers:
            timer.stop()
        return True
