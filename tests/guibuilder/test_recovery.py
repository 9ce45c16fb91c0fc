"""Autosave and recovery: copies beside the person's files, found after a crash, never touching the original."""

import json
import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from core.errors import CoreError
from core.formats import open_file
from core.templates import template
from guibuilder.recovery import AT_MOST_EVERY, Autosave, Left, age_text, discard, left_behind, read_left


@pytest.fixture
def autosave(document, qtbot, tmp_path):
    autosave = Autosave(document, folder=tmp_path)
    yield autosave
    qtbot.waitUntil(lambda: not autosave._writing)
    autosave.forget()


def edit(document, filters):
    document.edit("x", network=document.network.change(document.network.names["C1"], filters=filters))


def kept(folder):
    return sorted(path.name for path in folder.glob("*/*"))


def test_an_edit_is_kept_soon_and_later_ones_at_most_every_half_minute(autosave, document, tmp_path, qtbot):
    edit(document, 7)
    assert autosave._timer.isActive()
    assert autosave._timer.interval() <= 1000
    with qtbot.waitSignal(autosave.written):
        autosave.save_now()
    assert kept(tmp_path) == ["about.json", "lock", "project.gbnet"]
    edit(document, 8)
    assert 1000 < autosave._timer.interval() <= AT_MOST_EVERY * 1000


def test_the_copy_is_the_document_with_words_about_it(autosave, document, tmp_path, qtbot):
    autosave.name, autosave.original = "mine", "/home/me/mine.gbnet"
    for filters in (7, 8):
        edit(document, filters)
    with qtbot.waitSignal(autosave.written):
        autosave.save_now()
    about = json.loads(next(tmp_path.glob("*/about.json")).read_text())
    assert (about["name"], about["original"], about["edits"]) == ("mine", "/home/me/mine.gbnet", 2)
    assert open_file(next(tmp_path.glob("*/project.gbnet"))).network == document.network


def test_nothing_is_written_twice_or_without_need(autosave, document, tmp_path, qtbot):
    autosave.save_now()
    assert kept(tmp_path) == []
    edit(document, 7)
    with qtbot.waitSignal(autosave.written):
        autosave.save_now()
    stamp = next(tmp_path.glob("*/project.gbnet")).stat().st_mtime_ns
    autosave.save_now()
    assert not autosave._writing
    assert next(tmp_path.glob("*/project.gbnet")).stat().st_mtime_ns == stamp


def test_saved_or_left_work_leaves_no_copy(autosave, document, tmp_path, qtbot):
    edit(document, 7)
    with qtbot.waitSignal(autosave.written):
        autosave.save_now()
    document.load(template("mlp"))
    assert list(tmp_path.iterdir()) == []


def test_saving_while_a_copy_is_written_takes_it_away_after(autosave, document, tmp_path, qtbot):
    edit(document, 7)
    autosave.save_now()
    document.set_clean()
    autosave.forget()
    qtbot.waitUntil(lambda: not autosave._writing)
    assert list(tmp_path.iterdir()) == []


def test_a_session_that_still_runs_offers_nothing(autosave, document, tmp_path, qtbot):
    edit(document, 7)
    with qtbot.waitSignal(autosave.written):
        autosave.save_now()
    assert left_behind(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_said_once(document, tmp_path, qtbot):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    autosave, said = Autosave(document, folder=blocked), []
    autosave.failed.connect(said.append)
    for filters in (7, 8):
        edit(document, filters)
        autosave.save_now()
    assert len(said) == 1
    assert said[0].startswith("Unsaved work cannot be kept for recovery")


def _session(folder: str) -> None:
    """A window's worth of work that is killed before it is saved."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer

    from guibuilder.document import Document

    application = QCoreApplication(["guibuilder"])
    document = Document(template("lenet5"))
    autosave = Autosave(document, folder=Path(folder))
    autosave.name = "killed"
    document.edit("x", notes="nearly lost")
    loop = QEventLoop()
    autosave.written.connect(loop.quit)
    QTimer.singleShot(20_000, loop.quit)
    autosave.save_now()
    loop.exec()
    del application
    os.kill(os.getpid(), signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)


def test_what_a_killed_session_left_is_found_read_and_discarded(tmp_path):
    process = multiprocessing.get_context("spawn").Process(target=_session, args=(str(tmp_path),))
    process.start()
    process.join(30)
    assert process.exitcode not in (None, 0)
    (left,) = left_behind(tmp_path)
    assert (left.name, left.edits) == ("killed", 1)
    assert time.time() - left.saved < 60
    assert read_left(left).notes == "nearly lost"
    discard(left)
    assert left_behind(tmp_path) == []
    with pytest.raises(CoreError, match="no longer there"):
        read_left(left)


@pytest.mark.parametrize("about", ["", "{}", "[1]", '{"name": "x", "original": "", "saved": "never", "edits": 1}'])
def test_damaged_folders_are_cleared_away_but_not_young_ones(tmp_path, about):
    folder = tmp_path / "20250101-000000-1-1"
    folder.mkdir()
    (folder / "about.json").write_text(about)
    assert left_behind(tmp_path) == []
    assert folder.exists()
    old = time.time() - 3600
    os.utime(folder, (old, old))
    assert left_behind(tmp_path) == []
    assert not folder.exists()


def test_without_a_folder_nothing_was_left(tmp_path):
    assert left_behind(tmp_path / "never made") == []


@pytest.mark.parametrize(("seconds", "text"), [(5, "a minute ago"), (300, "5 minutes ago"), (3600, "1 hour ago"),
                                               (7300, "2 hours ago")])
def test_age(seconds, text):
    assert age_text(1000.0, 1000.0 + seconds) == text
    assert age_text(0.0, 10 * 86_400.0).startswith("on ")


def test_a_copy_of_a_file_knows_where_it_lies(tmp_path):
    assert Left(tmp_path, "n", "", 0.0, 1).project_file == tmp_path / "project.gbnet"
