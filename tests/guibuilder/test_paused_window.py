"""The window while a training waits: saving keeps it, closing asks as for any work, a copy outlives a crash."""

import pytest
from pytestqt.qtbot import QtBot

from core.formats import open_file
from core.worker.messages import Checkpoint
from guibuilder.main_window import MainWindow
from guibuilder.training.state import State
from tests.guibuilder.conftest import Silent
from tests.guibuilder.parts import batch, started
from tests.guibuilder.training.test_going_on import learned, progress_of


@pytest.fixture
def paused(lenet: MainWindow, worker: Silent) -> MainWindow:
    """A training that waits after its fourth batch; what the window would ask is counted."""
    run = lenet.commands.run
    lenet.commands.document.set_clean()
    run.start()
    worker.tell(started(), batch(1, 4))
    lenet.commands.actions.do("pause")
    assert run.state is State.PAUSED
    say(lenet, worker, 4, 1.0)
    lenet.asked = []
    lenet.commands.files.ask_to_save = lambda: lenet.asked.append(lenet.commands.files.training()) or "cancel"
    return lenet


def say(window: MainWindow, worker: Silent, done: int, value: float, paused: bool = True) -> None:
    """What the worker has now."""
    project = window.commands.run.keeping.start
    worker.told.emit(Checkpoint(worker.last("Train").number, 0, learned(project, value), {},
                                progress_of(project, 1, done), paused=paused))


def test_closing_at_a_pause_asks_as_for_any_work_and_not_once_it_is_saved(paused: MainWindow, qtbot: QtBot, tmp_path):
    files = paused.commands.files
    assert not paused.state.may_close()
    assert paused.asked == [False], "asked once, about changes and not about a training that runs"
    files.choose_target = lambda name: tmp_path / "a.gbnet"
    with qtbot.waitSignal(files.saved):
        paused.commands.actions.do("save")
    saved = open_file(tmp_path / "a.gbnet")
    assert saved.progress["batch"] == 4
    assert saved.beginning is not None
    assert paused.state.may_close()
    assert len(paused.asked) == 1


def test_closing_while_it_runs_on_asks_about_the_training(paused: MainWindow, worker: Silent, qtbot: QtBot, tmp_path):
    files = paused.commands.files
    files.choose_target = lambda name: tmp_path / "a.gbnet"
    with qtbot.waitSignal(files.saved):
        files.save()
    paused.commands.run.resume()
    assert not paused.state.may_close()
    assert paused.asked == [True]


def test_the_copy_for_recovery_follows_the_training(paused: MainWindow, worker: Silent, qtbot: QtBot, tmp_path):
    autosave = paused.commands.autosave
    paused.commands.run.resume()
    say(paused, worker, 7, 3.0, paused=False)
    with qtbot.waitSignal(autosave.written):
        autosave.save_now()
    copy = open_file(autosave._folder / "project.gbnet")
    assert copy.progress["batch"] == 7
    assert copy.weights["C1.bias"][0] == 3.0


def test_rewinding_is_an_action_that_says_why_not(paused: MainWindow):
    parts = paused.commands
    parts.actions.refresh()
    assert parts.actions.by_name["rewind"].isEnabled()
    parts.actions.do("rewind")
    assert not parts.document.project.progress
    parts.actions.refresh()
    assert parts.actions.why_not("rewind") == "Nothing was learned yet."
    parts.document.undo_stack.undo()
    assert parts.document.project.progress["batch"] == 4
