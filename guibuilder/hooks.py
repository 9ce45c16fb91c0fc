"""Nothing goes wrong unseen: a log file, and hooks for exceptions, threads, Qt's own messages and crashes."""

import faulthandler
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

import platformdirs
from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler

from core.errors import CoreError
from core.version import VERSION

LOG = logging.getLogger("guibuilder")
LOG_SIZE = 500_000
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG, QtMsgType.QtInfoMsg: logging.INFO, QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR, QtMsgType.QtFatalMsg: logging.CRITICAL,
}
_HARMLESS = ("does not support propagateSizeHints", "does not support raise")


def log_folder() -> Path:
    """Where the log lies; made when it is first asked for."""
    return Path(platformdirs.user_log_dir("guibuilder", appauthor=False, ensure_exists=True))


class Reporter(QObject):
    """Hears of everything not expected: `refused(sentence)` is for the person, `broke(sentence, details)` is a bug."""

    refused = Signal(str)
    broke = Signal(str, str)

    def report(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Log an exception and say so, from any thread."""
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        if isinstance(error, CoreError):
            LOG.warning("%s", error.message)
            self.refused.emit(error.message)
            return
        details = f"guibuilder {VERSION}, Python {sys.version.split()[0]}, {sys.platform}\n\n" + "".join(
            traceback.format_exception(kind, error, trace))
        LOG.error("%s", details)
        self.broke.emit(f"Something went wrong inside the program ({kind.__name__}). Your work is kept.", details)


def install(reporter: Reporter, folder: Path | None = None) -> Callable[[], None]:
    """Set up log, crash file and hooks; returns a function that takes the hooks away again."""
    stop_log = _start_log(folder)
    before = (sys.excepthook, threading.excepthook)
    sys.excepthook = reporter.report
    threading.excepthook = lambda given: reporter.report(
        given.exc_type, given.exc_value or given.exc_type(), given.exc_traceback)
    handler = qInstallMessageHandler(_take_qt_message)

    def uninstall() -> None:
        sys.excepthook, threading.excepthook = before
        qInstallMessageHandler(handler)
        stop_log()

    return uninstall


def _start_log(folder: Path | None) -> Callable[[], None]:
    """Log into a file of limited size; where no file can be written the program works without."""
    try:
        where = folder if folder is not None else log_folder()
        writer = RotatingFileHandler(where / "guibuilder.log", maxBytes=LOG_SIZE, backupCount=2, encoding="utf-8")
        crashes = (where / "crash.log").open("a", encoding="utf-8")
    except OSError:
        return lambda: None
    writer.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    LOG.addHandler(writer)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
    faulthandler.enable(crashes)

    def stop() -> None:
        LOG.removeHandler(writer)
        LOG.propagate = True
        writer.close()
        faulthandler.disable()
        crashes.close()

    return stop


def _take_qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    if not any(known in text for known in _HARMLESS):
        LOG.log(_LEVELS.get(kind, logging.WARNING), "Qt: %s", text)
