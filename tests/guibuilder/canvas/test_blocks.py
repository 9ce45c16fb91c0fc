"""Blocks on the canvas: grouped and ungrouped by keys, opened by a double-click, edited inside, left again."""

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from core.graph.block import Block
from core.graph.expand import expanded
from core.graph.initial import initial_weights
from core.graph.shapes import infer
from guibuilder.canvas.gestures.drop import LayerDrop
from guibuilder.canvas.hits import Hit, Part
from guibuilder.canvas.hover import explanation
from guibuilder.canvas.scene import NetworkScene
from tests.mouse import CTRL, SHIFT, body, chain, click, double_click, drop_layer, key, node, write


def select(canvas, *names):
    canvas.selection.set([node(canvas, name) for name in names])


def names(canvas):
    return [each.name for each in canvas.document.network.nodes.values()]


def enter(canvas, name):
    double_click(canvas, body(canvas, name))


@pytest.fixture
def stem(lenet):
    """LeNet-5 with its first stage in a block."""
    select(lenet, "C1", "A1", "S2")
    key(lenet, Qt.Key.Key_G, CTRL)
    return lenet


def test_group_makes_one_node_and_ungroup_brings_everything_back(lenet):
    before = lenet.document.network
    select(lenet, "C1", "A1", "S2")
    key(lenet, Qt.Key.Key_G, CTRL)
    block = node(lenet, "Block")
    assert lenet.selection.ids == (block,)
    assert set(lenet.scene.nodes) == set(lenet.document.network.nodes)
    assert lenet.document.undo_stack.undoText() == "Group 3 layers"
    look = lenet.scene.nodes[block].look
    assert (look.kind, look.settings, look.shape, look.parameters) == ("Block", "3 layers", "6×14×14", "156")
    assert look.block
    key(lenet, Qt.Key.Key_G, CTRL | SHIFT)
    assert lenet.document.network == before
    assert set(lenet.selection.ids) == {node(lenet, name) for name in ("C1", "A1", "S2")}
    lenet.document.undo_stack.undo()
    assert "Block" in names(lenet)
    lenet.document.undo_stack.undo()
    assert lenet.document.network is before


def test_what_cannot_be_a_block_is_said(lenet):
    said = []
    lenet.commands.said.connect(said.append)
    select(lenet, "C1", "S2")
    lenet.commands.group()
    assert said == ["A path leaves these layers and comes back from A1 to S2. Select A1 as well."]
    lenet.commands.ungroup()
    select(lenet, "C1")
    lenet.commands.open_block()
    lenet.commands.add_port()
    assert said[1:] == ["Select a block first.", "Select a block first.", "Open a block first."]
    assert lenet.document.undo_stack.count() == 0


def test_a_double_click_opens_a_block_and_escape_leaves_it(stem, qtbot):
    block = node(stem, "Block")
    assert not stem.breadcrumb.isVisible()
    enter(stem, "Block")
    assert names(stem) == ["C1", "A1", "S2", "In", "Out"]
    assert set(stem.scene.nodes) == set(stem.document.network.nodes)
    assert stem.breadcrumb.isVisible()
    assert stem.breadcrumb.names() == ("LeNet-5", "Block")
    assert stem.document.inference.shapes[node(stem, "In")] == (1, 32, 32)
    assert stem.scene.nodes[node(stem, "C1")].look.parameters == "156"
    click(stem, body(stem, "C1"))
    key(stem, Qt.Key.Key_Escape)
    assert stem.document.path == (block,)
    key(stem, Qt.Key.Key_Escape)
    assert stem.document.path == ()
    assert stem.selection.ids == (block,)
    assert not stem.breadcrumb.isVisible()
    assert stem.document.undo_stack.count() == 1


@pytest.mark.parametrize(("into", "out"), [((Qt.Key.Key_Return,), (Qt.Key.Key_Up, CTRL)),
                                           ((Qt.Key.Key_BracketRight,), (Qt.Key.Key_BracketLeft,))])
def test_keys_go_in_and_out(stem, into, out):
    key(stem, *into)
    assert "C1" in names(stem)
    key(stem, *out)
    assert "C3" in names(stem)


def test_the_breadcrumb_leads_back_over_several_blocks(stem):
    enter(stem, "Block")
    select(stem, "C1", "A1")
    key(stem, Qt.Key.Key_G, CTRL)
    key(stem, Qt.Key.Key_Return)
    assert stem.breadcrumb.names() == ("LeNet-5", "Block", "Block")
    assert [step.text() for step in stem.breadcrumb.steps] == ["LeNet-5", "Block"]
    outer = stem.document.path[0]
    stem.breadcrumb.steps[0].click()
    assert stem.document.path == ()
    assert stem.selection.ids == (outer,)


def test_an_edit_inside_is_one_step_of_undo_and_undo_shows_where_it_was(stem):
    document, block = stem.document, node(stem, "Block")
    enter(stem, "Block")
    inner = document.network
    document.edit("Change", network=inner.change(inner.names["C1"], filters=9))
    assert document.undo_stack.count() == 2
    assert expanded(document.project.network).by_name("Block/C1").layer.filters == 9
    assert document.inference.shapes[inner.names["Out"]] == (9, 14, 14)
    stem.commands.close_block()
    assert document.inference.shapes[block] == (9, 14, 14)
    document.undo_stack.undo()
    assert document.path == (block,)
    assert document.inference.shapes[inner.names["Out"]] == (6, 14, 14)
    assert set(stem.scene.nodes) == set(document.network.nodes)
    document.undo_stack.undo()
    assert document.path == ()
    assert "C1" in names(stem)
    document.undo_stack.redo()
    assert "Block" in names(stem)


