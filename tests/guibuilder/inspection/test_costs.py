"""The cost tab: every layer, the totals, the batch size, and where each number comes from."""

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.graph.blocks import group
from core.templates import template
from guibuilder.document import Document, Selection
from guibuilder.inspection.costs import COLUMNS, Costs
from guibuilder.inspection.panel import InspectionPanel
from guibuilder.theme import Theme
from tests.guibuilder.parts import Scripted


class Run(QObject):
    """The face of a training."""

    state_changed = Signal(object)


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    return Document(template("lenet5"))


@pytest.fixture
def view(document: Document, selection: Selection, theme: Theme, worker: Scripted, qtbot: QtBot) -> Costs:
    panel = InspectionPanel(document, selection, theme, worker, Run())  # type: ignore[arg-type]
    qtbot.addWidget(panel)
    panel.resize(900, 320)
    panel.show()
    panel.activateWindow()
    panel.show_view("Cost")
    assert panel.side.isHidden()
    assert panel.foot.text() == "Point at a number to see where it comes from."
    panel.costs.keep = panel
    return panel.costs


def cell(view: Costs, row: int, column: str, role=Qt.ItemDataRole.DisplayRole):
    return view.rows.data(view.rows.index(row, COLUMNS.index(column)), role)


def row(view: Costs, number: int) -> list[str]:
    return [cell(view, number, column) for column in COLUMNS]


def test_every_layer_and_the_total(view: Costs):
    assert row(view, 1) == ["C1", "6×28×28", "156", "117,600", "117,600", "1.2 MB", "5×5"]
    assert row(view, 7)[-1] == "all"
    assert row(view, 14) == ["Total", "", "61,706", "416,520", "715,440", "4.1 MB", ""]
    assert "61,706 parameters · training with Adam needs" in view.caption.text()
    view.grab()


def test_every_number_says_where_it_comes_from(view: Costs):
    tip = Qt.ItemDataRole.ToolTipRole
    assert cell(view, 1, "Output", tip) == "(32 − 5)/1 + 1 = 28"
    assert cell(view, 1, "Parameters", tip) == "(5·5·1 + 1)·6 = 156"
    assert cell(view, 1, "Forward", tip) == "6·28·28 · 5·5·1 = 117,600"
    assert "gradient of the weights 117,600" in cell(view, 1, "Backward", tip)
    assert cell(view, 1, "Memory", tip) == "6×28×28 · 4 bytes · 64 pictures"
    assert "one unit sees" in cell(view, 1, "Sees", tip)
    assert "Trained numbers" in cell(view, 14, "Parameters", tip)


def test_another_batch(view: Costs, document: Document):
    view.batch.setFocus()
    view.batch.selectAll()
    QTest.keyClicks(view.batch, "128")
    QTest.keyClick(view.batch, Qt.Key.Key_Return)
    assert document.project.options.batch_size == 128
    assert row(view, 14)[5] == "8.2 MB"


def test_broken_and_empty_networks(view: Costs, document: Document):
    document.edit("x", network=document.network.change(document.network.names["C3"], kernel=15))
    assert row(view, 4) == ["C3", "?", "?", "?", "?", "?", "?"]
    document.edit("y", network=document.network.remove(*document.network.nodes))
    assert view.rows.rowCount() == 0
    assert "start from a template" in view.caption.text()


def test_layers_in_blocks_have_rows_of_their_own(view: Costs, document: Document):
    names = document.network.names
    made = group(document.network, [names[name] for name in ("C3", "A3", "S4")], "Middle")
    document.edit("Group", network=made.network)
    found = [row(view, number) for number in range(view.rows.rowCount())]
    assert ["Middle/C3", "16×10×10", "2,416", "240,000", "480,000", "410 kB", "14×14"] in found
    assert found[-1][2:5] == ["61,706", "416,520", "715,440"]
    document.open((document.network.names["Middle"],))
    assert [row(view, number) for number in range(view.rows.rowCount())] == found
