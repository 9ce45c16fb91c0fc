"""The drawing pad: ink where the mouse was, sized and centred as MNIST's digits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from guibuilder.inspection.drawing_pad import DrawingPad, centred
from guibuilder.theme import Theme


@pytest.fixture
def pad(theme: Theme, qtbot: QtBot) -> DrawingPad:
    pad = DrawingPad(theme, 140)
    qtbot.addWidget(pad)
    pad.show()
    return pad


def draw(pad: DrawingPad, *places: tuple[int, int]) -> None:
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(*places[0]))
    for place in places[1:]:
        QTest.mouseMove(pad, QPoint(*place))
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=QPoint(*places[-1]))


def test_line_is_ink_between_its_ends(pad: DrawingPad):
    draw(pad, (20, 20), (20, 100))
    assert not pad.empty
    ink = pad._ink
    assert [ink.pixelColor(40, y).lightness() for y in (45, 120, 195)] == [255, 255, 255]
    assert ink.pixelColor(120, 120).lightness() == 0
    edge = {ink.pixelColor(x, 120).lightness() for x in range(40, 60)}
    assert len(edge) > 3


def test_picture_is_told_while_one_draws(pad: DrawingPad, qtbot: QtBot):
    with qtbot.waitSignal(pad.drawn) as told:
        draw(pad, (70, 20), (70, 110))
    picture = told.args[0]
    assert picture.shape == (28, 28)
    assert picture.dtype == np.float32
    rows = np.nonzero(picture.sum(axis=1) > 0.5)[0]
    assert 18 <= rows[-1] - rows[0] + 1 <= 20
    assert abs(np.average(np.arange(28), weights=picture.sum(axis=0)) - 13.5) <= 0.6


def test_delete_clears(pad: DrawingPad, qtbot: QtBot):
    draw(pad, (70, 20), (70, 110))
    with qtbot.waitSignal(pad.cleared):
        QTest.keyClick(pad, Qt.Key.Key_Delete)
    assert pad.empty
    assert not pad.picture().any()


def test_hint_and_ink_can_be_drawn(pad: DrawingPad):
    blank = pad.grab().toImage()
    draw(pad, (10, 10), (90, 90))
    assert pad.grab().toImage() != blank


@settings(max_examples=30)
@given(st.integers(3, 60), st.integers(3, 60), st.integers(0, 60), st.integers(0, 60))
def test_any_drawing_fills_twenty_pixels_in_the_middle(height: int, width: int, top: int, left: int):
    ink = np.zeros((128, 128), np.float32)
    ink[top:top + height, left:left + width] = 1
    picture = centred(ink)
    assert picture.shape == (28, 28)
    rows, columns = np.nonzero(picture.max(axis=1) > 0.01)[0], np.nonzero(picture.max(axis=0) > 0.01)[0]
    longest = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    assert longest == 20
    for axis in (0, 1):
        middle = np.average(np.arange(28), weights=picture.sum(axis=1 - axis))
        assert abs(middle - 13.5) <= 0.51


def test_nothing_drawn_is_an_empty_picture():
    assert not centred(np.zeros((50, 50), np.float32)).any()
