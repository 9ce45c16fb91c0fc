"""A whole window on a worker that says what the test tells it, and its parts on their own."""

import gc
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from pytestqt.qtbot import QtBot

from core.graph.network import Network
from core.templates import template
from guibuilder.app import make_application
from guibuilder.document import Document, Selection
from guibuilder.main_window import MainWindow
from guibuilder.theme import Theme
from tests.guibuilder.parts import Scripted

_PATIENCE = 60_000  # ms: a busy machine may take its time; what comes at once ends the wait at once


class Patient(QtBot):
    """Waits as long as a machine needs that does other things besides."""

    def waitUntil(self, callback: Callable[[], Any], *, timeout: int = _PATIENCE) -> None:
        """Wait until the callback is true or passes."""
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = _PATIENCE, **rest: Any) -> Any:
        """Wait for a signal."""
        return super().waitSignal(signal, timeout=timeout, **rest)

    def waitSignals(self, signals: Any, *, timeout: int = _PATIENCE, **rest: Any) -> Any:
        """Wait for several signals."""
        return super().waitSignals(signals, timeout=timeout, **rest)


@pytest.fixture
def qtbot(qapp: Any, request: pytest.FixtureRequest) -> QtBot:
    """pytest-qt's, with more patience."""
    return Patient(request)


@pytest.fixture(scope="module", autouse=True)
def collected_here() -> Iterator[None]:
    """Qt objects in cycles are destroyed in this thread: in another one their timers would live on and crash."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


class Silent(Scripted):
    """A scripted worker with the rest of the Worker's face."""

    greeting = None

    def __init__(self) -> None:
        super().__init__()
        self.warmed = self.stopped = 0

    def warm(self, network: Network | None = None) -> int:
        """Count."""
        self.warmed += 1
        return 0

    def stop(self) -> None:
        """Count."""
        self.stopped += 1


@pytest.fixture
def fresh_settings(qapp) -> Iterator[None]:
    """Nothing remembered from an earlier test, nothing left for the next."""
    make_application()
    # What earlier tests closed waits to be deleted, and every new style sheet would be applied to it.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QSettings().clear()
    yield
    QSettings().clear()


@pytest.fixture
def theme(fresh_settings, qapp) -> Theme:
    return Theme()


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    return Document(template("lenet5"))


@pytest.fixture
def selection(document: Document) -> Selection:
    return Selection(document)


@pytest.fixture
def worker(qtbot: QtBot) -> Iterator[Silent]:
    worker = Silent()
    yield worker
    worker.deleteLater()  # with all that hangs on it, before it speaks to a window that is gone


@pytest.fixture
def window(theme: Theme, worker: Silent, qtbot: QtBot) -> Iterator[MainWindow]:
    """An empty window, shown; asks nothing when it closes at the end."""
    window = MainWindow(theme, Document(), worker)  # type: ignore[arg-type]
    qtbot.addWidget(window, before_close_func=lambda closing: setattr(closing.state, "leaving", True))
    window.resize(1440, 900)
    window.show()
    window.activateWindow()
    yield window
    window.commands.autosave.forget()


@pytest.fixture
def lenet(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window with LeNet-5 in it."""
    window.new_from("lenet5")
    qtbot.wait(20)
    return window


@pytest.fixture
def heard_signals():
    """Programs that a test starts hear Ctrl+C, even where a shell has put the tests into the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
