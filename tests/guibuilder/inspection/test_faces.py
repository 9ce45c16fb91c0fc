"""Three faces of a layer: linked drawings, keys, the play button, the counts, sentences where there is no window."""

import numpy as np
import pytest
from PySide6.QtCore import QObject, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.graph.blocks import group
from core.templates import template
from guibuilder.document import Document, Selection
from guibuilder.inspection.faces import ThreeFaces
from guibuilder.inspection.faces_base import colour_of
from guibuilder.inspection.panel import InspectionPanel
from guibuilder.theme import DARK, LIGHT, Theme
from tests.guibuilder.parts import Scripted, seen


class Run(QObject):
    """The face of a training."""

    state_changed = Signal(object)


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    return Document(template("lenet5"))


@pytest.fixture
def panel(document: Document, selection: Selection, theme: Theme, worker: Scripted, qtbot: QtBot) -> InspectionPanel:
    panel = InspectionPanel(document, selection, theme, worker, Run())  # type: ignore[arg-type]
    qtbot.addWidget(panel)
    panel.resize(1000, 320)
    panel.show()
    panel.show_view("Three faces")
    return panel


@pytest.fixture
def view(panel: InspectionPanel) -> ThreeFaces:
    return panel.faces


def select(document: Document, selection: Selection, name: str) -> None:
    selection.set([document.network.names[name]])


def lit(view: ThreeFaces) -> set[str]:
    """The colours of the weights that the row which is looked at has."""
    return {view.drawings[0].weight_colour(int(weight)).name()
            for weight in view.pointer.faces.links(view.pointer.row).weights}


def painted(widget) -> set[str]:
    picture = widget.grab().toImage()
    return {QColor(picture.pixel(x, y)).name() for x in range(picture.width()) for y in range(picture.height())}


def test_a_convolution_is_drawn_small_and_counted_whole(panel: InspectionPanel, view: ThreeFaces):
    assert view.caption.text() == ("C1: 6 of 5×5, stride 1 on 1×32×32. Drawn on 1×7×7; the counts are those of C1.")
    texts = [label.text() for label in view.counts]
    assert "<b>150</b> weights, shared" in texts[0]
    assert "5·5·1 in a window · 6 filters" in texts[0]
    assert "<b>117,600</b> weights, locally connected" in texts[1]
    assert "<b>4,816,896</b> weights, fully connected" in texts[2]
    assert "1,024 inputs · 4,704 outputs" in texts[2]
    assert panel.side.isHidden()
    panel.show_view("Feature maps")
    assert not panel.side.isHidden()


def test_every_weight_has_the_same_colour_in_all_three(view: ThreeFaces):
    view.pointer.go(4)
    for drawing in view.drawings:
        found = painted(drawing)
        if drawing is not view.drawings[2]:
            assert lit(view) <= found
        else:  # thin lines are mixed with what lies under them at their edges
            assert len(lit(view) & found) >= 20
    assert len(lit(view)) == 25


def test_pointing_in_one_drawing_moves_all(view: ThreeFaces, panel: InspectionPanel):
    window, matrix, graph = view.drawings
    before = [drawing.grab().toImage() for drawing in view.drawings]
    _, made, cell, _ = window._measures(view.pointer.faces)
    QTest.mouseMove(window, QPoint(int(made.x() + 2.5 * cell), int(made.y() + 1.5 * cell)))
    assert view.pointer.row == 5
    for drawing, picture in zip(view.drawings, before, strict=True):
        assert drawing.grab().toImage() != picture
        assert "Map 1, row 2, column 3 reads rows 2 to 6 and columns 3 to 7: 25 numbers." in (
            drawing.accessibleDescription())
    assert panel.foot.text().startswith("Map 1, row 2, column 3")
    first, rows, _, columns, size = matrix._cut(view.pointer.faces)
    area = matrix._area(rows, columns, size)
    QTest.mouseMove(matrix, QPoint(int(area.x() + 5), int(area.y() + (7 - first + 0.5) * size)))
    assert view.pointer.row == 7
    QTest.mouseMove(graph, graph._place(1, 9, False).toPoint())
    assert view.pointer.row == 1


def test_the_window_follows_the_mouse_over_the_picture(view: ThreeFaces):
    window = view.drawings[0]
    outer, *_ = window._measures(view.pointer.faces)
    assert window.row_at(outer.bottomRight() - QPointF(2, 2)) == 8
    assert window.row_at(outer.center()) == 4
    assert window.row_at(QPointF(1, 1)) is None


def test_keys_slide_the_window(view: ThreeFaces, document: Document, selection: Selection):
    view.small.setChecked(False)
    matrix = view.drawings[1]
    matrix.setFocus()
    for key, row in ((Qt.Key.Key_Right, 1), (Qt.Key.Key_Down, 29), (Qt.Key.Key_Left, 28), (Qt.Key.Key_Left, 28),
                     (Qt.Key.Key_Up, 0), (Qt.Key.Key_PageDown, 784), (Qt.Key.Key_PageUp, 0), (Qt.Key.Key_End, 4703),
                     (Qt.Key.Key_Home, 0)):
        QTest.keyClick(matrix, key)
        assert view.pointer.row == row


