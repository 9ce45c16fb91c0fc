"""The properties: values live, undo merging, several layers at once, names, shapes and cost with their arithmetic."""

import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.graph.network import Node
from core.layers import LAYERS
from core.layers.unknown import Unknown
from guibuilder.properties import Properties


@pytest.fixture
def properties(document, selection, theme, qtbot):
    panel = Properties(document, selection, theme)
    qtbot.addWidget(panel)
    panel.resize(320, 900)
    panel.show()
    panel.activateWindow()
    return panel


@pytest.fixture
def names(document):
    return document.network.names


def retype(editor, text):
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Qt.Key.Key_Return)


def plain(block):
    return re.sub(r"<style>.*?</style>|<[^>]+>", "\n", block.text(), flags=re.DOTALL).split("\n")


def lines(block):
    return [line for line in plain(block) if line.strip()]


def layer(document, name):
    return document.network.nodes[document.network.names[name]].layer


def test_the_form_shows_and_changes_the_selected_layer(properties, document, selection, names):
    selection.set([names["C1"]])
    form = properties.node_page.form
    assert form.editors["filters"].text() == "6"
    assert form.editors["kernel"].text() == "5 × 5"
    retype(form.editors["filters"], "12")
    assert layer(document, "C1").filters == 12
    assert document.undo_stack.undoText() == "C1: filters 12"


def test_changes_in_one_visit_of_a_field_are_one_step_of_undo(properties, document, selection, names):
    selection.set([names["C1"]])
    editors = properties.node_page.form.editors
    editors["filters"].setFocus()
    for _ in range(4):
        QTest.keyClick(editors["filters"], Qt.Key.Key_Up)
    assert layer(document, "C1").filters == 10
    assert document.undo_stack.count() == 1
    editors["kernel"].setFocus()
    editors["filters"].setFocus()
    QTest.keyClick(editors["filters"], Qt.Key.Key_Up)
    assert document.undo_stack.count() == 2
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert layer(document, "C1").filters == 6
    assert editors["filters"].text() == "6"


def test_shape_and_cost_show_their_arithmetic(properties, selection, names):
    selection.set([names["C1"]])
    page = properties.node_page
    assert lines(page.shape) == ["in 1×32×32 from ", "Input", "(32 − 5)/1 + 1 = 28", "out 6×28×28"]
    assert lines(page.cost) == ["(5·5·1 + 1)·6 = 156 parameters", "6·28·28 · 5·5·1 = 117,600 multiply-adds",
                                "117,600 on the way back", "receptive field 5×5", "jump 1, first centre 2",
                                "18.8 kB per picture", "1.2 MB for a batch of 64"]
    QTest.mouseClick(page.cost_why, Qt.MouseButton.LeftButton)
    assert "none for the input, for nothing before it learns" in page.cost.text()
    assert "none for the input" in page.cost.toolTip()
    selection.set([names["C1"], names["C3"]])
    assert not page.cost_why.isVisible()


def test_what_does_not_fit_is_said_in_the_shape(properties, document, selection, names):
    selection.set([names["C3"]])
    retype(properties.node_page.form.editors["kernel"], "15")
    assert lines(properties.node_page.shape)[-2:] == ["(14 − 15)/1 + 1 = 0", "out does not fit"]
    assert "multiply-adds unknown" in lines(properties.node_page.cost)
    selection.set([names["F6"]])
    assert lines(properties.node_page.shape)[-1] == "out ? (waits for the layers before it)"


def test_the_source_of_the_input_is_a_link(properties, document, selection, names, qtbot):
    selection.set([names["C3"]])
    with qtbot.waitSignal(properties.revealed):
        properties.node_page.shape.linkActivated.emit(names["S2"])
    assert selection.only == names["S2"]