def test_trained_weights_go_along(lenet):
    document = lenet.document
    weights = initial_weights(infer(document.network), 5)
    document.edit("Train", weights=weights)
    select(lenet, "C1", "A1", "S2")
    lenet.commands.group()
    assert document.project.weights["Block/C1.weight"] is weights["C1.weight"]
    lenet.commands.open_block()
    select(lenet, "C1", "A1")
    lenet.commands.group()
    assert document.project.weights["Block/Block/C1.weight"] is weights["C1.weight"]
    lenet.commands.ungroup()
    lenet.commands.close_block()
    lenet.commands.ungroup()
    assert dict(document.project.weights) == weights


def test_the_inside_is_another_scene_but_the_same_as_one_built_anew(stem):
    enter(stem, "Block")
    inner = stem.document.network
    stem.document.edit("Move", network=inner.move({inner.names["C1"]: (300.0, 80.0)}))
    again = NetworkScene(stem.document, stem.selection, stem.scene.theme)
    assert again.picture() == stem.scene.picture()
    stem.commands.close_block()
    again.rebuild()
    assert again.picture() == stem.scene.picture()


def test_the_camera_is_where_it_was(stem):
    stem.view.camera.zoom_to(0.7)
    seen = stem.view.camera.visible().center()
    enter(stem, "Block")
    stem.commands.close_block()
    assert stem.view.camera.zoom == pytest.approx(0.7)
    assert (stem.view.camera.visible().center() - seen).manhattanLength() < 40


def test_a_blocks_output_stays(stem):
    said = []
    stem.commands.said.connect(said.append)
    enter(stem, "Block")
    select(stem, "S2", "Out")
    key(stem, Qt.Key.Key_Delete)
    assert names(stem) == ["C1", "A1", "In", "Out"]
    assert said == ["A block needs its output, so that stays."]


def test_a_port_more_inside_is_an_input_more_outside(stem):
    block = node(stem, "Block")
    enter(stem, "Block")
    stem.commands.add_port()
    assert stem.document.undo_stack.undoText() == "Add In_2"
    stem.commands.close_block()
    assert stem.scene.nodes[block].look.ports == 2
    assert stem.scene.nodes[block].look.missing == (1,)


def test_blocks_are_copied_and_duplicated_whole(stem):
    stem.commands.duplicate()
    copy = stem.document.network.by_name("Block_2")
    assert isinstance(copy.layer, Block)
    assert copy.layer == stem.document.network.by_name("Block").layer
    enter(stem, "Block")
    select(stem, "In", "C1", "Out")
    stem.commands.copy()
    stem.commands.paste()
    assert names(stem) == ["C1", "A1", "S2", "In", "Out", "C_2"]


def test_a_problem_inside_shows_at_the_block(stem):
    enter(stem, "Block")
    inner = stem.document.network
    stem.document.edit("Change", network=inner.change(inner.names["C1"], kernel=40))
    assert stem.scene.nodes[inner.names["C1"]].look.complaint == "needs 40×40"
    stem.commands.close_block()
    look = stem.scene.nodes[node(stem, "Block")].look
    assert (look.error, look.complaint) == (True, "problem inside")
    assert stem.card.about(node(stem, "Block"))
    assert stem.card.problem.message.startswith("Block/C1 needs at least 40×40")
    stem.card.buttons[0].click()
    assert stem.document.whole.runs
    assert stem.scene.nodes[node(stem, "Block")].look.shape == "6×14×14"


def test_a_block_of_the_palette_is_fitted_to_what_it_follows(lenet):
    select(lenet, "S2")
    made = lenet.commands.add_layer("ResidualIdentity")
    assert lenet.document.whole.runs
    assert lenet.document.inference.shapes[made] == (6, 14, 14)
    assert lenet.document.network.nodes[made].name == "Residual"


def test_a_block_is_found_by_typing(lenet):
    select(lenet, "S2")
    lenet.commands.quick_add()
    write(lenet, "residual id")
    QTest.keyClick(lenet.picker.field, Qt.Key.Key_Return)
    assert lenet.document.network.inputs_of(node(lenet, "Residual")) == {0: node(lenet, "S2")}
    assert lenet.document.whole.runs


def test_a_block_explains_itself_to_eyes_and_ears(stem):
    words = explanation(stem.document, Hit(Part.NODE, node(stem, "Block")))
    assert "156 parameters" in words
    assert "3 layers inside; a double-click opens it" in words
    enter(stem, "Block")
    assert stem.view.accessibleName() == "Block Block, 3 layers"


def test_a_dragged_block_foretells_what_it_will_be(make_canvas):
    canvas = make_canvas(chain("Input", "Conv2D"))
    last = canvas.scene.nodes[node(canvas, "Conv2D")]
    place = last.pos() + QPointF(224 + 75, 37)
    held = LayerDrop(canvas.view, "ResidualIdentity")
    held.move(place, Qt.KeyboardModifier.NoModifier)
    assert canvas.view.tag.text == "→ 8×26×26"
    held.leave()
    drop_layer(canvas, "ResidualIdentity", place)
    assert canvas.document.inference.shapes[node(canvas, "Residual")] == (8, 26, 26)
    assert canvas.document.whole.runs
