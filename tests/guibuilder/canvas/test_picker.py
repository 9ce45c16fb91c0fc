"""The list over the canvas."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from tests.mouse import LEFT, PLAIN, click, double_click, input_port, key, node, output, write


def test_space_lists_what_fits_with_shapes(lenet):
    lenet.selection.set([node(lenet, "S2")])
    key(lenet, Qt.Key.Key_Space)
    best = lenet.picker.shown()[0]
    assert (best.title, best.detail, best.result) == ("Conv2D", "8 of 3×3, stride 1", "8×12×12")
    write(lenet, "16 5")
    assert lenet.picker.shown()[0].result == "16×10×10"


def test_arrows_choose_and_enter_takes(lenet):
    lenet.selection.set([node(lenet, "C1")])
    key(lenet, Qt.Key.Key_Space)
    second = lenet.picker.shown()[1].title
    key(lenet, Qt.Key.Key_Down)
    key(lenet, Qt.Key.Key_Return)
    assert lenet.document.network.nodes[lenet.selection.ids[0]].type == second


def test_a_click_takes(lenet):
    key(lenet, Qt.Key.Key_Space)
    item = lenet.picker.list.item(2)
    wanted = lenet.picker.shown()[2].title
    QTest.mouseClick(lenet.picker.list.viewport(), LEFT, PLAIN, lenet.picker.list.visualItemRect(item).center())
    assert lenet.document.network.nodes[lenet.selection.ids[0]].type == wanted
    assert not lenet.picker.isVisible()


def test_what_does_not_fit_cannot_be_taken_and_says_why(lenet):
    lenet.selection.set([node(lenet, "C1")])
    key(lenet, Qt.Key.Key_Space)
    write(lenet, "dense")
    assert "needs a flat vector" in lenet.picker.foot.text()
    key(lenet, Qt.Key.Key_Return)
    assert lenet.picker.isVisible()
    assert lenet.document.undo_stack.count() == 0
    lenet.picker.field.clear()
    write(lenet, "qqq")
    assert lenet.picker.foot.text() == "No layer answers to this."


def test_esc_and_a_click_elsewhere_close_it(lenet):
    key(lenet, Qt.Key.Key_Space)
    key(lenet, Qt.Key.Key_Escape)
    assert not lenet.picker.isVisible()
    assert lenet.view.hasFocus()
    key(lenet, Qt.Key.Key_Space)
    click(lenet, lenet.view.camera.visible().topLeft() + QPointF(6, 6))
    lenet.view.setFocus()
    assert not lenet.picker.isVisible()


def test_it_opens_inside_the_canvas(lenet):
    lenet.resize(520, 420)
    for name in ("S2", "Softmax", "Input"):
        lenet.selection.set([node(lenet, name)])
        key(lenet, Qt.Key.Key_Space)
        assert lenet.view.rect().contains(lenet.picker.geometry()), name
        key(lenet, Qt.Key.Key_Escape)


def test_two_selected_layers_are_merged(lenet):
    lenet.selection.set([node(lenet, "C1"), node(lenet, "A1")])
    key(lenet, Qt.Key.Key_Space)
    assert lenet.picker.shown()[0].title == "Add"
    key(lenet, Qt.Key.Key_Return)
    made = lenet.selection.ids[0]
    assert set(lenet.document.network.inputs_of(made).values()) == {node(lenet, "C1"), node(lenet, "A1")}


def test_every_row_has_words_for_screen_readers(lenet):
    key(lenet, Qt.Key.Key_Space)
    assert lenet.picker.field.accessibleName()
    for number in range(lenet.picker.list.count()):
        assert lenet.picker.list.item(number).text().startswith(lenet.picker.shown()[number].title)


def test_a_double_click_on_a_wire_puts_a_layer_into_it(lenet):
    double_click(lenet, (output(lenet, "C1") + input_port(lenet, "A1")) / 2)
    assert lenet.picker.shown()[0].result == "6×28×28"
    write(lenet, "batch")
    key(lenet, Qt.Key.Key_Return)
    network, made = lenet.document.network, lenet.selection.ids[0]
    assert network.nodes[made].type == "BatchNorm"
    assert network.inputs_of(made) == {0: node(lenet, "C1")}
    assert network.inputs_of(node(lenet, "A1")) == {0: made}
    assert lenet.document.undo_stack.count() == 1


def test_the_current_row_is_explained(lenet):
    lenet.selection.set([node(lenet, "C1")])
    key(lenet, Qt.Key.Key_Space)
    write(lenet, "max")
    assert lenet.picker.foot.text().splitlines()[0] == "Keeps the largest number of each window."


def test_a_list_about_layers_that_are_gone_closes(lenet):
    lenet.selection.set([node(lenet, "C1")])
    key(lenet, Qt.Key.Key_Space)
    assert lenet.picker.isVisible()
    lenet.document.edit("gone", network=lenet.document.network.remove(node(lenet, "C1")))
    assert not lenet.picker.isVisible()
