"""The top bar: what Train says in each state, tabs, transport, titles that do not fit."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest

from guibuilder.header import Header


@pytest.fixture
def header(theme, qtbot):
    header = Header(theme)
    qtbot.addWidget(header)
    header.resize(1440, 44)
    header.show()
    header.got = []
    header.train_pressed.connect(lambda: header.got.append("train"))
    header.problems_pressed.connect(lambda: header.got.append("problems"))
    header.tab_chosen.connect(header.got.append)
    return header


def press(button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_an_empty_network_cannot_be_trained_and_the_reason_is_in_the_tip(header):
    header.show_state(problems=0, ready=False, why="Add some layers first.")
    assert header.train.text() == "Train"
    assert not header.train.isEnabled()
    assert header.train.toolTip() == "Add some layers first."


def test_problems_turn_train_into_the_way_to_them(header):
    header.show_state(problems=1, ready=False)
    assert header.train.text() == "1 problem"
    press(header.train)
    header.show_state(problems=3, ready=False)
    assert header.train.text() == "3 problems"
    assert header.got == ["problems"]


def test_train_and_go_on(header):
    header.show_state(problems=0, ready=True)
    press(header.train)
    header.show_state(problems=0, ready=True, running=True)
    assert not header.train.isEnabled()
    header.show_state(problems=2, ready=False, running=True, paused=True)
    assert header.train.text() == "Continue"
    press(header.train)
    assert header.got == ["train", "train"]


def test_tabs(header):
    press(header.tabs.button(2))
    header.show_tab(1)
    assert header.got == [2]
    assert header.tabs.checkedId() == 1


def test_transport_follows_its_actions(header, qtbot):
    action = QAction("One batch")
    action.setToolTip("One batch, then pause")
    action.setEnabled(False)
    pressed = []
    action.triggered.connect(lambda: pressed.append(1))
    header.bind({"batch": action})
    assert not header.transport["batch"].isEnabled()
    action.setEnabled(True)
    press(header.transport["batch"])
    assert pressed == [1]
    assert header.transport["batch"].toolTip() == "One batch, then pause"


def test_a_long_title_is_cut_and_whole_in_the_tip(header):
    header.title.show_text("A network with a very long name indeed — edited", "/home/me/a.gbnet")
    assert "…" in header.title.text()
    assert header.title.toolTip() == "/home/me/a.gbnet"
    assert "very long name" in header.title.accessibleName()


def test_all_fits_at_1024(header):
    for name in ("File", "Edit", "View", "Network", "Train", "Help"):
        header.menus.addMenu(name)
    header.resize(1024, 44)
    QTest.qWait(10)
    last = header.menus.actionGeometry(header.menus.actions()[-1])
    assert last.right() <= header.menus.width()
    assert header.transport["stop"].geometry().right() <= 1024 - 8
    assert header.title.width() >= 59
