"""Opens the window, after making sure that it can open; without a display does the same job in the terminal."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import SystemLibraryError
from guibuilder import system


def start(file: str | None) -> int:
    """Open the window with a file or the start screen; returns the exit status."""
    if not system.display_answers():
        return _without_display(file)
    lacking = system.missing_for_window()
    if lacking:
        raise SystemLibraryError(system.advice(lacking))
    from guibuilder.qt_guard import qt_is_sound

    if not qt_is_sound():
        raise SystemLibraryError(system.BROKEN_QT)
    with _ending_at_once():
        from guibuilder.app import run

        return run(file)


@contextmanager
def _ending_at_once() -> Iterator[None]:
    """Until the window hears Ctrl+C itself, that ends the process at once: there is no work yet that could be lost."""
    before = signal.getsignal(signal.SIGINT)
    if before != signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _without_display(file: str | None) -> int:
    if file is None:
        from guibuilder.terminal_demo import run

        return run()
    print(
        f"There is no display for the window. In the terminal: guibuilder summary {file}, guibuilder train {file} "
        "--data digits28, guibuilder --help.", file=sys.stderr,
    )
    return SystemLibraryError.exit_status
