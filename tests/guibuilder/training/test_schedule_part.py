"""The schedule before the training: its settings, its words, its curve; and how many updates an epoch makes."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.train.events import Gathering
from core.train.options import OPTIMIZERS, SCHEDULES, TrainOptions
from core.worker.messages import DataSeen
from guibuilder.document import Document, Selection
from guibuilder.theme import Theme
from guibuilder.training.panel import TrainingPanel
from guibuilder.training.rate_curve import RateCurve
from guibuilder.training.run import TrainingRun
from guibuilder.training.words import schedule_words, updates_words
from tests.guibuilder.parts import CLASSES, Scripted, batch, epoch, finished, started


@pytest.fixture
def panel(document: Document, selection: Selection, theme: Theme, run: TrainingRun, worker: Scripted,
          qtbot: QtBot) -> TrainingPanel:
    panel = TrainingPanel(document, selection, theme, run, worker)  # type: ignore[arg-type]
    qtbot.addWidget(panel)
    panel.resize(1200, 900)
    panel.show()
    panel.settings_button.setChecked(False)
    panel.settings_button.click()
    return panel


@pytest.fixture
def curve(theme: Theme, qtbot: QtBot) -> RateCurve:
    curve = RateCurve(theme)
    qtbot.addWidget(curve)
    curve.resize(240, curve.sizeHint().height())
    curve.show()
    return curve


def options(panel: TrainingPanel, document: Document, **changes: object) -> None:
    document.edit("Options", options=replace(document.project.options, **changes))


@pytest.mark.parametrize(("schedule", "shown"), [
    ("constant", set()), ("linear", set()), ("cosine", set()), ("step", {"schedule_factor", "schedule_every"}),
    ("exponential", {"schedule_decay"}), ("plateau", {"schedule_factor", "schedule_patience"})])
def test_only_settings_that_matter_are_shown(panel: TrainingPanel, document: Document, schedule: str, shown: set[str]):
    options(panel, document, schedule=schedule)
    editors = panel.form.schedule.form.editors
    assert {name for name, editor in editors.items() if not editor.isHidden()} == {"schedule", *shown}


def test_choosing_a_schedule_is_an_edit_and_the_curve_follows(panel: TrainingPanel, document: Document):
    combo = panel.form.schedule.form.editors["schedule"]
    combo.setFocus()
    QTest.keyClicks(combo, "exp")
    assert document.project.options.schedule == "exponential"
    assert "× 0.9 after each epoch" in panel.form.schedule.words.text()
    assert panel.form.schedule.curve.rate_at(2) == pytest.approx(document.project.options.learning_rate * 0.81)
    document.undo_stack.undo()
    assert panel.form.schedule.curve.rate_at(2) == document.project.options.learning_rate


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_momentum_is_shown_where_it_matters(panel: TrainingPanel, document: Document, optimizer: str):
    options(panel, document, optimizer=optimizer)
    assert panel.form.rest.editors["momentum"].isHidden() == (optimizer not in ("momentum", "nesterov"))
    assert not panel.form.rest.editors["weight_decay"].isHidden()
    assert not panel.form.rest.editors["clip"].isHidden()


def test_the_value_of_constants_is_shown_where_something_is_constant(panel: TrainingPanel, document: Document):
    assert panel.form.rest.editors["init_value"].isHidden()
    options(panel, document, init="constant")
    assert not panel.form.rest.editors["init_value"].isHidden()
    options(panel, document, init="by-layer")
    network = document.network
    document.edit("Constant", network=network.change(network.names["C1"], kernel_init="constant"))
    assert not panel.form.rest.editors["init_value"].isHidden()


@pytest.mark.parametrize(("mode", "words"), [
    ("mini-batch", "21 updates per epoch, each from 64 pictures."),
    ("batch", "1 update per epoch, each from all 1,293"),
    ("stochastic", "1,293 updates per epoch, each from 1 picture.")])
def test_how_many_updates_an_epoch_makes_is_said(panel: TrainingPanel, document: Document, worker: Scripted, mode: str,
                                                 words: str):
    samples = np.zeros((4, 1, 8, 8), np.float32)
    worker.answer(worker.last("LookAtData"), DataSeen("digits", "Digits", (1, 8, 8), CLASSES, 1437, 360, samples,
                                                      CLASSES[:4]))
    options(panel, document, mode=mode, batch_size=64, validation=0.1)
    assert words in panel.form.updates.text()
    assert panel.form.usual.editors["batch_size"].isHidden() == (mode != "mini-batch")


def test_without_the_data_the_updates_are_said_in_general():
    assert updates_words(TrainOptions(batch_size=16), None) == "One update for each 16 pictures."
    assert updates_words(TrainOptions(mode="batch"), None) == "1 update per epoch, from all pictures."
    assert updates_words(TrainOptions(mode="stochastic"), None) == "One update for each picture."


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_words_have_the_numbers(schedule: str):
    words = schedule_words(TrainOptions(schedule=schedule, learning_rate=0.02, epochs=12, schedule_every=5,
                                        schedule_factor=0.5, schedule_decay=0.8, schedule_patience=4))
    assert "0.02" in words
    wanted = {"step": ["× 0.5 after every 5 epochs", "0.005"], "exponential": ["× 0.8", "0.00172"],
              "plateau": ["validation loss", "4 epochs in a row", "× 0.5"], "cosine": ["half a cosine", "12 epochs"],
              "linear": ["to 0 over 12 epochs"], "constant": ["Stays at 0.02 for 12 epochs."]}
    assert all(each in words for each in wanted[schedule])


def test_hovering_tells_the_rate_of_an_epoch(curve: RateCurve):
    curve.show_options(TrainOptions(schedule="exponential", schedule_decay=0.5, epochs=10, learning_rate=0.08))
    QTest.mouseMove(curve, QPoint(round(240 * 0.35), 30))
    assert curve.toolTip() == "Epoch 4 of 10: learning rate 0.01"
    curve.show_options(TrainOptions(schedule="linear", epochs=10, learning_rate=0.1))
    assert curve.words(10) == "Epoch 10 of 10: learning rate 0.01 to 0"


def test_the_keys_go_from_epoch_to_epoch_and_are_described(curve: RateCurve):
    curve.show_options(TrainOptions(schedule="step", epochs=8, learning_rate=0.1))
    assert "after half of the epochs" in curve.accessibleDescription()
    curve.setFocus()
    for key, words in ((Qt.Key.Key_Right, "Epoch 1 of 8: learning rate 0.1"),
                       (Qt.Key.Key_End, "Epoch 8 of 8: learning rate 0.001"),
                       (Qt.Key.Key_Left, "Epoch 7 of 8"), (Qt.Key.Key_Home, "Epoch 1 of 8")):
        QTest.keyClick(curve, key)
        assert curve.accessibleDescription().startswith(words)
    QTest.keyClick(curve, Qt.Key.Key_Escape)
    assert "after half of the epochs" in curve.accessibleDescription()


@pytest.mark.parametrize("choice", ["light", "dark"])
@pytest.mark.parametrize("width", [80, 240, 600])
def test_the_curve_is_drawn_where_its_numbers_lie(curve: RateCurve, theme: Theme, choice: str, width: int):
    theme.choose(choice)
    curve.resize(width, curve.sizeHint().height())
    curve.show_options(TrainOptions(schedule="step", epochs=4, learning_rate=0.1))
    image = curve.grab().toImage()
    area, accent = curve._area(), QColor(theme.colours.accent)

    def drawn(epochs: float, rate: float) -> bool:
        place = curve._place(area, epochs, rate)
        x, y = round(place.x()), round(place.y())
        near = [image.pixelColor(x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        return any(abs(each.red() - accent.red()) + abs(each.blue() - accent.blue()) < 60 for each in near)

    assert drawn(1, 0.1)
    assert drawn(2.5, 0.01)
    assert not drawn(1, 0.05)


def test_a_training_marks_where_it_is(panel: TrainingPanel, document: Document, run: TrainingRun, worker: Scripted):
    options(panel, document, schedule="plateau", epochs=3)
    curve = panel.form.schedule.curve
    rate = document.project.options.learning_rate
    run.start()
    worker.tell(started(), replace(batch(1, 5), rate=rate))
    assert curve.accessibleDescription().endswith(f"Now {rate:.3g}.")
    worker.tell(epoch(1), replace(batch(2, 1), rate=rate / 10))
    assert curve.accessibleDescription().endswith(f"Now {rate / 10:.3g}.")
    assert curve.rate_at(0.7) == rate
    assert curve.rate_at(2) == pytest.approx(rate / 10)
    worker.tell(finished())
    assert "Now" not in curve.accessibleDescription()


def test_a_long_update_moves_the_bar_before_it_is_done(panel: TrainingPanel, run: TrainingRun, worker: Scripted):
    run.start()
    worker.tell(started(epochs=2, batches=1), Gathering(1, 160, 320))
    assert run.place.share == pytest.approx(0.25)
    worker.tell(batch(1, 1), epoch(1), Gathering(2, 80, 320))
    assert run.place.share == pytest.approx(0.625)
