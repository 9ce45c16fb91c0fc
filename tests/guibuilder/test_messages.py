"""The message bar and the error report."""

import pytest
from PySide6.QtGui import QGuiApplication

from guibuilder.messages import ErrorReport, MessageBar


@pytest.fixture
def bar(theme, qtbot):
    bar = MessageBar(theme)
    qtbot.addWidget(bar)
    return bar


def test_it_is_hidden_until_there_is_something_to_say(bar):
    assert bar.text == ""
    bar.show_message("Saved.", "good")
    assert bar.text == "Saved."
    assert bar.accessibleName() == "Saved."


def test_good_news_leaves_by_itself_and_bad_news_stays(bar, qtbot):
    bar._timer.setInterval(10)
    bar.show_message("Saved.", "good")
    qtbot.waitUntil(lambda: bar.text == "")
    bar.show_message("It cannot be read.", "error")
    qtbot.wait(40)
    assert bar.text == "It cannot be read."


def test_the_action_is_done_once_and_closes_the_bar(bar):
    done = []
    bar.show_message("Changed.", "warning", "Open it again", lambda: done.append(1))
    bar.press()
    assert done == [1]
    assert bar.text == ""
    bar.show_message("Something else.")
    assert not bar._button.isVisibleTo(bar)


def test_an_action_may_say_the_next_thing(bar):
    bar.show_message("One.", "warning", "Go on", lambda: bar.show_message("Two."))
    bar.press()
    assert bar.text == "Two."


def test_text_is_never_taken_for_html(bar):
    bar.show_message("<b>bold</b>")
    assert "<b>" in bar._text.text()
    assert bar._text.textFormat().name == "PlainText"


def test_the_report_can_be_copied(qtbot):
    report = ErrorReport("Something broke.", "Traceback: line 1")
    qtbot.addWidget(report)
    report.copy()
    assert QGuiApplication.clipboard().text() == "Traceback: line 1"
