"""Initial values from which nothing is learned: said before the training, with a view of why and a way out."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.graph.starts import ALIKE, ZEROS
from guibuilder.document import Document, Selection
from guibuilder.theme import Theme
from guibuilder.training.panel import TrainingPanel
from guibuilder.training.run import TrainingRun
from tests.guibuilder.parts import Scripted, batch, finished, started


@pytest.fixture
def panel(document: Document, selection: Selection, theme: Theme, run: TrainingRun, worker: Scripted,
          qtbot: QtBot) -> TrainingPanel:
    panel = TrainingPanel(document, selection, theme, run, worker)  # type: ignore[arg-type]
    qtbot.addWidget(panel)
    panel.resize(1200, 400)
    panel.show()
    return panel


def begin_with(document: Document, init: str) -> None:
    document.edit("Initial values", options=replace(document.project.options, init=init))


def press(panel: TrainingPanel, text: str) -> None:
    QTest.mouseClick(next(each for each in panel.banner.buttons if each.text() == text), Qt.MouseButton.LeftButton)


@pytest.mark.parametrize(("init", "text"), [("zeros", ZEROS), ("constant", ALIKE)])
def test_it_is_said_before_the_training(panel: TrainingPanel, document: Document, init: str, text: str):
    assert panel.banner.isHidden()
    begin_with(document, init)
    assert panel.banner.text == text
    begin_with(document, "he-normal")
    assert panel.banner.isHidden()


def test_it_can_be_shown(panel: TrainingPanel, document: Document, qtbot: QtBot):
    begin_with(document, "zeros")
    with qtbot.waitSignal(panel.sizes_asked):
        press(panel, "Show why")


def test_usual_values_are_one_step_of_undo(panel: TrainingPanel, document: Document):
    network = document.network
    document.edit("Zeros", network=network.change(network.names["C1"], kernel_init="zeros"))
    begin_with(document, "zeros")
    press(panel, "Use usual values")
    assert document.project.options.init == "by-layer"
    assert document.network.by_name("C1").layer.kernel_init == "he-uniform"
    assert panel.banner.isHidden()
    document.undo_stack.undo()
    assert panel.banner.text == ZEROS


def test_the_buttons_stay_while_it_trains_and_the_words_go_with_the_result(panel: TrainingPanel, document: Document,
                                                                           run: TrainingRun, worker: Scripted):
    begin_with(document, "zeros")
    run.start()
    worker.tell(started(), batch(1, 1))
    buttons = panel.banner.buttons
    assert [each.text() for each in buttons] == ["Show why"]
    worker.tell(batch(1, 2))
    assert panel.banner.buttons == buttons
    worker.tell(finished())
    assert ZEROS not in panel.banner.text


def test_a_network_that_does_not_run_has_other_worries(panel: TrainingPanel, document: Document):
    begin_with(document, "zeros")
    document.edit("Kernel", network=document.network.change(document.network.names["C1"], kernel=20))
    assert panel.banner.isHidden()
