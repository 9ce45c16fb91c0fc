"""The confusion matrix: measured on a click, readable cell by cell, leading to the mistakes."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.worker.messages import Measured
from guibuilder.document import Document, Selection
from guibuilder.inspection.base import Needs
from guibuilder.inspection.confusion import Confusion
from guibuilder.theme import Theme
from guibuilder.viewing import viewing_of
from tests.guibuilder.parts import Scripted

COUNTS = np.array([[8, 2, 0], [0, 10, 0], [1, 3, 6]])
MEASURED = Measured(0.4, 0.8, COUNTS, ("cat", "dog", "bird"),
                    ((5, "cat", "dog", 0.9), (17, "bird", "dog", 0.8), (3, "bird", "cat", 0.6)),
                    np.random.default_rng(0).random((3, 1, 8, 8), np.float32))


@pytest.fixture
def view(document: Document, selection: Selection, theme: Theme, worker: Scripted, qtbot: QtBot) -> Confusion:
    viewing = viewing_of(document, selection, worker)  # type: ignore[arg-type]
    view = Confusion(Needs(document, theme, worker, viewing))  # type: ignore[arg-type]
    qtbot.addWidget(view)
    view.resize(700, 300)
    view.show()
    return view


def measure(view: Confusion, worker: Scripted) -> None:
    QTest.mouseClick(view.button, Qt.MouseButton.LeftButton)
    worker.answer(worker.last("Measure"), MEASURED)


def test_before_measuring_it_says_what_will_happen(view: Confusion, worker: Scripted):
    assert "never trained on" in view.sentence.text()
    assert view.sentence.isVisible()
    assert worker.count("Measure") == 0


def test_measuring_shows_counts_and_mistakes(view: Confusion, worker: Scripted, document: Document):
    QTest.mouseClick(view.button, Qt.MouseButton.LeftButton)
    assert view.caption.text() == "Measuring …"
    assert not view.button.isEnabled()
    assert worker.last("Measure").project is document.project
    worker.answer(worker.last("Measure"), MEASURED)
    assert view.caption.text() == "24 of 30 test pictures recognised (80.0 %)"
    assert view.matrix.isVisible()
    assert view.mistakes.caption.text() == "Worst mistakes"
    assert view.matrix.accessibleDescription() == ("Most frequent mistakes: bird taken for dog, 3 times; cat taken for "
                                                   "dog, 2 times; bird taken for cat, 1 times.")


def test_each_cell_says_what_it_is(view: Confusion, worker: Scripted):
    measure(view, worker)
    assert view.matrix.words(2, 1) == "bird: 3 of 10 (30.0 %) taken for dog"
    assert view.matrix.words(1, 1) == "dog: 10 of 10 (100.0 %) recognised"


def test_click_on_a_cell_shows_its_mistakes_and_a_picture_is_looked_at(view: Confusion, worker: Scripted):
    measure(view, worker)
    left, top, cell = view.matrix._measures()
    QTest.mouseClick(view.matrix, Qt.MouseButton.LeftButton, pos=QPointF(left + 1.5 * cell, top + 2.5 * cell).toPoint())
    assert view.matrix.current == (2, 1)
    assert view.mistakes.caption.text() == "bird taken for dog"
    view.grab()
    QTest.mouseClick(view.mistakes.pictures, Qt.MouseButton.LeftButton, pos=QPointF(5, 5).toPoint())
    assert view.needs.viewing.index == 17


def test_diagonal_and_empty_cells_say_so(view: Confusion, worker: Scripted):
    measure(view, worker)
    view.matrix.choose(0, 2)
    assert view.mistakes.caption.text() == "cat taken for bird: none among the worst"
    view.matrix.choose(0, 0)
    assert view.mistakes.caption.text() == "Worst mistakes"


def test_arrows_move_from_cell_to_cell(view: Confusion, worker: Scripted):
    measure(view, worker)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down):
        QTest.keyClick(view.matrix, key)
    assert view.matrix.current == (2, 1)


def test_measured_before_the_last_change_is_said(view: Confusion, worker: Scripted, document: Document):
    measure(view, worker)
    document.edit("Weights", weights={"C1.bias": np.zeros(4, np.float32)})
    assert view.caption.text().endswith("before the last change; measure again")
    document.undo_stack.undo()
    assert view.caption.text().endswith("(80.0 %)")


def test_refusal_and_broken_network_are_said(view: Confusion, worker: Scripted, document: Document):
    view.measure()
    worker.refuse(worker.last("Measure"), "The data cannot be read.")
    assert view.caption.text() == "The data cannot be read."
    assert view.button.isEnabled()
    document.edit("Kernel", network=document.network.change(document.network.names["C1"], kernel=20))
    view.measure()
    assert "20×20" in view.caption.text()
    assert worker.count("Measure") == 1


def test_hundred_classes_can_be_drawn(view: Confusion):
    classes = tuple(f"class {place}" for place in range(100))
    view.matrix.set_counts(np.eye(100, dtype=np.int64) * 5, classes)
    view.pages.setCurrentIndex(1)
    view.grab()
    assert view.matrix.summary() == "No mistakes."
