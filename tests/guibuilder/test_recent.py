"""Recent files: order, number, what is missing stays."""

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from guibuilder.recent import MOST, RecentFiles


@pytest.fixture
def recent(fresh_settings, qtbot):
    return RecentFiles()


def test_latest_first_each_once(recent, tmp_path):
    one, two = tmp_path / "one.gbnet", tmp_path / "two.gbnet"
    for path in (one, two, one):
        recent.add(path)
    assert recent.paths() == [one, two]
    recent.remove(one)
    assert RecentFiles().paths() == [two]


def test_at_most_fifteen(recent, tmp_path, qtbot):
    with qtbot.waitSignal(recent.changed):
        recent.add(tmp_path / "first")
    for number in range(20):
        recent.add(tmp_path / str(number))
    assert len(recent.paths()) == MOST == 15
    recent.clear()
    assert recent.paths() == []


@pytest.mark.parametrize("kept", ["one", ["one", 5, None, ""], None, 3])
def test_strange_settings_are_no_trouble(recent, kept):
    QSettings().setValue("recent files", kept)
    assert all(isinstance(path, Path) for path in recent.paths())
