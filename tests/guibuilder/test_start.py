"""The window opens only where it can; elsewhere one sentence or the same job in the terminal."""

import sys
import types

import pytest

from core.errors import SystemLibraryError
from guibuilder import start, system, terminal_demo


@pytest.fixture
def window(monkeypatch):
    """Stands in for the window; gives the files it was opened with."""
    opened = []
    app = types.ModuleType("guibuilder.app")
    app.run = lambda file: opened.append(file) or 0
    monkeypatch.setitem(sys.modules, "guibuilder.app", app)
    return opened


def test_the_window_opens_where_a_display_answers(window, monkeypatch):
    monkeypatch.setattr(system, "display_answers", lambda: True)
    monkeypatch.setattr(system, "missing_for_window", list)
    assert start.start("net.gbnet") == 0
    assert window == ["net.gbnet"]


def test_missing_libraries_are_named_before_qt_is_loaded(window, monkeypatch):
    monkeypatch.setattr(system, "display_answers", lambda: True)
    monkeypatch.setattr(system, "missing_for_window", lambda: [system.IMPORT_LIBRARIES[1]])
    with pytest.raises(SystemLibraryError, match="libgl1") as caught:
        start.start(None)
    assert caught.value.exit_status == 3
    assert window == []


def test_a_broken_qt_is_refused(window, monkeypatch):
    from guibuilder import qt_guard

    monkeypatch.setattr(system, "display_answers", lambda: True)
    monkeypatch.setattr(system, "missing_for_window", list)
    monkeypatch.setattr(qt_guard, "qt_is_sound", lambda: False)
    with pytest.raises(SystemLibraryError, match="PySide6"):
        start.start(None)
    assert window == []


def test_this_qt_is_sound():
    from guibuilder.qt_guard import qt_is_sound

    assert qt_is_sound()


def test_a_lost_reference_count_is_noticed(monkeypatch):
    from guibuilder import qt_guard

    counts = iter([1000, 800])
    monkeypatch.setattr(qt_guard.sys, "getrefcount", lambda thing: next(counts))
    assert not qt_guard.qt_is_sound()


def test_without_a_display_a_file_gets_advice_and_nothing_the_demonstration(window, monkeypatch, capsys):
    monkeypatch.setattr(system, "display_answers", lambda: False)
    monkeypatch.setattr(terminal_demo, "run", lambda: 0)
    assert start.start(None) == 0
    assert start.start("net.gbnet") == 3
    assert "guibuilder summary net.gbnet" in capsys.readouterr().err
    assert window == []