def test_the_whole_layer_is_cut_out_and_said(view: ThreeFaces):
    view.small.setChecked(False)
    view.pointer.go(3000)
    assert view.pointer.faces.rows == 4704
    view.grab()
    assert "of 4,704, columns" in view.drawings[1].toolTip()
    assert "the 25 inputs it reads, of 1,024" in view.drawings[2].toolTip()
    first, rows, column, columns, _ = view.drawings[1]._cut(view.pointer.faces)
    assert first <= 3000 < first + rows
    assert column <= view.pointer.faces.links(3000).columns[0] < column + columns


def test_the_window_slides_by_itself_until_nobody_looks(view: ThreeFaces, panel: InspectionPanel, qtbot: QtBot):
    view._timer.setInterval(5)
    QTest.mouseClick(view.play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: view.pointer.row > 2)
    assert view.play.accessibleName() == "Stop the window"
    panel.hide()
    assert not view._timer.isActive()
    assert not view.play.isChecked()


def test_after_the_last_output_comes_the_first(view: ThreeFaces):
    view.pointer.go(8)
    view.pointer.advance()
    assert view.pointer.row == 0


@pytest.mark.parametrize(("name", "words"), [("A1", "ReLU has no window"), ("Flatten", "Select a Conv2D")])
def test_layers_without_a_window_say_so(view: ThreeFaces, document: Document, selection: Selection, name, words):
    select(document, selection, name)
    assert view.pages.currentWidget() is view.sentence
    assert words in view.sentence.text()
    assert view.play.isHidden()


def test_pools_and_dense_layers(view: ThreeFaces, document: Document, selection: Selection):
    select(document, selection, "S2")
    assert "No weights to learn" in view.counts[0].text()
    assert "the largest of the window wins" in view.counts[0].text()
    select(document, selection, "F7")
    assert view.heads[1].text() == "Full matrix"
    assert "<b>840</b> weights, fully connected" in view.counts[2].text()
    assert view.pointer.words() == "Output 1 reads all 84 inputs, with weights of its own."
    view.grab()
    select(document, selection, "C5")
    view.small.setChecked(False)
    view.grab()


def test_a_layer_that_does_not_fit_waits(view: ThreeFaces, document: Document, selection: Selection):
    select(document, selection, "C3")
    document.edit("x", network=document.network.change(document.network.names["C3"], kernel=15))
    assert "C3 does not fit yet" in view.sentence.text()
    document.undo_stack.undo()
    assert view.pages.currentIndex() == 1


def test_padding_is_said(view: ThreeFaces, document: Document):
    document.edit("x", network=document.network.change(document.network.names["C1"], padding=2))
    assert view.pointer.words() == ("Map 1, row 1, column 1 reads rows −1 to 3 and columns −1 to 3: 9 numbers; 16 lie "
                                    "in the padding and count as 0.")
    view.grab()


def test_the_picture_lies_under_the_window_where_the_layer_reads_it(view: ThreeFaces, worker: Scripted, qtbot: QtBot):
    qtbot.waitUntil(lambda: worker.count("Watch") == 1)
    view.small.setChecked(False)
    plain = view.drawings[0].grab().toImage()
    answer = seen(worker.last("Watch"), (6, 28, 28))
    view.drawings[0].picture = np.random.default_rng(0).random((1, 32, 32)).astype(np.float32)
    view.refresh()
    assert view.drawings[0].grab().toImage() != plain
    view.show_seen(answer)
    assert view.drawings[0].grab().toImage() == plain


@pytest.mark.parametrize("colours", [LIGHT, DARK])
@pytest.mark.parametrize(("read", "across"), [(9, 3), (25, 5), (27, 3), (49, 7)])
def test_weights_of_a_filter_differ_and_can_be_seen(colours, read, across):
    from guibuilder.inspection.faces_base import _contrast

    found = [colour_of(weight, read, across, colours.panel, colours.dark) for weight in range(min(read, 25))]
    assert len({colour.name() for colour in found}) == len(found)
    assert min(_contrast(colour, QColor(colours.panel)) for colour in found) >= 2.9


def test_it_is_drawn_in_both_themes_and_small(view: ThreeFaces, theme: Theme, panel: InspectionPanel):
    panel.resize(560, 190)
    theme.choose("dark")
    dark = view.drawings[0].grab().toImage()
    theme.choose("light")
    assert view.drawings[0].grab().toImage() != dark
    for drawing in view.drawings:
        assert drawing.width() >= 120
        drawing.setFocus()
        drawing.grab()


def test_layers_in_blocks_have_faces_too(view: ThreeFaces, document: Document, selection: Selection):
    made = group(document.network, [document.network.names[name] for name in ("C3", "A3")], "Middle")
    document.edit("Group", network=made.network)
    select(document, selection, "Middle")
    assert "ReLU has no window" in view.sentence.text()
    document.open((document.network.names["Middle"],))
    select(document, selection, "C3")
    assert view.caption.text().startswith("Middle/C3: 16 of 5×5")


def test_an_empty_network_asks_for_a_layer(view: ThreeFaces, document: Document):
    document.edit("Empty", network=document.network.remove(*document.network.nodes))
    assert view.sentence.text() == "Select a layer to see what it is made of."
