"""Nothing goes wrong unseen: exceptions in slots, in threads, from Qt; the log."""

import faulthandler
import logging
import sys
import threading

import pytest
from PySide6.QtCore import QTimer, qWarning

from core.errors import DataError
from guibuilder.hooks import LOG, LOG_SIZE, Reporter, install


@pytest.fixture
def reporter(tmp_path, qtbot):
    was_on = faulthandler.is_enabled()
    reporter = Reporter()
    reporter.broken, reporter.sentences = [], []
    reporter.broke.connect(lambda sentence, details: reporter.broken.append((sentence, details)))
    reporter.refused.connect(reporter.sentences.append)
    uninstall = install(reporter, tmp_path)
    yield reporter
    uninstall()
    if was_on:
        faulthandler.enable()


def raise_in_a_slot(error, qtbot):
    def slot():
        raise error

    QTimer.singleShot(0, slot)
    qtbot.wait(30)


@pytest.mark.qt_no_exception_capture
def test_a_bug_in_a_slot_is_told_with_details_and_logged(reporter, qtbot, tmp_path):
    raise_in_a_slot(ZeroDivisionError("oops"), qtbot)
    (sentence, details), = reporter.broken
    assert "ZeroDivisionError" in sentence
    assert "Your work is kept" in sentence
    assert "in slot" in details
    assert "oops" in (tmp_path / "guibuilder.log").read_text(encoding="utf-8")


@pytest.mark.qt_no_exception_capture
def test_what_a_person_did_is_one_sentence(reporter, qtbot):
    raise_in_a_slot(DataError("The folder holds no pictures."), qtbot)
    assert reporter.sentences == ["The folder holds no pictures."]
    assert reporter.broken == []


def test_threads_are_heard_too(reporter, qtbot):
    def work():
        raise KeyError("lost")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(reporter.broken) == 1)


def test_qt_messages_go_into_the_log(reporter, tmp_path):
    qWarning("something odd")
    qWarning("This plugin does not support raise()")
    text = (tmp_path / "guibuilder.log").read_text(encoding="utf-8")
    assert "Qt: something odd" in text
    assert "does not support" not in text


def test_the_log_stays_small(reporter, tmp_path):
    for _ in range(40):
        LOG.warning("x" * (LOG_SIZE // 10))
    assert sum(path.stat().st_size for path in tmp_path.glob("guibuilder.log*")) <= 3 * LOG_SIZE + 100_000


def test_everything_is_put_back(tmp_path, qtbot):
    was_on, before = faulthandler.is_enabled(), (sys.excepthook, threading.excepthook, list(LOG.handlers))
    install(Reporter(), tmp_path)()
    assert (sys.excepthook, threading.excepthook, list(LOG.handlers)) == before
    if was_on:
        faulthandler.enable()


def test_without_a_folder_for_the_log_the_program_still_works(tmp_path, qtbot):
    reporter = Reporter()
    uninstall = install(reporter, tmp_path / "not" / "there")
    LOG.log(logging.INFO, "nowhere")
    assert sys.excepthook == reporter.report
    uninstall()
