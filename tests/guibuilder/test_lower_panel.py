"""The tabs below the canvas."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest


@pytest.fixture
def lower(lenet):
    return lenet.commands.lower


def test_all_views_are_in_one_row_of_tabs(lower):
    texts = [lower.bar.tabText(place) for place in range(lower.bar.count())]
    assert texts == ["Training", "Problems 0", "Feature maps", "Filters", "Three faces", "Gradient sizes",
                     "Confusion", "Cost"]
    assert not lower.inspection.tabs.tabBar().isVisible()


@pytest.mark.parametrize("place", range(8))
def test_a_click_shows_what_the_tab_says(lower, place, qtbot):
    QTest.mouseClick(lower.bar, Qt.MouseButton.LeftButton, pos=lower.bar.tabRect(place).center())
    shown = (lower.training, lower.problems, lower.inspection)[min(place, 2)]
    assert shown.isVisible()
    if place > 1:
        assert lower.inspection.tabs.currentWidget().title == lower.current


def test_the_number_of_problems_follows(lower, lenet):
    document = lenet.commands.document
    document.edit("x", network=document.network.change(document.network.names["C3"], kernel=15))
    assert lower.bar.tabText(1) == "Problems 1"


def test_it_can_be_put_away_with_its_button_or_escape(lower, lenet, qtbot):
    QTest.mouseClick(lower._hide, Qt.MouseButton.LeftButton)
    assert not lower.isVisible()
    lenet.commands.actions.do("panel")
    assert lower.isVisible()
    QTest.keyClick(lower, Qt.Key.Key_Escape)
    assert not lower.isVisible()


def test_a_name_that_is_no_tab_is_a_mistake_of_ours(lower):
    with pytest.raises(ValueError, match="nothing"):
        lower.show_tab("nothing")


def test_why_a_network_cannot_learn_is_shown_and_measured(lower, lenet):
    lower.training.sizes_asked.emit()
    assert lower.current == "Gradient sizes"
    assert lower.inspection.gradient_sizes.caption.text()
