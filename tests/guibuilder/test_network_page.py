"""The page of the whole network: totals, table, name, notes."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from guibuilder.network_page import NetworkPage


@pytest.fixture
def page(document, theme, qtbot):
    page = NetworkPage(document, theme)
    qtbot.addWidget(page)
    page.resize(320, 900)
    page.show()
    page.activateWindow()
    document.changed.connect(lambda change: page.refresh())
    return page


def cells(page, row):
    model = page.table.model()
    return [model.data(model.index(row, column)) for column in range(3)]


def test_totals_and_table(page):
    text = page.totals.text()
    for words in ("14 layers", "61,706 parameters", "416,520 multiply-adds", "batch of 64"):
        assert words in text
    assert page.table.model().rowCount() == 14
    assert cells(page, 1) == ["C1", "6×28×28", "156"]


def test_the_batch_size_can_be_changed_here(page, document):
    assert "715,440 on the way back" in page.totals.text()
    assert "4.1 MB of activations" in page.totals.text()
    page.batch.setFocus()
    page.batch.selectAll()
    QTest.keyClicks(page.batch, "128")
    QTest.keyClick(page.batch, Qt.Key.Key_Return)
    assert document.project.options.batch_size == 128
    assert "8.2 MB of activations" in page.totals.text()
    assert "for a batch of 128" in page.totals.text()
    document.undo_stack.undo()
    assert document.project.options.batch_size == 64


def test_the_totals_say_where_they_come_from(page):
    assert "frozen layers none for their weights" not in page.totals.text()
    QTest.mouseClick(page.totals_why, Qt.MouseButton.LeftButton)
    assert "frozen layers none for their weights" in page.totals.text()


def test_unknown_sizes_are_question_marks(page, document):
    document.edit("x", network=document.network.change(document.network.names["C3"], kernel=15))
    rows = {cells(page, row)[0]: cells(page, row)[1:] for row in range(14)}
    assert rows["F6"] == ["?", "?"]
    assert "cost unknown until it can run" in page.totals.text()


def test_a_row_leads_to_its_layer(page, document, qtbot):
    with qtbot.waitSignal(page.revealed) as caught:
        place = page.table.visualRect(page.table.model().index(4, 0)).center()
        QTest.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert document.network.nodes[caught.args[0]].name == cells(page, 4)[0]


def test_every_row_is_seen_without_scrolling_and_none_is_cut(page, document):
    last = page.table.visualRect(page.table.model().index(13, 2))
    assert last.bottom() <= page.table.viewport().height()
    assert last.right() <= page.table.viewport().width()


def test_faults_and_warnings_are_coloured(page, document, theme):
    document.edit("x", network=document.network.change(document.network.names["C3"], kernel=15))
    model = page.table.model()
    row = model.ids.index(document.network.names["C3"])
    assert model.data(model.index(row, 1), Qt.ItemDataRole.ForegroundRole).name() == theme.colours.error.lower()
    assert "Conv2D" in model.data(model.index(row, 0), Qt.ItemDataRole.ToolTipRole)


def test_the_network_can_be_renamed_but_not_to_nothing(page, document):
    field = page.name._field
    page.name.edit()
    QTest.keyClicks(field, "Mine")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert document.network.name == "Mine"
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert document.network.name == "Mine"
    assert page.name._words.text()


def test_notes_are_kept_and_typing_is_one_step(page, document, qtbot):
    page.notes.setFocus()
    QTest.keyClicks(page.notes, "Try 12 filters")
    qtbot.waitUntil(lambda: document.project.notes == "Try 12 filters")
    QTest.keyClicks(page.notes, ".")
    qtbot.waitUntil(lambda: document.project.notes == "Try 12 filters.")
    assert document.undo_stack.count() == 1
    page.name.edit()
    document.undo_stack.undo()
    assert page.notes.toPlainText() == ""


def test_an_empty_network_has_no_table(page, document):
    document.edit("clear", network=document.network.remove(*document.network.nodes))
    assert not page.table.isVisible()


def test_the_batch_size_keeps_room_for_its_unit(page, theme):
    width = page.batch.width()
    theme.set_scale(1.5)
    assert page.batch.width() == round(width * 1.5)
    theme.set_scale(1.0)
    assert page.batch.width() == width
