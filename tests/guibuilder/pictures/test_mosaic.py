"""The mosaic: every map fits, the number under the mouse is the right one, keys and clicks choose."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from guibuilder.pictures.colour_maps import sequential
from guibuilder.pictures.mosaic import GAP, Mosaic, fit, signed_number
from guibuilder.theme import Theme


@pytest.fixture
def mosaic(theme: Theme, qtbot: QtBot) -> Mosaic:
    mosaic = Mosaic(theme)
    qtbot.addWidget(mosaic)
    mosaic.resize(200, 140)
    mosaic.set_values(np.arange(6 * 4 * 5, dtype=np.float32).reshape(6, 4, 5))
    mosaic.show()
    return mosaic


@given(st.integers(1, 64), st.floats(0.2, 5), st.integers(30, 900), st.integers(30, 900))
def test_all_cells_fit(count: int, aspect: float, width: int, height: int):
    columns, cell = fit(count, aspect, width, height)
    rows = -(-count // columns)
    assert columns * cell + (columns - 1) * GAP <= width + 1e-6 or cell == 0
    assert rows * cell * aspect + (rows - 1) * GAP <= height + 1e-6 or cell == 0


def test_six_maps_lie_in_full_rows():
    assert fit(6, 1.0, 204, 140)[0] == 3
    assert fit(6, 1.0, 2000, 2000, 100)[0] == 6


def test_every_value_is_found_where_it_is_painted(mosaic: Mosaic):
    picture, table = mosaic.grab().toImage(), sequential()
    for value, (number, row, column) in enumerate(np.ndindex(6, 4, 5)):
        area = mosaic._rect(number)
        point = QPointF(area.x() + (column + 0.5) / 5 * area.width(), area.y() + (row + 0.5) / 4 * area.height())
        assert mosaic.place_at(point) == (number, row, column)
        painted = picture.pixelColor(int(point.x()), int(point.y()))
        assert abs(painted.lightnessF() - QColor(table[round(value / 119 * 255)]).lightnessF()) < 0.02


def test_number_under_the_mouse(mosaic: Mosaic, qtbot: QtBot):
    with qtbot.waitSignal(mosaic.hovered) as told:
        QTest.mouseMove(mosaic, mosaic._rect(1).center().toPoint())
    number, row, column = mosaic.place_at(mosaic._rect(1).center().toPoint().toPointF())
    assert number == 1
    value = mosaic._values[number, row, column]
    assert told.args[0] == f"map 2 · row {row + 1}, column {column + 1} · {value:.0f}"


def test_click_chooses_and_a_second_shows_it_alone(mosaic: Mosaic):
    place = mosaic._rect(4).center().toPoint()
    QTest.mouseClick(mosaic, Qt.MouseButton.LeftButton, pos=place)
    assert (mosaic.current, mosaic.alone) == (4, -1)
    QTest.mouseClick(mosaic, Qt.MouseButton.LeftButton, pos=place)
    assert mosaic.alone == 4
    mosaic.grab()
    assert mosaic.place_at(QPointF(100, 60))[0] == 4
    QTest.keyClick(mosaic, Qt.Key.Key_Escape)
    assert mosaic.alone == -1


def test_arrows_move_between_maps(mosaic: Mosaic):
    mosaic.grab()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right):
        QTest.keyClick(mosaic, key)
    assert mosaic.current == 5
    QTest.keyClick(mosaic, Qt.Key.Key_Return)
    assert mosaic.alone == 5
    QTest.keyClick(mosaic, Qt.Key.Key_Left)
    assert mosaic.alone == 4


def test_own_scale_stretches_each_map(mosaic: Mosaic):
    assert mosaic._places[0].max() < 60
    mosaic.set_own_scale(True)
    assert mosaic._places[0].max() == 255


def test_maps_below_zero_have_zero_in_the_middle(mosaic: Mosaic):
    mosaic.set_values(np.array([[[-2.0, 0.0, 1.0]]], np.float32))
    assert (mosaic.scale.low, mosaic.scale.high) == (-2.0, 2.0)
    low, zero, high = (QColor(mosaic.table[place]) for place in mosaic._places[0, 0])
    assert low.blue() > low.red() + 60
    assert zero.lightnessF() < 0.12
    assert high.red() > high.blue()


def test_other_shape_forgets_what_was_alone(mosaic: Mosaic):
    mosaic.choose(5)
    mosaic.choose(5)
    mosaic.set_values(np.zeros((2, 3, 3), np.float32), "Two maps.")
    assert (mosaic.current, mosaic.alone) == (1, -1)
    assert mosaic.accessibleDescription() == "Two maps."


def test_nothing_to_show_is_no_error(theme: Theme, qtbot: QtBot):
    mosaic = Mosaic(theme, surface=True)
    qtbot.addWidget(mosaic)
    mosaic.set_values(np.zeros((0, 1, 1), np.float32))
    mosaic.grab()
    assert mosaic.place_at(QPointF(1, 1)) is None
    QTest.keyClick(mosaic, Qt.Key.Key_Right)
    assert mosaic.current == -1


@pytest.mark.parametrize(("value", "words"), [(-0.12345, "−0.123"), (0.0, "0"), (123456.0, "1.23e+05"), (7.0, "7")])
def test_numbers_have_a_true_minus(value: float, words: str):
    assert signed_number(value) == words
