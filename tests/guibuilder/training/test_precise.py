"""The switch Precise in the settings of the training."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from guibuilder.document import Document, Selection
from guibuilder.theme import Theme
from guibuilder.training.panel import TrainingPanel
from guibuilder.training.run import TrainingRun
from tests.guibuilder.parts import Scripted, started


@pytest.fixture
def panel(document: Document, selection: Selection, theme: Theme, run: TrainingRun, worker: Scripted,
          qtbot: QtBot) -> TrainingPanel:
    panel = TrainingPanel(document, selection, theme, run, worker)  # type: ignore[arg-type]
    qtbot.addWidget(panel)
    panel.resize(1200, 1400)
    panel.show()
    panel.settings_button.setChecked(False)
    panel.settings_button.click()
    QTest.mouseClick(panel.form.fold, Qt.MouseButton.LeftButton)
    return panel


def test_a_click_is_one_edit(panel: TrainingPanel, document: Document):
    switch = panel.form.rest.editors["precise"]
    assert switch.isVisible()
    QTest.mouseClick(switch, Qt.MouseButton.LeftButton, pos=QPoint(10, switch.height() // 2))
    assert document.project.options.precise
    assert document.undo_stack.undoText() == "Set precise to on"
    assert "Winograd" in switch.toolTip()
    document.undo_stack.undo()
    assert not document.project.options.precise
    assert not switch.isChecked()


def test_the_space_bar_does_it_as_well_and_a_running_training_keeps_its_own(
        panel: TrainingPanel, document: Document, run: TrainingRun, worker: Scripted):
    switch = panel.form.rest.editors["precise"]
    switch.setFocus()
    QTest.keyClick(switch, Qt.Key.Key_Space)
    assert document.project.options.precise
    run.start()
    worker.tell(started())
    assert worker.last("Train").project.options.precise
    assert not switch.isEnabled()
