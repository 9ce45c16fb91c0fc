"""The settings of the augmentation, and the window that shows what comes of them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.worker.messages import Augmented, DataSeen, LookAtAugmented
from guibuilder.document import Document
from guibuilder.theme import Theme
from guibuilder.training.contact_sheet import ContactSheet
from guibuilder.training.run import TrainingRun
from guibuilder.training.settings_form import SettingsForm
from guibuilder.training.sight import EPOCHS, ROWS, SightDialog
from tests.guibuilder.parts import CLASSES, Scripted, started


@pytest.fixture
def form(document: Document, theme: Theme, run: TrainingRun, worker: Scripted, qtbot: QtBot) -> SettingsForm:
    form = SettingsForm(document, theme, run, worker)  # type: ignore[arg-type]
    qtbot.addWidget(form)
    form.resize(280, 900)
    form.show()
    return form


@pytest.fixture
def sight(form: SettingsForm, qtbot: QtBot) -> SightDialog:
    form.augment.fold.setChecked(True)
    QTest.mouseClick(form.augment.look, Qt.MouseButton.LeftButton)
    dialog = form.augment.sight
    qtbot.waitUntil(dialog.isVisible)
    return dialog


def seen(colours: bool = True, notes: tuple[str, ...] = ()) -> Augmented:
    """Three red pictures that turn green in epoch 1 and blue in epoch 2."""
    originals = np.zeros((3, 3 if colours else 1, 8, 8), np.float32)
    epochs = np.stack([originals] * 2)
    for picture, channel in ((originals, 0), (epochs[0], 1), (epochs[1], 2)):
        picture[:, channel if colours else 0] = 1.0
    return Augmented(originals, epochs, ("cat", "dog", "a very long class name indeed"), notes)


def data_seen(classes: tuple[str, ...] = CLASSES) -> DataSeen:
    return DataSeen("digits", "Digits", (1, 8, 8), classes, 1437, 360, np.zeros((1, 1, 8, 8), np.float32), ("0",))


def test_switches_are_edits_and_bring_their_strengths(form: SettingsForm, document: Document):
    part = form.augment
    assert part.fold.text() == "Augment: off"
    assert not part.inside.isVisible()
    QTest.mouseClick(part.fold, Qt.MouseButton.LeftButton)
    editors = part.form.editors
    assert editors["translate"].isVisible()
    assert not editors["translate_by"].isVisible()
    QTest.mouseClick(editors["translate"], Qt.MouseButton.LeftButton)
    assert document.project.data.translate
    assert document.undo_stack.undoText() == "Set translate to on"
    assert editors["translate_by"].isVisible()
    assert part.fold.text() == "Augment: 1 on"
    editors["translate_by"].setFocus()
    editors["translate_by"].selectAll()
    QTest.keyClicks(editors["translate_by"], "3")
    QTest.keyClick(editors["translate_by"], Qt.Key.Key_Return)
    assert document.project.data.translate_by == 3
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert not document.project.data.augments
    assert part.fold.text() == "Augment: off"


def test_every_setting_has_a_tooltip(form: SettingsForm):
    assert all(editor.toolTip() for editor in form.augment.form.editors.values())
    assert form.augment.look.toolTip()
    assert form.augment.fold.toolTip()


def test_with_large_text_the_button_is_brief_but_keeps_its_name(form: SettingsForm, theme: Theme):
    assert form.augment.look.text() == "What the network will see …"
    theme.set_scale(2.0)
    assert form.augment.look.text() == "See it …"
    assert form.augment.look.accessibleName() == "What the network will see"
    theme.set_scale(1.0)


def test_digits_must_not_be_mirrored_and_that_is_said(form: SettingsForm, document: Document, worker: Scripted):
    document.edit("Reflect", data=replace(document.project.data, reflect=True))
    assert not form.augment.words.text()
    worker.answer(worker.last("LookAtData"), data_seen())
    assert "must not be mirrored" in form.augment.words.text()
    document.edit("Translate", data=replace(document.project.data, reflect=False, rgb_pca=True))
    assert form.augment.words.text() == "RGB intensity does nothing here: the pictures are not in colour."
    network = document.network.change(document.network.names["Input"], shape=(3, 8, 8))
    document.edit("Colour", network=network)
    assert form.augment.words.text() == ""


def test_nothing_is_changed_while_it_trains_but_one_may_look(form: SettingsForm, run: TrainingRun, worker: Scripted):
    run.start()
    worker.tell(started())
    assert not any(editor.isEnabled() for editor in form.augment.form.editors.values())
    assert form.augment.look.isEnabled()


def test_the_window_asks_for_what_training_would_see(sight: SightDialog, document: Document, worker: Scripted):
    request: LookAtAugmented = worker.last("LookAtAugmented")
    assert (request.rows, request.epochs) == (ROWS, EPOCHS)
    assert request.project.data == document.project.data
    assert request.project.options == document.project.options
    assert sight.centre.currentWidget() is sight.words
    assert sight.words.text() == "Looking at the pictures …"
    worker.progress.emit(request.number, "Fetching", 3, 11)
    assert sight.words.text() == "Fetching: 3 of 11"
    worker.answer(request, seen())
    assert sight.centre.currentWidget() is sight.sheet
    assert sight.head.text().startswith("Nothing is augmented")
    assert not sight.notes.isVisible()


def test_it_follows_the_settings(sight: SightDialog, document: Document, worker: Scripted, qtbot: QtBot):
    first = worker.last("LookAtAugmented")
    for shift in (1, 2, 3):
        document.edit("Shift", data=replace(document.project.data, translate=True, translate_by=shift))
    qtbot.waitUntil(lambda: worker.count("LookAtAugmented") == 2)
    latest = worker.last("LookAtAugmented")
    assert latest.project.data.translate_by == 3
    worker.answer(first, seen(notes=("Old.",)))
    assert sight.centre.currentWidget() is sight.words, "an answer about earlier settings is not waited for"
    worker.answer(latest, seen(notes=("New.",)))
    assert sight.notes.text() == "New."
    assert sight.head.text().startswith("Some of the training pictures")


def test_failures_are_said_in_words_and_mended(sight: SightDialog, document: Document, worker: Scripted, qtbot: QtBot):
    worker.refuse(worker.last("LookAtAugmented"), "The pictures have 3 channels but the network's input has 2.")
    assert sight.words.text() == "The pictures have 3 channels but the network's input has 2."
    assert sight.centre.currentWidget() is sight.words
    document.edit("Seed", options=replace(document.project.options, seed=4))
    qtbot.waitUntil(lambda: worker.count("LookAtAugmented") == 2)
    worker.answer(worker.last("LookAtAugmented"), seen())
    assert sight.centre.currentWidget() is sight.sheet


def test_nothing_is_fetched_unasked(sight: SightDialog, document: Document, worker: Scripted, qtbot: QtBot,
                                    monkeypatch: pytest.MonkeyPatch):
    from guibuilder.training import sight as module

    infos = [replace(info, available=info.name != "mnist") for info in module.describe()]
    monkeypatch.setattr(module, "describe", lambda: infos)
    before = worker.count("LookAtAugmented")
    document.edit("Data", data=replace(document.project.data, source="mnist"))
    qtbot.waitUntil(lambda: "not on this computer yet" in sight.words.text())
    assert worker.count("LookAtAugmented") == before


def test_closed_it_does_no_work(sight: SightDialog, form: SettingsForm, document: Document, worker: Scripted,
                                qtbot: QtBot):
    QTest.keyClick(sight, Qt.Key.Key_Escape)
    assert not sight.isVisible()
    document.edit("Seed", options=replace(document.project.options, seed=4))
    assert not sight._settled.isActive()
    assert worker.count("LookAtAugmented") == 1
    form.augment.open()
    assert form.augment.sight is sight
    assert worker.count("LookAtAugmented") == 2


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("size", [(560, 460), (260, 160)])
def test_the_sheet_shows_each_picture_in_its_place(theme: Theme, qtbot: QtBot, mode: str, size: tuple[int, int]):
    theme.choose(mode)
    sheet = ContactSheet(theme)
    qtbot.addWidget(sheet)
    sheet.resize(*size)
    assert sheet.layout_of() == (0, 0, 0.0)
    sheet.show_pictures(seen())
    sheet.show()
    rows, columns, cell = sheet.layout_of()
    assert (rows, columns) == (3, 3)
    assert 76 * theme.scale + 3 * cell + 2 * 6 <= sheet.width() + 1
    picture = sheet.grab().toImage()
    for column, colour in enumerate(("red", "lime", "blue")):
        x, y = 76 + column * (cell + 6) + cell / 2, 18 + cell / 2
        assert picture.pixelColor(round(x), round(y)) == QColor(colour)
    assert "epochs 1 to 2: cat, dog" in sheet.accessibleDescription()
    theme.choose("system")


def test_a_tiny_sheet_leaves_columns_out_and_says_numbers(theme: Theme, qtbot: QtBot):
    sheet = ContactSheet(theme)
    qtbot.addWidget(sheet)
    one = seen(colours=False)
    sheet.show_pictures(replace(one, epochs=np.concatenate([one.epochs] * 4)))
    sheet.resize(sheet.minimumSizeHint())
    rows, columns, cell = sheet.layout_of()
    assert rows < 3
    assert 1 < columns < 9
    assert cell >= 20
    assert not sheet.grab().isNull()


def test_pixels_beyond_white_are_shown_as_white(theme: Theme, qtbot: QtBot):
    given: Any = seen(colours=False)
    given.epochs[0] += 0.5
    given.epochs[1] -= 1.2
    sheet = ContactSheet(theme)
    qtbot.addWidget(sheet)
    sheet.show_pictures(given)
    assert sheet._rows[0][1].pixelColor(3, 3) == QColor("white")
    assert sheet._rows[0][2].pixelColor(3, 3) == QColor("black")
