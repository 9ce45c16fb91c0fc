"""The training panel in each of its states, its keys, its settings, and that it rests while nobody looks."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.project import DataChoice
from core.train import memory
from core.train.events import Failed, Preparing
from core.worker.messages import Control, DataSeen
from guibuilder.document import Document, Selection
from guibuilder.theme import Theme
from guibuilder.training.announce import state_words
from guibuilder.training.panel import TrainingPanel
from guibuilder.training.room import room
from guibuilder.training.run import TrainingRun
from guibuilder.training.state import State
from tests.guibuilder.parts import CLASSES, Scripted, batch, epoch, finished, seen, started


@pytest.fixture
def panel(document: Document, selection: Selection, theme: Theme, run: TrainingRun, worker: Scripted,
          qtbot: QtBot) -> TrainingPanel:
    QSettings().remove("training settings")
    panel = TrainingPanel(document, selection, theme, run, worker)  # type: ignore[arg-type]
    qtbot.addWidget(panel)
    panel.resize(1200, 320)
    panel.show()
    return panel


def data_seen(name: str = "digits") -> DataSeen:
    samples = np.random.default_rng(0).random((20, 1, 8, 8), np.float32)
    return DataSeen(name, "Digits", (1, 8, 8), CLASSES, 1437, 360, samples, CLASSES * 2, ("One note.",))


def test_before_the_first_training_it_says_what_will_happen(panel: TrainingPanel, worker: Scripted, qtbot: QtBot):
    worker.answer(worker.last("LookAtData"), data_seen())
    text = panel.sentence.text()
    assert "Nothing is trained yet" in text
    assert "6 layers go through 1,437 pictures 3 times" in text
    assert panel.form.data.facts.text() == "1,437 pictures to train, 360 to test, 10 classes, 1×8×8."
    assert panel.form.data.samples.isVisible()


def test_broken_network_is_named_before_training(panel: TrainingPanel, document: Document):
    document.edit("Kernel", network=document.network.change(document.network.names["C1"], kernel=20))
    assert "Not ready to train yet" in panel.sentence.text()
    assert "C1 needs at least 20×20" in panel.sentence.text()


def test_a_batch_too_large_for_memory_is_said_before_training(panel: TrainingPanel, document: Document, monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: memory.PROCESS_BYTES + document.cost.memory_bytes(20))
    panel._refresh()
    assert panel.banner.isVisible()
    assert "Training needs 90 MB at batch 32, this computer has 90 MB free." in panel.banner.text
    (button,) = panel.banner.buttons
    assert button.text() == "Use batch 16"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert document.project.options.batch_size == 16
    assert document.undo_stack.undoText() == "Set batch size 16"


def test_the_warning_of_memory_can_be_put_away(panel: TrainingPanel, document: Document, monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 95_000_000)
    panel._refresh()
    assert "Other programs may become slow" in panel.banner.text
    panel.banner.closed.emit()
    assert not panel.banner.isVisible()
    document.edit("Batch", options=replace(document.project.options, batch_size=64))
    assert panel.banner.isVisible()


@pytest.mark.parametrize(("mode", "batch"), [("stochastic", 1), ("mini-batch", 1437)])
def test_memory_is_asked_for_the_batch_that_will_be(panel: TrainingPanel, document: Document, monkeypatch, mode, batch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    document.edit("Mode", options=replace(document.project.options, mode=mode, batch_size=5000))
    assert f"at batch {batch:,}," in room(document, 1437)[0]
    assert f"at batch {max(batch, 5000 * (batch > 1)):,}," in room(document, None)[0]


def test_a_whole_set_goes_through_in_pieces(document: Document, monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    document.edit("Mode", options=replace(document.project.options, mode="batch"))
    assert room(document, 1437) == ("", 0)


def test_preparing_shows_what_is_compiled(panel: TrainingPanel, run: TrainingRun, worker: Scripted):
    run.start()
    worker.tell(Preparing("Compiling the fast kernels, first time only", 12, 18))
    assert "Compiling the fast kernels, first time only: 12 of 18" in panel.sentence.text()
    assert panel.transport.bar.maximum() == 18
    assert panel.transport.bar.value() == 12
    assert not panel.transport.buttons["play"].isEnabled()
    assert panel.transport.buttons["stop"].isEnabled()


def test_running_shows_curves_progress_and_values(panel: TrainingPanel, run: TrainingRun, worker: Scripted,
                                                  qtbot: QtBot):
    run.start()
    worker.tell(started(), *(batch(1, number, 2 - number / 10) for number in range(1, 11)), epoch(1, 0.6),
                *(batch(2, number, 0.4) for number in range(1, 6)))
    assert panel.centre.currentWidget() is panel.curves
    qtbot.waitUntil(lambda: panel.curves.loss.legend.texts(False)[0] == "train 0.400")
    assert panel.curves.loss.legend.texts(False)[1] == "validation 0.660"
    qtbot.waitUntil(lambda: panel.curves.accuracy.legend.texts(False) == ["train 50.0 %", "validation 45.0 %"])
    assert panel.transport.words.text() == "epoch 2 of 3 · 1,000 pictures/s · 1 s left"
    assert panel.transport.bar.value() == 250
    summary = panel.curves.loss.view.accessibleDescription()
    assert summary == ("Train loss 0.400, falling, best 0.400 at epoch 1.5. "
                       "Validation loss 0.660, level, best 0.660 at epoch 1.")


def test_pause_is_said(panel: TrainingPanel, run: TrainingRun, worker: Scripted):
    run.start()
    worker.tell(started(), batch(1, 4))
    run.pause()
    assert panel.transport.words.text() == "epoch 1 of 3 · batch 4 of 10 · paused"
    assert panel.transport.buttons["play"].accessibleName() == "Go on"


def test_end_shows_the_accuracy_large(panel: TrainingPanel, run: TrainingRun, worker: Scripted, document: Document):
    run.start()
    worker.tell(started(), epoch(1), finished(last=1))
    assert panel.banner.isVisible()
    assert panel.banner.text == "97.0 % 97 of 100 test pictures are recognised; loss 0.200."
    assert [button.text() for button in panel.banner.buttons] == ["Rewind to the initial weights"]
    panel.banner.closed.emit()
    assert not panel.banner.isVisible()


def test_failure_is_a_calm_banner_with_one_click(panel: TrainingPanel, run: TrainingRun, worker: Scripted,
                                                 document: Document, qtbot: QtBot):
    run.start()
    worker.tell(started(), batch(1, 4), Failed("The numbers in C1 grew beyond all bounds.", "C1", 1, 5))
    assert panel.banner.text == "The numbers in C1 grew beyond all bounds."
    button = panel.banner.buttons[0]
    assert button.text() == "Use learning rate 0.001 and try again"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert document.project.options.learning_rate == 0.001
    assert run.state is State.PREPARING
    assert not panel.banner.isVisible()


def test_figures_of_an_earlier_network_are_marked(panel: TrainingPanel, run: TrainingRun, worker: Scripted,
                                                  document: Document):
    run.start()
    worker.tell(started(), epoch(1), finished(last=1))
    panel.banner.closed.emit()
    document.edit("Filters", network=document.network.change(document.network.names["C1"], filters=7))
    assert panel.banner.text.startswith("From an earlier network")
    document.undo_stack.undo()
    assert not panel.banner.isVisible()


def test_keys_steer_the_training(panel: TrainingPanel, run: TrainingRun, worker: Scripted):
    QTest.keyClick(panel, Qt.Key.Key_Space)
    assert run.state is State.PREPARING
    worker.tell(started())
    QTest.keyClick(panel, Qt.Key.Key_Space)
    assert run.state is State.PAUSED
    QTest.keyClick(panel, Qt.Key.Key_Right)
    worker.tell(batch(1, 1))
    QTest.keyClick(panel, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert worker.sent == [Control("pause"), Control("batch"), Control("epoch")]


def test_buttons_do_what_they_say(panel: TrainingPanel, run: TrainingRun, worker: Scripted):
    for name in ("play", "batch", "epoch", "stop"):
        assert panel.transport.buttons[name].accessibleName()
    QTest.mouseClick(panel.transport.buttons["play"], Qt.MouseButton.LeftButton)
    worker.tell(started(), batch(1, 1))
    QTest.mouseClick(panel.transport.buttons["stop"], Qt.MouseButton.LeftButton)
    assert worker.sent == [Control("stop")]


def test_settings_are_edits_of_the_document(panel: TrainingPanel, document: Document):
    form = panel.form
    form.usual.changed.emit("epochs", 7)
    assert document.project.options.epochs == 7
    assert document.undo_stack.undoText() == "Set epochs to 7"
    form.rest.changed.emit("normalise", True)
    assert document.project.data.normalise
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert document.project.options.epochs == 3
    assert form.usual.editors["epochs"].text() == "3"


def test_momentum_is_offered_only_where_it_means_something(panel: TrainingPanel, document: Document):
    panel.form.fold.setChecked(True)
    momentum = panel.form.rest.editors["momentum"]
    assert not momentum.isVisible()
    document.edit("Momentum", options=replace(document.project.options, optimizer="momentum"))
    assert momentum.isVisible()


def test_only_the_rate_can_be_changed_while_it_trains(panel: TrainingPanel, run: TrainingRun, worker: Scripted):
    run.start()
    worker.tell(started())
    editors = panel.form.usual.editors
    assert [name for name, editor in editors.items() if editor.isEnabled()] == ["learning_rate"]
    assert not panel.form.data.isEnabled()
    worker.tell(finished())
    assert all(editor.isEnabled() for editor in editors.values())


def test_other_data_starts_the_count_anew(panel: TrainingPanel, document: Document, worker: Scripted):
    document.edit("Progress", progress={"epoch": 2})
    panel.form.data.choose("shapes")
    assert document.project.data == DataChoice("shapes")
    assert not document.project.progress
    assert panel.form.data.combo.currentText() == "Drawn shapes"
    assert worker.last("LookAtData").source == "shapes"


def test_data_that_cannot_be_read_is_said_where_it_is_chosen(panel: TrainingPanel, worker: Scripted):
    panel.form.data.choose("/somewhere/my pictures")
    assert panel.form.data.combo.currentText() == "my pictures"
    worker.refuse(worker.last("LookAtData"), "There is nothing at /somewhere/my pictures.")
    assert panel.form.data.facts.text() == "There is nothing at /somewhere/my pictures."


def test_data_to_be_fetched_is_not_fetched_unasked(panel: TrainingPanel, worker: Scripted, monkeypatch):
    known = panel.form.data._known
    monkeypatch.setitem(known, "mnist", replace(known["mnist"], available=False))
    before = worker.count("LookAtData")
    panel.form.data.choose("mnist")
    assert worker.count("LookAtData") == before
    assert "Not on this computer yet" in panel.form.data.facts.text()
    panel.form.data.fetch.click()
    request = worker.last("LookAtData")
    assert request.source == "mnist"
    worker.progress.emit(request.number, "Fetching mnist", 3, 11)
    assert panel.form.data.facts.text() == "Fetching mnist: 3 of 11"
    worker.answer(request, data_seen("mnist"))
    assert panel.form.data.facts.text().startswith("1,437 pictures")
    assert not panel.form.data.fetch.isVisible()


def test_answer_about_data_chosen_before_is_ignored(panel: TrainingPanel, worker: Scripted):
    panel.form.data.choose("shapes")
    first = worker.last("LookAtData")
    panel.form.data.choose("/somewhere/else")
    worker.answer(first, data_seen("shapes"))
    assert panel.form.data.seen is None


def test_maps_of_the_selected_layer_are_live(panel: TrainingPanel, worker: Scripted, selection: Selection,
                                             document: Document, qtbot: QtBot):
    qtbot.waitUntil(lambda: worker.count("Watch") == 1)
    request = worker.last("Watch")
    assert request.layer == "C1"
    worker.answer(request, seen(request))
    assert panel.maps.caption.text() == "C1 on this picture"
    assert panel.maps.words.text() == "not trained yet: initial weights"
    selection.set([document.network.names["F1"]])
    qtbot.waitUntil(lambda: worker.last("Watch").layer == "F1")
    worker.answer(worker.last("Watch"), seen(worker.last("Watch"), (10,), filters=None))
    assert panel.maps.view.currentWidget() is panel.maps.view.bars


def test_hidden_panel_does_no_work(panel: TrainingPanel, run: TrainingRun, worker: Scripted, qtbot: QtBot):
    run.start()
    worker.tell(started(), batch(1, 1))
    qtbot.wait(150)
    panel.hide()
    drawn = panel.curves._drawn
    for number in range(2, 9):
        worker.tell(batch(1, number))
    qtbot.wait(150)
    assert panel.curves._drawn == drawn
    panel.show()
    qtbot.waitUntil(lambda: panel.curves._drawn > drawn)


def test_curves_are_drawn_at_most_twenty_times_a_second(panel: TrainingPanel, run: TrainingRun, worker: Scripted,
                                                        qtbot: QtBot, monkeypatch):
    run.start()
    worker.tell(started(), batch(1, 1))
    qtbot.wait(150)
    drawn = []
    monkeypatch.setattr(panel.curves.loss, "draw", lambda *figures: drawn.append(figures))
    for number in range(2, 40):
        worker.tell(batch(1, number))
        qtbot.wait(10)
    assert 1 <= len(drawn) <= 12


def test_narrow_panel_leaves_out_what_finds_no_room(panel: TrainingPanel, qtbot: QtBot):
    assert panel.form.isVisible()
    assert panel.maps.isVisible()
    panel.resize(420, 260)
    assert not panel.maps.isVisible()
    assert not panel.form.isVisible()
    panel.resize(1200, 320)
    panel.settings_button.click()
    assert not panel.form.isVisible()
    panel.settings_button.click()
    assert panel.form.isVisible()


def test_both_themes_can_be_drawn(panel: TrainingPanel, run: TrainingRun, worker: Scripted, theme: Theme, qtbot: QtBot):
    run.start()
    worker.tell(started(), batch(1, 1), batch(1, 2), epoch(1))
    pictures = []
    for choice in ("light", "dark"):
        theme.choose(choice)
        qtbot.wait(120)
        pictures.append(panel.grab().toImage())
    theme.choose("light")
    assert pictures[0] != pictures[1]


def test_pointing_at_the_curves_shows_the_values_there(panel: TrainingPanel, run: TrainingRun, worker: Scripted,
                                                       qtbot: QtBot):
    run.start()
    worker.tell(started(), *(batch(1, number, 1.0) for number in range(1, 11)), epoch(1, 1.0),
                *(batch(2, number, 0.2) for number in range(1, 11)), epoch(2, 0.2))
    qtbot.waitUntil(lambda: panel.curves.loss.legend.texts(False)[0] == "train 0.200")
    panel.curves.loss.pointed.emit(0.4)
    qtbot.waitUntil(panel.curves.accuracy._line.isVisible)
    assert panel.curves.loss.legend.texts(False)[0] == "train 1.000"
    assert panel.curves.loss._line.value() == 0.4
    panel.curves.loss.pointed.emit(None)
    assert not panel.curves.loss._line.isVisible()
    assert panel.curves.loss.legend.texts(False)[0] == "train 0.200"


def test_mouse_over_a_plot_is_an_epoch(panel: TrainingPanel, run: TrainingRun, worker: Scripted, qtbot: QtBot):
    run.start()
    worker.tell(started(), batch(1, 1), batch(1, 2))
    qtbot.wait(150)
    plot, told = panel.curves.loss, []
    plot.pointed.connect(told.append)
    area = plot._item.getViewBox().sceneBoundingRect()
    plot._moved(area.center())
    plot._moved(area.center() + area.center() * 10)
    assert told == [pytest.approx(1.5, abs=0.05), None]


def test_an_early_end_says_whose_weights_there_are(panel: TrainingPanel, run: TrainingRun, worker: Scripted):
    run.start()
    worker.tell(started(), epoch(1), epoch(2), replace(finished("patience", last=2), best_epoch=1))
    assert panel.banner.text.endswith("It ended early: the validation loss got no better. The weights are those of "
                                      "epoch 1, which has the lowest validation loss.")
    run.start()
    worker.tell(started(), epoch(1), epoch(2), replace(finished(last=2), best_epoch=1))
    assert "ended early" not in panel.banner.text
    assert "those of epoch 3, which" in panel.banner.text, "epochs are counted through"


def test_end_and_failure_are_announced(panel: TrainingPanel, run: TrainingRun, worker: Scripted):
    run.start()
    worker.tell(started(), epoch(1), finished(last=1))
    assert state_words(run) == "Training finished: 97.0 % of the test pictures are recognised."
    run.start()
    worker.tell(started(), Failed("The numbers in C1 grew beyond all bounds.", "C1", 1, 5))
    assert state_words(run) == "The numbers in C1 grew beyond all bounds."


def test_logarithmic_scale_shows_small_losses(panel: TrainingPanel, run: TrainingRun, worker: Scripted, qtbot: QtBot):
    run.start()
    worker.tell(started(), *(batch(1, number, 10.0 ** -number) for number in range(1, 6)))
    qtbot.wait(150)
    plot = panel.curves.loss
    plot.log.setChecked(True)
    qtbot.waitUntil(lambda: plot._item.getViewBox().viewRange()[1][0] < -1)
    axis = plot._item.getAxis("left")
    places = axis.tickValues(-3.2, 0.1, 120)[0][1]
    assert axis.tickStrings(places, 1.0, 1.0) == ["0.001", "0.01", "0.1", "1"]
    assert axis.tickStrings(axis.tickValues(-1.0, 0.0, 300)[0][1], 1.0, 1.0) == ["0.1", "0.2", "0.5", "1"]
    plot.log.setChecked(False)
    qtbot.waitUntil(lambda: plot._item.getViewBox().viewRange()[1][0] == 0)
