"""The run with the real worker process: it trains, survives a kill, shows layers, and leaves nothing behind."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from core.formats import open_file, save_file
from core.project import Project
from core.train.options import TrainOptions
from core.worker.messages import Control
from guibuilder.background import Worker
from guibuilder.document import Document, Selection
from guibuilder.recovery import Autosave
from guibuilder.training.run import TrainingRun
from guibuilder.training.state import State
from guibuilder.viewing import viewing_of
from tests.guibuilder.parts import tiny

# The first start compiles the kernels.
PATIENCE = 180_000


@pytest.fixture(scope="module")
def warm_worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.stop()


@pytest.fixture
def real(warm_worker: Worker, qtbot: QtBot) -> tuple[Document, TrainingRun]:
    document = Document(tiny())
    run = TrainingRun(document, warm_worker)
    yield document, run
    warm_worker.send(Control("stop"))
    run._patience.stop()
    run.deleteLater()


def wait_for(qtbot: QtBot, run: TrainingRun, *states: State) -> None:
    qtbot.waitUntil(lambda: run.state in (*states, State.FAILED), timeout=PATIENCE)
    assert run.state in states, run.trouble


def test_trains_digits_and_keeps_what_was_learned(real: tuple[Document, TrainingRun], qtbot: QtBot):
    document, run = real
    run.start()
    wait_for(qtbot, run, State.FINISHED)
    assert len(document.project.history) == 3
    assert document.project.history[-1].validation_accuracy > 0.7
    assert run.result.test_accuracy > 0.7
    assert document.project.weights["C1.weight"].shape == (4, 1, 3, 3)
    assert len(run.figures.loss) > 50
    document.undo_stack.undo()
    assert not document.project.weights


def test_one_batch_one_epoch_pause_and_stop(real: tuple[Document, TrainingRun], qtbot: QtBot):
    document, run = real
    run.one_batch()
    wait_for(qtbot, run, State.PAUSED)
    assert (run.place.epoch, run.place.batch) == (1, 1)
    run.one_batch()
    wait_for(qtbot, run, State.PAUSED)
    assert run.place.batch == 2
    run.one_epoch()
    wait_for(qtbot, run, State.PAUSED)
    assert [epoch.epoch for epoch in run.figures.epochs] == [1]
    run.stop()
    wait_for(qtbot, run, State.IDLE)
    assert len(document.project.history) == 1
    assert run.goes_on
    run.start()
    wait_for(qtbot, run, State.FINISHED)
    assert [epoch.epoch for epoch in document.project.history] == [1, 2, 3]


def test_stopped_and_resumed_is_the_same_training(real: tuple[Document, TrainingRun], qtbot: QtBot):
    document, run = real
    run.start()
    wait_for(qtbot, run, State.FINISHED)
    whole = document.project.weights["F1.weight"]
    run.start_over()
    run.one_epoch()
    wait_for(qtbot, run, State.PAUSED)
    run.stop()
    wait_for(qtbot, run, State.IDLE)
    run.start()
    wait_for(qtbot, run, State.FINISHED)
    assert (document.project.weights["F1.weight"] == whole).all()


def test_paused_saved_and_reopened_is_the_same_training(real: tuple[Document, TrainingRun], qtbot: QtBot, tmp_path):
    """Pause within an epoch, save, close the document, open it again, go on, and rewind."""
    document, run = real
    run.start()
    wait_for(qtbot, run, State.FINISHED)
    whole, history = document.project.weights, document.project.history
    run.rewind()
    first = document.project.weights
    run.one_epoch()
    wait_for(qtbot, run, State.PAUSED)
    for _ in range(3):
        run.one_batch()
        wait_for(qtbot, run, State.PAUSED)
    qtbot.waitUntil(lambda: document.project.progress.get("batch") == 3)
    assert not run.unkept
    assert document.undo_stack.undoText() == "Train 1 epoch"
    save_file(document.project, tmp_path / "paused.gbnet")
    document.load(open_file(tmp_path / "paused.gbnet"))
    assert run.state is State.IDLE
    assert (run.waiting.next, run.waiting.hindrance) == ("epoch 2, batch 4 of 41", "")
    run.start()
    wait_for(qtbot, run, State.FINISHED)
    assert all((document.project.weights[name] == array).all() for name, array in whole.items())
    assert [replace(each, seconds=0) for each in document.project.history] == [replace(each, seconds=0)
                                                                               for each in history]
    run.rewind()
    assert all((document.project.weights[name] == array).all() for name, array in first.items())
    document.undo_stack.undo()
    assert document.project.history


def test_a_copy_made_while_it_runs_goes_on_exactly(real: tuple[Document, TrainingRun], qtbot: QtBot, tmp_path):
    """What recovery finds after the window and its worker were killed."""
    document, run = real
    document.edit("Longer", options=replace(document.project.options, epochs=150, batch_size=4))
    autosave = Autosave(document, folder=tmp_path)
    autosave.snapshot = run.snapshot
    run.checkpointed.connect(autosave.save_now)
    # What the first checkpoint brings is read at once: a later copy might already be of the finished training.
    copies: list[Project] = []
    autosave.written.connect(lambda: copies or copies.append(open_file(next(tmp_path.glob("*/project.gbnet")))))
    run.start()
    qtbot.waitUntil(lambda: bool(copies), timeout=PATIENCE)
    run.stop()
    wait_for(qtbot, run, State.IDLE, State.FINISHED)
    if run.state is State.IDLE:
        run.start()
        wait_for(qtbot, run, State.FINISHED)
    whole = document.project.weights
    left = copies[0]
    assert left.progress["epoch"] > 1 or left.progress["batch"]
    document.load(left)
    assert run.goes_on
    run.start()
    wait_for(qtbot, run, State.FINISHED)
    assert all((document.project.weights[name] == array).all() for name, array in whole.items())
    autosave.forget()
    autosave.deleteLater()


def test_divergence_is_said_and_one_click_heals_it(real: tuple[Document, TrainingRun], qtbot: QtBot):
    document, run = real
    options = TrainOptions(epochs=2, batch_size=32, optimizer="sgd", learning_rate=1e9)
    document.edit("Far too fast", options=options)
    run.start()
    qtbot.waitUntil(lambda: run.state is State.FAILED, timeout=PATIENCE)
    assert not document.project.weights
    assert run.trouble.remedies[0].text.startswith("Use learning rate")
    document.edit("Slow", options=replace(options, learning_rate=0.05))
    run.start()
    wait_for(qtbot, run, State.FINISHED)


def test_killed_worker_is_said_and_train_works_again(real: tuple[Document, TrainingRun], warm_worker: Worker,
                                                     qtbot: QtBot):
    document, run = real
    document.edit("Long", options=TrainOptions(epochs=5000, batch_size=8))
    run.start()
    wait_for(qtbot, run, State.RUNNING)
    qtbot.waitUntil(lambda: run.keeping.checkpoint is not None)
    os.kill(warm_worker.process_id, getattr(signal, "SIGKILL", signal.SIGTERM))
    qtbot.waitUntil(lambda: run.state is State.FAILED)
    assert "training process" in run.trouble.message
    assert "is kept" in run.trouble.message
    assert document.project.weights
    document.edit("Short", options=TrainOptions(epochs=1))
    run.trouble.remedies[0].act()
    wait_for(qtbot, run, State.FINISHED)


def test_layers_are_seen_live(real: tuple[Document, TrainingRun], warm_worker: Worker, qtbot: QtBot):
    document, run = real
    selection = Selection(document)
    viewing = viewing_of(document, selection, warm_worker)
    viewing.want(viewing, True)
    qtbot.waitUntil(lambda: viewing.last is not None, timeout=PATIENCE)
    assert viewing.last.maps.shape == (4, 6, 6)
    assert viewing.last.truth is not None
    document.edit("Long", options=TrainOptions(epochs=5000, batch_size=8))
    run.start()
    wait_for(qtbot, run, State.RUNNING)
    live = []
    viewing.seen.connect(live.append)
    qtbot.waitUntil(lambda: len(live) >= 3)
    assert live[-1].training
    assert (live[0].filters != live[-1].filters).any()
    selection.set([document.network.names["F1"]])
    qtbot.waitUntil(lambda: live[-1].layer == "F1")
    run.stop()
    wait_for(qtbot, run, State.IDLE)
    viewing.want(viewing, False)
    viewing.deleteLater()


def test_closed_window_leaves_no_worker(qtbot: QtBot):
    worker = Worker()
    run = TrainingRun(Document(replace(tiny(), options=TrainOptions(epochs=5000, batch_size=8))), worker)
    run.start()
    wait_for(qtbot, run, State.RUNNING)
    process = worker.process_id
    began = time.monotonic()
    worker.stop()
    assert time.monotonic() - began < 3
    assert process not in [child.pid for child in multiprocessing.active_children()]