def test_several_layers_of_one_type_change_together(properties, document, selection, names):
    selection.set([names["C1"], names["C3"]])
    form = properties.node_page.form
    assert form.editors["filters"].placeholderText() == "several values"
    assert form.editors["kernel"].text() == "5 × 5"
    retype(form.editors["kernel"], "3")
    assert layer(document, "C1").kernel == layer(document, "C3").kernel == (3, 3)
    assert document.undo_stack.count() == 1
    assert layer(document, "C1").filters == 6


def test_what_is_half_typed_belongs_to_the_layer_it_was_typed_for(properties, document, selection, names):
    selection.set([names["C1"]])
    editor = properties.node_page.form.editors["filters"]
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, "11")
    selection.set([names["C3"]])
    assert layer(document, "C1").filters == 11
    assert layer(document, "C3").filters == 16
    QTest.keyClicks(properties.node_page.form.editors["filters"], "x")
    selection.set([names["S2"]])
    document.edit("x", network=document.network.remove(names["C3"]))
    assert "S2" in document.network.names


def test_layers_of_different_types_have_no_common_form(properties, selection, names):
    selection.set([names["C1"], names["S2"]])
    assert properties.node_page.form.editors == {}
    assert "different types" in properties.node_page.about.text()
    assert lines(properties.node_page.cost)[0] == "156 parameters"


@pytest.mark.parametrize("kind", sorted(LAYERS))
def test_every_layer_type_has_a_page(properties, document, selection, kind):
    node = document.network.new_node(kind)
    document.edit("add", network=document.network.add(node))
    selection.set([node.id])
    page = properties.node_page
    assert page.about.text()
    assert ("bypassed" in page.form.editors) == (kind != "Input")
    assert lines(page.shape)
    differs = LAYERS[kind].differs_in_training
    assert page.training.isVisible() == bool(differs)


def test_a_layer_of_an_unknown_type_is_shown_but_not_changed(properties, document, selection):
    node = Node("u1", Unknown(name="Attention", kept={"heads": 8}), "Attention")
    document.edit("add", network=document.network.add(node))
    selection.set(["u1"])
    assert properties.node_page.form.editors == {}
    assert "out does not fit" in lines(properties.node_page.shape) or lines(properties.node_page.shape)


def test_frozen_is_offered_only_where_there_are_weights(properties, selection, names):
    selection.set([names["C1"]])
    assert "frozen" in properties.node_page.form.editors
    selection.set([names["S2"]])
    assert "frozen" not in properties.node_page.form.editors


def test_the_name_can_be_changed_in_place(properties, document, selection, names):
    selection.set([names["C1"]])
    properties.focus_name()
    field = properties.node_page.name._field
    assert field.hasFocus()
    QTest.keyClicks(field, "first")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert "first" in document.network.names
    QTest.keyClicks(field, "C3")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert properties.node_page.name._words.text() == "Another layer is named 'C3'; choose another name."
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == "first"


def test_help_shows_the_whole_explanation(properties, selection, names):
    selection.set([names["C1"]])
    short = properties.node_page.about.text()
    properties.toggle_help()
    assert len(properties.node_page.about.text()) > len(short)


def test_focus_settings_goes_to_the_first_field(properties, selection, names):
    selection.set([names["C1"]])
    properties.focus_settings()
    assert properties.node_page.form.editors["filters"].hasFocus()


def test_undo_elsewhere_is_shown(properties, document, selection, names):
    selection.set([names["C1"]])
    document.edit("x", network=document.network.change(names["C1"], filters=20, bias=False))
    assert properties.node_page.form.editors["filters"].text() == "20"
    assert not properties.node_page.form.editors["bias"].isChecked()
    document.undo_stack.undo()
    assert properties.node_page.form.editors["filters"].text() == "6"


def test_an_extra_widget_stands_below_the_cost(properties, selection, names, theme, qtbot):
    from PySide6.QtWidgets import QLabel

    extra = QLabel("filters")
    properties.set_extra(extra)
    selection.set([names["C1"]])
    qtbot.waitUntil(extra.isVisible)
    assert extra.mapTo(properties, extra.pos()).y() > properties.node_page.cost.pos().y()
