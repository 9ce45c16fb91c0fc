"""A training that waits: at a pause, in a reopened file, after an edit, and back before its beginning."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.project import Project, beginning_of, complete_weights
from core.train.progress import made_of
from core.worker.messages import Checkpoint, Control
from guibuilder.document import Document, Selection
from guibuilder.theme import Theme
from guibuilder.training.panel import TrainingPanel
from guibuilder.training.run import TrainingRun
from guibuilder.training.state import State
from tests.guibuilder.parts import Scripted, batch, epoch, finished, started, tiny


def progress_of(project: Project, number: int, done: int) -> dict[str, Any]:
    """Counters as a training hands them up."""
    import msgspec

    return {"epoch": number, "batch": done, "batches": 10, "pictures": done * 32, "loss": 1.0, "correct": 1,
            "seconds": 0.5, "made": msgspec.structs.asdict(made_of(project, "data"))}


def learned(project: Project, value: float) -> dict[str, Any]:
    return {name: np.full_like(array, value) for name, array in complete_weights(project).items()}


def pause(run: TrainingRun, worker: Scripted, number: int = 1, done: int = 4, value: float = 1.0) -> Checkpoint:
    """Pause the running training there; the worker says what it has."""
    project = run.keeping.start
    run.pause()
    said = Checkpoint(worker.last("Train").number, number - 1, learned(project, value), {"steps": np.array([done])},
                      progress_of(project, number, done), paused=True)
    worker.told.emit(said)
    return said


@pytest.fixture
def panel(document: Document, selection: Selection, theme: Theme, run: TrainingRun, worker: Scripted,
          qtbot: QtBot) -> TrainingPanel:
    panel = TrainingPanel(document, selection, theme, run, worker)  # type: ignore[arg-type]
    qtbot.addWidget(panel)
    panel.resize(1200, 320)
    panel.show()
    return panel


@pytest.fixture
def paused(run: TrainingRun, worker: Scripted) -> Checkpoint:
    run.start()
    worker.tell(started(), batch(1, 4))
    return pause(run, worker)


@pytest.fixture
def reopened(document: Document, run: TrainingRun) -> TrainingRun:
    """A file of a training that waits in its third epoch."""
    project = tiny(epochs=5)
    project = replace(project, weights=learned(project, 1.0), progress=progress_of(project, 3, 4),
                      state={"steps": np.array([24])}, history=(epoch(1), epoch(2)), beginning=beginning_of(project))
    document.load(project)
    return run


# at a pause -----------------------------------------------------------------------------------------------------------


def test_a_pause_is_in_the_document_and_one_step_of_undo_with_the_end(paused, run, worker, document):
    assert document.project.weights["C1.bias"][0] == 1.0
    assert document.project.progress is paused.progress
    assert document.undo_stack.undoText() == "Train some batches"
    assert not run.unkept
    run.resume()
    assert worker.sent == [Control("pause"), Control("resume")]
    assert run.unkept
    worker.tell(batch(1, 10), epoch(1))
    pause(run, worker, 2, 3, 2.0)
    assert (document.undo_stack.count(), document.undo_stack.undoText()) == (1, "Train 1 epoch")
    run.resume()
    worker.tell(batch(2, 10), epoch(2), batch(3, 10), epoch(3), finished(value=3.0))
    assert (document.undo_stack.count(), document.undo_stack.undoText()) == (1, "Train 3 epochs")
    document.undo_stack.undo()
    assert not document.project.weights
    assert document.project.beginning is None


def test_a_pause_before_the_first_batch_changes_nothing(run, worker, document):
    run.start()
    worker.tell(started())
    pause(run, worker, 1, 0)
    assert not document.undo_stack.count()


def test_steps_after_saving_are_a_step_of_undo_of_their_own(paused, run, worker, document):
    document.set_clean()
    run.resume()
    worker.tell(batch(1, 5))
    pause(run, worker, 1, 5, 2.0)
    assert not document.clean
    document.undo_stack.undo()
    assert document.clean


def test_a_pause_that_was_undone_is_not_gone_on_with(paused, run, worker, document, panel):
    document.undo_stack.undo()
    assert "no longer in the document" in panel.banner.text
    run.toggle()
    assert worker.sent[-1] == Control("stop")
    assert run.state is State.PREPARING
    assert not worker.last("Train").resume
    assert not worker.last("Train").project.weights


def test_undone_and_done_again_goes_on(paused, run, worker, document):
    document.undo_stack.undo()
    document.undo_stack.redo()
    run.toggle()
    assert worker.sent[-1] == Control("resume")


def test_a_network_edited_at_a_pause_says_why_and_goes_on_from_its_weights(paused, run, worker, document, panel):
    document.edit("Filters", network=document.network.change(document.network.names["C1"], filters=7))
    assert panel.banner.text == ("The network has changed since this training was paused: go on from its weights, or "
                                 "rewind.")
    assert [button.text() for button in panel.banner.buttons] == ["Go on from its weights",
                                                                  "Rewind to the initial weights"]
    panel.banner.buttons[0].click()
    request = worker.last("Train")
    assert (run.state, request.resume, worker.sent[-1]) == (State.PREPARING, False, Control("stop"))
    assert request.project.weights["F1.bias"][0] == 1.0
    worker.tell(started())
    assert panel.banner.text == ("The network has changed since this training was paused, so this is a new training "
                                 "that began with its weights.")
    panel.banner.closed.emit()
    assert not panel.banner.isVisible()


def test_one_batch_after_an_edit_begins_anew_too(paused, run, worker, document):
    document.edit("Filters", network=document.network.change(document.network.names["C1"], filters=7))
    run.one_batch()
    assert worker.last("Train").paused
    assert not worker.last("Train").resume


def test_the_edit_undone_lets_it_go_on(paused, run, worker, document):
    document.edit("Filters", network=document.network.change(document.network.names["C1"], filters=7))
    document.undo_stack.undo()
    run.toggle()
    assert worker.sent[-1] == Control("resume")


def test_death_at_a_pause_and_after_it(paused, run, worker, document):
    worker.die("The training process was killed.")
    assert run.trouble.message == "The training process was killed. What was learned up to epoch 1, batch 4 is kept."
    assert document.undo_stack.count() == 1
    run.trouble.remedies[0].act()
    assert worker.last("Train").resume
    assert worker.last("Train").project.progress is paused.progress


# what outlives a crash ------------------------------------------------------------------------------------------------


def test_a_copy_for_recovery_holds_the_latest_checkpoint(run, worker, document):
    told = []
    run.checkpointed.connect(lambda: told.append(run.snapshot()))
    run.start()
    assert run.snapshot() is document.project
    worker.tell(started(), batch(1, 4))
    project = document.project
    worker.told.emit(Checkpoint(worker.last("Train").number, 0, learned(project, 5.0), {}, progress_of(project, 1, 4)))
    (copy,) = told
    assert copy.weights["C1.bias"][0] == 5.0
    assert copy.progress["batch"] == 4
    assert copy.beginning is not None
    assert run.snapshot() is copy, "made once"
    assert document.project is project
    run.stop()
    worker.tell(finished("stopped", last=0))
    assert run.snapshot() is document.project


# in a reopened file ---------------------------------------------------------------------------------------------------


def test_a_reopened_training_offers_to_go_on(reopened, panel: TrainingPanel, worker: Scripted):
    assert panel.banner.text == "This training waits in epoch 3, after batch 4 of 10."
    go_on, rewind = panel.banner.buttons
    assert (go_on.text(), rewind.text()) == ("Go on with epoch 3, batch 5 of 10", "Rewind to the initial weights")
    assert "before the first epoch" in rewind.toolTip()
    go_on.click()
    assert worker.last("Train").resume
    worker.tell(started(5, first=3))
    assert not panel.banner.isVisible()
    assert (reopened.place.first_epoch, reopened.place.epochs) == (3, 5)


@pytest.mark.parametrize(("part", "change", "words"), [
    ("options", {"seed": 9}, "The seed has changed"), ("options", {"validation": 0.3}, "share for validation has"),
    ("data", {"normalise": True}, "treatment of the pictures has changed")])
def test_other_settings_say_why_it_cannot_go_on(reopened, panel, document, worker, part, change, words):
    document.edit("Set", **{part: replace(getattr(document.project, part), **change)})
    assert words in panel.banner.text
    document.undo_stack.undo()
    assert panel.banner.text.startswith("This training waits")
    document.undo_stack.redo()
    panel.banner.buttons[0].click()
    assert not worker.last("Train").resume


def test_what_may_change_does_not_hinder(reopened, document):
    for change in ({"epochs": 9}, {"learning_rate": 0.5}, {"patience": 4}):
        document.edit("Set", options=replace(document.project.options, **change))
    network = document.network
    document.edit("Rename", network=network.rename(network.names["C1"], "Eyes"))
    document.edit("Move", network=document.network.move({network.names["C1"]: (9.0, 9.0)}))
    assert reopened.goes_on


def test_nothing_waits_where_all_is_done_or_ended_early_or_damaged(reopened, document):
    document.edit("Fewer", options=replace(document.project.options, epochs=2))
    assert reopened.waiting is None
    document.undo_stack.undo()
    ended = {**document.project.progress, "patience": {"waited": 2, "best": 0.1}}
    document.edit("Ended", progress=ended, options=replace(document.project.options, patience=2))
    assert reopened.waiting is None
    document.edit("Damaged", progress={"epoch": "x"})
    assert reopened.waiting is None


# back to the beginning ------------------------------------------------------------------------------------------------


def test_r_rewinds_and_undo_brings_everything_back(reopened, panel, document):
    before = document.project
    QTest.keyClick(panel, Qt.Key.Key_R)
    expected = complete_weights(tiny())
    assert document.undo_stack.undoText() == "Rewind to the initial weights"
    assert all((document.project.weights[name] == array).all() for name, array in expected.items())
    assert (document.project.history, document.project.progress, document.project.state) == ((), {}, {})
    assert reopened.figures.empty
    assert not reopened.rewinds
    document.undo_stack.undo()
    assert document.project is before
    assert len(reopened.figures.epochs) == 2


def test_rewinding_at_a_pause_ends_the_run(paused, run, worker, document):
    run.rewind()
    assert (run.state, worker.sent[-1]) == (State.IDLE, Control("stop"))
    worker.tell(finished("stopped", last=0))
    assert not document.project.history
    assert document.project.weights["C1.bias"][0] == 0.0
    document.undo_stack.undo()
    assert run.goes_on


def test_a_running_training_is_not_rewound(run, worker, document):
    run.start()
    worker.tell(started(), batch(1, 4))
    pause(run, worker)
    run.resume()
    run.rewind()
    assert run.state is State.RUNNING
    assert document.project.progress


def test_starting_over_forgets_the_beginning(reopened, document):
    reopened.start_over()
    assert document.project.beginning is None
    assert not reopened.rewinds
