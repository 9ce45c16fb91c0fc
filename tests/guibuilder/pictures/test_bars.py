"""Bars of flat layers and the choice between bars, maps and words."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.worker.messages import Seen
from guibuilder.pictures.bars import Bars
from guibuilder.pictures.layer_view import LayerView
from guibuilder.pictures.scale_bar import ScaleBar
from guibuilder.theme import Theme


@pytest.fixture
def bars(theme: Theme, qtbot: QtBot) -> Bars:
    bars = Bars(theme)
    qtbot.addWidget(bars)
    bars.resize(280, 100)
    return bars


def test_bars_go_up_in_orange_and_down_in_blue(bars: Bars, theme: Theme):
    bars.set_values(np.array([1.0, -1.0], np.float32))
    picture = bars.grab().toImage()
    assert picture.pixelColor(10, 20).name() == QColor(theme.colours.data_high).name()
    assert picture.pixelColor(38, 60).name() == QColor(theme.colours.data_low).name()


def test_more_units_than_pixels_still_show_the_extremes(bars: Bars, theme: Theme):
    values = np.zeros(4000, np.float32)
    values[2000] = 5.0
    bars.set_values(values)
    picture = bars.grab().toImage()
    orange = QColor(theme.colours.data_high).name()
    assert any(picture.pixelColor(x, 20).name() == orange for x in range(picture.width()))


def test_value_under_the_mouse_has_its_class(bars: Bars, qtbot: QtBot):
    bars.set_values(np.array([0.25, -0.5], np.float32), ("cat", "dog"))
    bars.show()
    with qtbot.waitSignal(bars.hovered) as told:
        QTest.mouseMove(bars, QPoint(40, 50))
    assert told.args[0] == "unit 2 (dog) · −0.5"
    bars.set_values(np.array([0.25, -0.5], np.float32))
    assert bars.words(0) == "unit 1 · 0.25"


def test_zeros_and_nothing_are_no_error(bars: Bars):
    for values in (np.zeros(0, np.float32), np.zeros(5, np.float32), np.array([np.nan, 1.0])):
        bars.set_values(values)
        bars.grab()


def shown(maps: np.ndarray | None) -> Seen:
    return Seen(1, "L", maps, None, np.zeros((1, 2, 2), np.float32), channels=0 if maps is None else len(maps))


def test_layer_view_chooses_by_shape(theme: Theme, qtbot: QtBot):
    view = LayerView(theme)
    qtbot.addWidget(view)
    view.show_seen(shown(np.ones((3, 4, 4), np.float32)))
    assert view.currentWidget() is view.mosaic
    assert view.mosaic.accessibleDescription() == "L puts out 3×4×4, from 1 to 1."
    for flat in (np.ones(10, np.float32), np.ones((16, 1, 1), np.float32)):
        view.show_seen(shown(flat))
        assert view.currentWidget() is view.bars
    view.show_seen(shown(None))
    assert view.sentence.text() == "L puts out nothing to look at."


def test_scale_bar_says_its_ends(theme: Theme, qtbot: QtBot):
    bar = ScaleBar(theme)
    qtbot.addWidget(bar)
    view = LayerView(theme)
    qtbot.addWidget(view)
    view.show_seen(shown(np.arange(18, dtype=np.float32).reshape(2, 3, 3)))
    bar.show_scale(view.mosaic.scale, view.mosaic.table)
    assert bar.accessibleName() == "Colours from 0 to 17"
    bar.show_scale(view.mosaic.scale, view.mosaic.table, own=True)
    assert bar.accessibleName() == "Colours from least to most"
    bar.grab()
