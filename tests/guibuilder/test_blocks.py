"""Blocks in the window: palette, menus, properties, problems, finding, training meanwhile, what is looked at."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.graph.expand import expanded
from core.graph.initial import initial_weights
from core.graph.shapes import infer
from core.templates import template
from guibuilder.main_window import CONTEXT
from guibuilder.mime import dragged_layer, layer_data
from guibuilder.palette import KIND
from guibuilder.training.state import same_arithmetic


def select(window, *names):
    window.commands.selection.set([window.commands.document.network.names[name] for name in names])


@pytest.fixture
def stem(lenet):
    """LeNet-5 with its first stage in a block."""
    select(lenet, "C1", "A1", "S2")
    lenet.commands.actions.do("group")
    return lenet


def test_a_block_of_the_palette_is_added_where_the_selection_is(lenet):
    parts = lenet.commands
    select(lenet, "S2")
    parts.palette.search.setText("residual identity")
    QTest.keyClick(parts.palette.search, Qt.Key.Key_Return)
    node = parts.document.network.by_name("Residual")
    assert parts.document.inference.shapes[node.id] == (6, 14, 14)
    assert parts.document.undo_stack.undoText() == "Add Residual"
    tiles = parts.palette.tiles
    tips = [tiles.item(row).toolTip() for row in range(tiles.count()) if tiles.item(row).data(KIND) == "Inception"]
    assert "Szegedy" in tips[0]
    assert dragged_layer(layer_data("VGGStage")) == "VGGStage"


def test_actions_say_when_they_cannot_be_done(lenet):
    why_not = lenet.commands.actions.why_not
    lenet.commands.selection.set(())
    assert why_not("group") == "Select a layer first."
    assert why_not("open-block") == "Select one block first."
    select(lenet, "C1")
    assert why_not("ungroup") == "Select a block first."
    assert why_not("close-block") == "No block is open."
    assert {"group", "ungroup", "open-block", "close-block", "add-port"} <= set(CONTEXT)
    lenet.commands.actions.do("group")
    assert not why_not("ungroup")
    lenet.commands.actions.do("open-block")
    assert not why_not("close-block")
    lenet.commands.actions.do("add-port")
    assert "In_2" in lenet.commands.document.network.names


def test_the_properties_of_a_block(stem, qtbot):
    page = stem.commands.properties.node_page
    assert page.inside.isVisible()
    rows = page.inside.rows
    assert [rows.text(row, 0) for row in range(rows.rowCount())] == ["C1", "A1", "S2"]
    assert [rows.text(0, column) for column in (1, 2)] == ["6×28×28", "156"]
    assert "156 parameters" in page.cost.text()
    assert "117,600 multiply-adds" in page.cost.text()
    assert set(page.form.editors) == {"frozen", "bypassed"}
    page.inside.revealed.emit(rows.ids[0])
    document = stem.commands.document
    assert len(document.path) == 1
    assert document.network.nodes[stem.commands.selection.only].name == "C1"
    assert not page.inside.isVisible()
    stem.commands.canvas.commands.close_block()
    QTest.mouseClick(page.open, Qt.MouseButton.LeftButton)
    assert len(document.path) == 1


def test_a_problem_inside_is_found_and_fixed_from_the_list(stem, qtbot):
    parts = stem.commands
    parts.canvas.commands.open_block()
    inner = parts.document.network
    parts.document.edit("x", network=inner.change(inner.names["C1"], kernel=40))
    parts.canvas.commands.close_block()
    parts.show_problems()
    assert parts.problems.rows[0].accessibleName().startswith("Error: Block/C1 needs at least 40×40")
    parts.selection.set(())
    parts.step_problem(1)
    assert parts.document.block_names == ("Block",)
    assert parts.document.network.nodes[parts.selection.only].name == "C1"
    parts.quick_fix()
    assert parts.document.whole.runs
    assert parts.document.undo_stack.undoText().startswith("Fix: Kernel 5×5")


def test_find_goes_into_blocks(stem):
    parts = stem.commands
    parts.find()
    parts.finder.field.setText("A1")
    QTest.keyClick(parts.finder.field, Qt.Key.Key_Return)
    assert parts.document.block_names == ("Block",)
    assert parts.document.network.nodes[parts.selection.only].name == "A1"
    parts.canvas.commands.close_block()
    parts.found = ("Block/A1", "C3")
    parts.find_next(1)
    assert parts.document.block_names == ("Block",)
    parts.find_next(1)
    assert parts.document.block_names == ()
    assert parts.document.network.nodes[parts.selection.only].name == "C3"
    parts.find_next(-1)
    assert parts.document.network.nodes[parts.selection.only].name == "A1"


def test_what_is_looked_at_is_the_layer_at_the_end_of_the_block(stem):
    document = stem.commands.document
    assert document.speaker(document.network.names["Block"]) == "Block/S2"
    stem.commands.canvas.commands.open_block()
    names = document.network.names
    assert document.speaker(names["In"]) == "Input"
    assert document.speaker(names["Out"]) == "Block/S2"
    assert document.speaker(names["C1"]) == "Block/C1"
    assert document.locate("Block/C1") == (document.path, names["C1"])
    assert document.locate("Nothing/C1") is None


def test_the_names_of_network_and_layers_inside_are_two_things(stem):
    document = stem.commands.document
    stem.commands.canvas.commands.open_block()
    stem.commands.properties.network_page._rename("My net")
    assert document.project.network.name == "My net"
    assert stem.commands.canvas.breadcrumb.names() == ("My net", "Block")
    document.edit("Rename", network=document.network.rename(document.network.names["C1"], "First"))
    assert "Block/First" in expanded(document.project.network).names


def test_layers_grouped_while_a_training_runs_keep_what_was_learned(lenet):
    document = lenet.commands.document
    before = document.project
    select(lenet, "C1", "A1", "S2")
    lenet.commands.actions.do("group")
    weights = initial_weights(infer(before.network), 9)
    trained = replace(before, weights=weights).with_network(document.project.network)
    assert trained.weights["Block/C1.weight"] is weights["C1.weight"]
    assert same_arithmetic(before.network, document.project.network)
    changed = document.network.change(document.network.names["C3"], filters=3)
    assert not same_arithmetic(before.network, changed)


def test_another_document_shows_all_of_it(stem):
    stem.commands.canvas.commands.open_block()
    stem.commands.document.load(template("mlp"))
    assert stem.commands.document.path == ()
    assert not stem.commands.canvas.breadcrumb.isVisible()
