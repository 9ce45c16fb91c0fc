"""The list to type into."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from guibuilder.finder import Entry, Finder


@pytest.fixture
def finder(theme, qtbot):
    over = QWidget()
    qtbot.addWidget(over)
    over.resize(900, 600)
    over.field = QLineEdit(over)
    QVBoxLayout(over).addWidget(over.field)
    over.show()
    over.activateWindow()
    over.field.setFocus()
    finder = Finder(theme, over)
    finder.done, finder.over = [], over
    return finder


def ask(finder):
    entries = [Entry(text, hint, lambda text=text: finder.done.append(text), why_not, None, also)
               for text, hint, why_not, also in (
                   ("Save", "Ctrl+S", "Everything is saved.", ""), ("Save as …", "", "", ""),
                   ("Arrange", "Ctrl+Shift+A", "", "lay out all layers"), ("Undo", "Ctrl+Z", "", ""))]
    finder.ask(entries, "Type a command")


def test_typing_narrows_down_and_enter_does_it(finder):
    ask(finder)
    assert finder.field.hasFocus()
    QTest.keyClicks(finder.field, "lay out")
    assert finder.shown_texts() == ["Arrange"]
    QTest.keyClick(finder.field, Qt.Key.Key_Return)
    assert finder.done == ["Arrange"]
    assert not finder.isVisible()


def test_what_cannot_be_done_comes_last_says_why_and_is_not_done(finder):
    ask(finder)
    QTest.keyClicks(finder.field, "save")
    assert finder.shown_texts() == ["Save as …", "Save"]
    QTest.keyClick(finder.field, Qt.Key.Key_Down)
    assert finder._note.text() == "Everything is saved."
    QTest.keyClick(finder.field, Qt.Key.Key_Return)
    assert finder.done == []
    assert finder.isVisible()


def test_keys_walk_the_list_and_stop_at_its_ends(finder):
    ask(finder)
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageDown):
        QTest.keyClick(finder.field, key)
    assert finder.list.currentRow() == 3
    assert finder.field.hasFocus()


def test_escape_goes_back_to_where_the_focus_was(finder):
    ask(finder)
    QTest.keyClick(finder.field, Qt.Key.Key_Escape)
    assert not finder.isVisible()
    assert finder.over.field.hasFocus()


def test_a_click_does_it(finder, qtbot):
    ask(finder)
    qtbot.wait(10)
    place = finder.list.visualItemRect(finder.list.item(1)).center()
    QTest.mouseClick(finder.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert finder.done == [finder.shown_texts()[1]]


def test_nothing_found_is_said(finder):
    ask(finder)
    QTest.keyClicks(finder.field, "qqq")
    QTest.keyClick(finder.field, Qt.Key.Key_Return)
    assert finder._note.text() == "Nothing found."
    assert finder.done == []


def test_it_stays_inside_a_window_that_changes(finder):
    ask(finder)
    finder.over.resize(420, 320)
    assert finder.geometry().right() <= 420
    assert finder.geometry().bottom() <= 320
