"""The inspection panel: views of the selected layer, pictures from everywhere, predictions, rest while hidden."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from guibuilder.document import Document, Selection
from guibuilder.inspection.filters_preview import FiltersPreview
from guibuilder.inspection.panel import InspectionPanel
from guibuilder.theme import Theme
from guibuilder.training.state import State
from guibuilder.viewing import DRAWN, FILE, TEST
from tests.guibuilder.parts import Scripted, seen


class Run(QObject):
    """The face of a training."""

    state_changed = Signal(object)


@pytest.fixture
def run(qtbot: QtBot) -> Run:
    return Run()


@pytest.fixture
def panel(document: Document, selection: Selection, theme: Theme, worker: Scripted, run: Run,
          qtbot: QtBot) -> InspectionPanel:
    panel = InspectionPanel(document, selection, theme, worker, run)  # type: ignore[arg-type]
    qtbot.addWidget(panel)
    panel.resize(900, 300)
    panel.show()
    qtbot.waitUntil(lambda: worker.count("Watch") == 1)
    return panel


def answer(worker: Scripted, shape: tuple[int, ...] = (4, 6, 6), **more) -> None:
    worker.answer(worker.last("Watch"), seen(worker.last("Watch"), shape, **more))


def test_maps_and_prediction_of_a_test_picture(panel: InspectionPanel, worker: Scripted):
    answer(worker)
    assert panel.feature_maps.caption.text() == "C1 puts out 4×6×6"
    assert panel.side.caption.text() == "It says 0, which is right"
    assert panel.side.predictions.words() == "0 50.0 %, 1 25.0 %, 2 12.5 %. It is 0."
    assert panel.foot.text() == "not trained yet: initial weights"
    panel.grab()


def test_mistake_is_said(panel: InspectionPanel, worker: Scripted):
    answer(worker, truth="7")
    assert panel.side.caption.text() == "It says 0, but it is 7"


def test_another_picture_is_asked_for(panel: InspectionPanel, worker: Scripted, qtbot: QtBot):
    answer(worker)
    panel.side.index.edited.emit(8)
    qtbot.waitUntil(lambda: worker.last("Watch").index == 7)
    answer(worker)
    panel.side.another.click()
    qtbot.waitUntil(lambda: worker.count("Watch") >= 3 or panel.viewing.index == 7)
    assert 0 <= panel.viewing.index < 360


def test_picture_file_is_fitted_to_the_input(panel: InspectionPanel, worker: Scripted, qtbot: QtBot, tmp_path):
    answer(worker)
    path = tmp_path / "large.png"
    Image.fromarray(np.full((40, 30, 3), 128, np.uint8)).save(path)
    panel.side.open_file(str(path))
    qtbot.waitUntil(lambda: panel.viewing.origin == FILE)
    assert panel.viewing.picture.shape == (1, 8, 8)
    assert panel.side.note.text()
    assert panel.side.sources.button(1).isChecked()


def test_what_is_no_picture_is_one_sentence(panel: InspectionPanel, worker: Scripted, qtbot: QtBot, tmp_path):
    path = tmp_path / "text.png"
    path.write_text("no picture")
    panel.side.open_file(str(path))
    qtbot.waitUntil(lambda: bool(panel.side.note.text()))
    assert panel.viewing.origin == TEST
    assert panel.side.note.text().endswith(".")


def test_drawing_is_answered_while_one_draws(panel: InspectionPanel, worker: Scripted, qtbot: QtBot):
    answer(worker)
    panel.side.sources.button(2).click()
    assert panel.side.pad.isVisible()
    assert panel.side.caption.text().startswith("Draw a digit")
    pad = panel.side.pad
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(40, 20))
    QTest.mouseMove(pad, QPoint(40, 80))
    qtbot.waitUntil(lambda: worker.last("Watch").picture is not None)
    assert worker.last("Watch").picture.shape == (1, 8, 8)
    assert panel.viewing.origin == DRAWN
    answer(worker, truth=None)
    assert panel.side.caption.text() == "It says 0"
    panel.side.clear.click()
    assert panel.side.predictions.words() == "No prediction yet."
    panel.side.sources.button(0).click()
    assert panel.viewing.origin == TEST


def test_flat_layer_shows_bars_and_has_no_filters(panel: InspectionPanel, worker: Scripted, selection: Selection,
                                                  document: Document, qtbot: QtBot):
    answer(worker)
    selection.set([document.network.names["F1"]])
    qtbot.waitUntil(lambda: worker.last("Watch").layer == "F1")
    answer(worker, (10,), filters=None)
    assert panel.feature_maps.view.currentWidget() is panel.feature_maps.view.bars
    assert not panel.feature_maps.own.isVisible()
    panel.show_view("Filters")
    assert "has no filters" in panel.filters.sentence.text()


def test_filters_of_several_maps_are_shown_one_map_at_a_time(panel: InspectionPanel, worker: Scripted):
    panel.show_view("Filters")
    filters = np.random.default_rng(1).standard_normal((5, 3, 3, 3)).astype(np.float32)
    answer(worker, filters=filters)
    assert panel.filters.channel.isVisible()
    panel.filters.channel.edited.emit(3)
    assert (panel.filters.mosaic._values == filters[:, 2]).all()
    assert panel.filters.mosaic.scale.low == -panel.filters.mosaic.scale.high


def test_sentence_where_there_is_nothing_to_see(panel: InspectionPanel, worker: Scripted, document: Document,
                                                qtbot: QtBot):
    answer(worker)
    document.edit("Kernel", network=document.network.change(document.network.names["C1"], kernel=20))
    qtbot.waitUntil(lambda: "20×20" in panel.feature_maps.view.sentence.text())
    assert panel.side.predictions.words() == "No prediction yet."


def test_number_under_the_mouse_is_in_the_foot(panel: InspectionPanel, worker: Scripted):
    answer(worker, training=True)
    assert panel.foot.text() == "live, while it trains"
    mosaic = panel.feature_maps.view.mosaic
    panel.grab()
    QTest.mouseMove(mosaic, mosaic._rect(0).center().toPoint())
    assert panel.foot.text().startswith("map 1 · row")


def test_confusion_in_view_is_measured_when_a_training_ends(panel: InspectionPanel, worker: Scripted, run: Run):
    run.state_changed.emit(State.FINISHED)
    assert worker.count("Measure") == 0
    panel.show_view("Confusion")
    run.state_changed.emit(State.RUNNING)
    assert worker.count("Measure") == 0
    run.state_changed.emit(State.FINISHED)
    assert worker.count("Measure") == 1


def test_hidden_panel_asks_for_nothing(panel: InspectionPanel, worker: Scripted, document: Document, qtbot: QtBot):
    answer(worker)
    panel.hide()
    assert worker.last("Watch").layer is None
    asked = worker.count("Watch")
    document.edit("Filters", network=document.network.change(document.network.names["C1"], filters=6))
    qtbot.wait(80)
    assert worker.count("Watch") == asked
    panel.show()
    qtbot.waitUntil(lambda: worker.count("Watch") == asked + 1)


@pytest.mark.parametrize("size", [(420, 160), (880, 240), (1300, 800)])
def test_every_size_can_be_drawn(panel: InspectionPanel, worker: Scripted, size: tuple[int, int], theme: Theme):
    answer(worker)
    panel.resize(*size)
    for choice in ("light", "dark"):
        theme.choose(choice)
        panel.grab()
    theme.choose("light")
    assert panel.side.width() <= size[0] // 2


def test_preview_of_filters_follows_selection_and_weights(document: Document, selection: Selection, theme: Theme,
                                                          worker: Scripted, qtbot: QtBot):
    preview = FiltersPreview(document, selection, theme, worker)  # type: ignore[arg-type]
    qtbot.addWidget(preview)
    selection.set([document.network.names["F1"]])
    assert preview.isHidden()
    selection.set([document.network.names["C1"]])
    assert preview.isVisible()
    assert preview.words.text() == "not trained yet"
    qtbot.waitUntil(lambda: worker.count("Watch") == 1)
    answer(worker)
    assert preview.mosaic.shape == (4, 3, 3)
    assert preview.words.text() == "not trained yet: initial weights"
    live = seen(worker.last("Watch"), training=True)
    worker.seen.emit(live)
    assert preview.words.text() == "live, while it trains"
    weights = {"C1.weight": np.ones((4, 1, 3, 3), np.float32)}
    document.edit("Weights", weights=weights)
    assert preview.words.text() == ""
    assert (preview.mosaic._values == 1).all()
