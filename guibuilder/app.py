"""The composition root: builds everything once, wires it, and runs the window."""

import importlib
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from PySide6.QtCore import QCoreApplication, Qt, QThreadPool, QTimer
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from core.resources import resource
from core.version import VERSION
from guibuilder import hooks
from guibuilder.background import Worker
from guibuilder.collector import Collector
from guibuilder.document import Document
from guibuilder.main_window import MainWindow
from guibuilder.recovery import left_behind
from guibuilder.theme import Theme

LAST_WORK = 5000  # milliseconds that threads have to finish what they write

IDLE_AFTER = 1500


def run(file: str | None) -> int:
    """Open the window with a file or the start screen; returns when it is closed."""
    application = make_application()
    reporter = hooks.Reporter()
    uninstall = hooks.install(reporter)
    collector = Collector()
    theme, document, worker = Theme(), Document(), Worker()
    worker.warm()  # its imports take as long as building the window, and another processor has time for them
    window = MainWindow(theme, document, worker)
    reporter.broke.connect(window.report)
    reporter.refused.connect(lambda sentence: window.commands.bar.show_message(sentence, "error"))
    show(window, file)
    try:
        with _ending_on_signals(application, window):
            return application.exec()
    finally:
        worker.stop()
        QThreadPool.globalInstance().waitForDone(LAST_WORK)
        collector.stop()
        uninstall()


@contextmanager
def _ending_on_signals(application: QApplication, window: MainWindow) -> Iterator[None]:
    """Ctrl+C in the terminal, and the end of the session: nobody is asked, and unsaved work waits for the next start.

    Python sees to signals between its own instructions, of which the collector's timer has some several times a second.
    """
    def end(number: int, frame: FrameType | None) -> None:
        window.commands.autosave.save_now()
        application.exit(128 + number)

    # A program that a shell has put into the background has nothing to do with Ctrl+C.
    heard = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, end) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def make_application() -> QApplication:
    """The application object with its names and style."""
    known = QApplication.instance()
    if known is None:
        QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    for set_name in (QCoreApplication.setOrganizationName, QCoreApplication.setApplicationName):
        set_name("guibuilder")
    QCoreApplication.setApplicationVersion(VERSION)
    application = known if isinstance(known, QApplication) else QApplication(sys.argv[:1])
    QGuiApplication.setApplicationDisplayName("guibuilder")
    QGuiApplication.setDesktopFileName("guibuilder")
    application.setStyle("Fusion")
    application.setWindowIcon(QIcon(str(resource("icons", "guibuilder.svg"))))
    return application


def show(window: MainWindow, file: str | None) -> None:
    """Show the window at once; the file and what crashed sessions left follow when it is there."""
    parts = window.commands
    if file is None:
        parts.show_start()
    window.show()
    parts.layouts.show(0)
    if file is None:
        parts.start.focus_first()

    def after() -> None:
        if file is not None:
            parts.files.open(Path(file))
        window.offer(left_behind())

    QTimer.singleShot(0, after)
    QTimer.singleShot(IDLE_AFTER, load_formats)


def load_formats() -> None:
    """Load what saving needs while nobody waits: the first autosave may fall into a running training."""
    importlib.import_module("core.formats")
    importlib.import_module("safetensors.numpy")
