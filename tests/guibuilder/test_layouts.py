"""Sizes of the panels: usual ones, remembered ones, nonsense in the settings."""

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QSplitter, QWidget

from guibuilder.layouts import Layouts


@pytest.fixture
def layouts(theme, qtbot):
    panels = {name: QWidget() for name in ("palette", "properties", "panel")}
    rows, columns = QSplitter(Qt.Orientation.Vertical), QSplitter()
    for widget in (QWidget(), panels["panel"]):
        rows.addWidget(widget)
    for widget in (panels["palette"], rows, panels["properties"]):
        columns.addWidget(widget)
    qtbot.addWidget(columns)
    columns.resize(1440, 826)
    layouts = Layouts(columns, rows, panels, theme)
    layouts.columns, layouts.rows = columns, rows
    return layouts


def shown(layouts, qtbot):
    layouts.columns.show()
    qtbot.wait(10)


def test_sizes_wait_until_the_window_is_there(layouts, qtbot):
    layouts.show(0)
    layouts.keep()
    assert QSettings().value("layout/build/columns") is None
    shown(layouts, qtbot)
    assert abs(layouts.columns.sizes()[0] - 208) <= 2
    assert abs(layouts.columns.sizes()[2] - 320) <= 2


def test_narrow_windows_have_narrower_panels(layouts, qtbot):
    layouts.columns.resize(1024, 700)
    shown(layouts, qtbot)
    assert layouts.columns.sizes()[1] > 540


def test_a_hidden_panel_comes_back_with_room(layouts, qtbot):
    shown(layouts, qtbot)
    layouts.toggle("panel")
    assert not layouts.is_shown("panel")
    layouts.toggle("panel")
    qtbot.wait(5)
    assert layouts.is_shown("panel")
    assert layouts.rows.sizes()[1] > 100


@pytest.mark.parametrize("kept", ["", "1 2", "a b c", "9 9 9 9"])
def test_nonsense_in_the_settings_is_left_alone(layouts, qtbot, kept):
    QSettings().setValue("layout/build/columns", kept)
    QSettings().setValue("layout/build/hidden", "palette,no such panel")
    shown(layouts, qtbot)
    assert not layouts.is_shown("palette")
    assert sum(layouts.columns.sizes()) > 1000


def test_larger_text_has_wider_panels_and_sizes_of_its_own(layouts, theme, qtbot):
    shown(layouts, qtbot)
    theme.set_scale(1.5)
    assert layouts.columns.sizes()[2] > 400
    upper, lower = layouts.rows.sizes()
    assert abs(upper - lower) <= 20, "the curves and their words need half of the height"
    layouts.columns.setSizes([250, 890, 300])
    layouts.keep()
    theme.set_scale(1.0)
    assert abs(layouts.columns.sizes()[2] - 320) <= 2
    theme.set_scale(1.5)
    assert abs(layouts.columns.sizes()[2] - 300) <= 2
    theme.set_scale(1.0)


def test_forgetting(layouts, qtbot):
    shown(layouts, qtbot)
    layouts.rows.setSizes([700, 120])
    layouts.keep()
    assert layouts.rows.sizes()[1] < 200
    layouts.forget()
    assert layouts.rows.sizes()[1] > 200
