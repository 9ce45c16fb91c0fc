"""The palette: every layer has a tile, search and Enter, double-click, drag, words."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.layers import LAYERS
from core.templates.blocks import BLOCKS
from guibuilder.mime import dragged_layer
from guibuilder.palette import KIND, Palette, about


@pytest.fixture
def palette(theme, qtbot):
    palette = Palette(theme)
    qtbot.addWidget(palette)
    palette.resize(208, 800)
    palette.show()
    palette.activateWindow()
    palette.got = []
    palette.chosen.connect(palette.got.append)
    return palette


def item(palette, kind):
    return next(palette.tiles.item(row) for row in range(palette.tiles.count())
                if palette.tiles.item(row).data(KIND) == kind)


def test_every_layer_has_a_tile_with_its_docstring(palette):
    assert sorted(palette.tiles.visible_kinds()) == sorted([*LAYERS, *BLOCKS])
    for kind in LAYERS:
        assert about(LAYERS[kind])[0].split(":")[0].split("<")[0] in item(palette, kind).toolTip()


def test_typing_and_enter_adds_the_best_match(palette):
    palette.focus_search()
    QTest.keyClicks(palette.search, "dro")
    assert palette.tiles.visible_kinds() == ["Dropout"]
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert palette.got == ["Dropout"]
    QTest.keyClick(palette.search, Qt.Key.Key_Escape)
    assert len(palette.tiles.visible_kinds()) == len(LAYERS) + len(BLOCKS)


@pytest.mark.parametrize(("text", "best"), [("relu", "ReLU"), ("max", "MaxPool2D"), ("probabilities", "Softmax"),
                                            ("dense", "Dense"), ("average pool", "AveragePool2D")])
def test_names_come_before_words_of_the_explanation(palette, text, best):
    QTest.keyClicks(palette.search, text)
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert palette.got == [best]


def test_enter_in_an_empty_field_or_without_a_match_adds_nothing(palette):
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    QTest.keyClicks(palette.search, "no such layer")
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert palette.got == []
    assert palette.tiles.visible_kinds() == []


def test_the_keyboard_walks_over_the_tiles_and_skips_captions(palette):
    palette.focus_search()
    QTest.keyClick(palette.search, Qt.Key.Key_Down)
    assert palette.tiles.hasFocus()
    kinds = []
    for _ in range(len(LAYERS) + len(BLOCKS)):
        kinds.append(palette.tiles.currentItem().data(KIND))
        QTest.keyClick(palette.tiles, Qt.Key.Key_Down)
    assert kinds[0] == "Input"
    assert None not in kinds
    assert set(kinds) == {*LAYERS, *BLOCKS}
    QTest.keyClick(palette.tiles, Qt.Key.Key_Return)
    assert palette.got == [kinds[-1]]


def test_a_double_click_adds(palette, qtbot):
    place = palette.tiles.visualItemRect(item(palette, "Conv2D")).center()
    QTest.mouseClick(palette.tiles.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(palette.tiles.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert palette.got == ["Conv2D"]


def test_a_caption_is_nothing_to_choose(palette):
    caption = palette.tiles.item(0)
    palette.tiles.itemDoubleClicked.emit(caption)
    assert palette.got == []
    assert not caption.flags() & Qt.ItemFlag.ItemIsSelectable


def test_a_drag_carries_the_type(palette):
    data = palette.tiles.mimeData([item(palette, "Dense")])
    assert dragged_layer(data) == "Dense"
    assert not palette.tiles._picture(item(palette, "Dense")).isNull()


def test_it_paints_in_both_themes(palette, theme):
    before = palette.grab().toImage()
    theme.choose("dark")
    assert palette.grab().toImage() != before
    theme.choose("system")


def test_everything_has_a_name(palette):
    assert palette.search.accessibleName() == "Find a layer"
    assert palette.tiles.accessibleName() == "Layers to add"
