"""The commands, as keys where they have one: edits, copies, states, selection, looking."""

import json

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from guibuilder.canvas.actions import CanvasActions
from guibuilder.canvas.keys import KEYS
from tests.mouse import CTRL, SHIFT, body, click, key, node, output, write


def select(canvas, *names):
    canvas.selection.set([node(canvas, name) for name in names])


def selected(canvas):
    return [canvas.document.network.nodes[each].name for each in canvas.selection.ids]


def sources(canvas, name):
    network = canvas.document.network
    return [network.nodes[each].name for each in network.inputs_of(node(canvas, name)).values()]


def test_every_key_stands_for_a_command():
    for name, _ in KEYS.values():
        assert callable(getattr(CanvasActions, name)), name
    assert all(each in CanvasActions.__doc__ for each in ("add_layer", "wire", "delete_and_reconnect", "fit_all"))


def test_adding_behind_the_selection(lenet):
    select(lenet, "C1")
    made = lenet.commands.add_layer("BatchNorm")
    assert sources(lenet, "BatchNorm") == ["C1"]
    assert sources(lenet, "A1") == ["BatchNorm"]
    assert lenet.selection.ids == (made,)
    assert lenet.document.undo_stack.count() == 1


def test_delete_takes_the_wires_along(lenet):
    select(lenet, "A1")
    key(lenet, Qt.Key.Key_Delete)
    assert "A1" not in lenet.document.network.names
    assert sources(lenet, "S2") == []
    assert lenet.document.undo_stack.undoText() == "Delete A1"
    lenet.document.undo_stack.undo()
    assert sources(lenet, "S2") == ["A1"]


def test_delete_and_reconnect_keeps_the_wire(lenet):
    select(lenet, "A1")
    key(lenet, Qt.Key.Key_Delete, CTRL)
    assert sources(lenet, "S2") == ["C1"]
    assert lenet.document.inference.runs


def test_copy_is_text_and_paste_gives_new_layers(lenet):
    select(lenet, "C1", "A1")
    key(lenet, Qt.Key.Key_C, CTRL)
    text = QGuiApplication.clipboard().text()
    assert [each["name"] for each in json.loads(text)["nodes"]] == ["C1", "A1"]
    key(lenet, Qt.Key.Key_V, CTRL)
    assert len(lenet.document.network.nodes) == 16
    first, second = selected(lenet)
    assert sources(lenet, second) == [first], "the wire among them comes along"
    assert sources(lenet, first) == []
    assert lenet.document.undo_stack.undoText() == "Paste 2 layers"


def test_paste_into_another_window(lenet, make_canvas):
    select(lenet, "C3", "A3", "S4")
    lenet.commands.copy()
    other = make_canvas()
    other.commands.paste()
    assert selected(other) == ["C3", "A3", "S4"]


def test_pasted_layers_lie_free(lenet):
    lenet.commands.select_all()
    for _ in range(3):
        key(lenet, Qt.Key.Key_D, CTRL)
    rects = [item.body() for item in lenet.scene.nodes.values()]
    assert len(rects) == 56
    assert not any(one.intersects(other) for number, one in enumerate(rects) for other in rects[:number])


def test_paste_with_inputs_keeps_what_fed_the_original(lenet):
    select(lenet, "C3")
    key(lenet, Qt.Key.Key_C, CTRL)
    key(lenet, Qt.Key.Key_V, CTRL | SHIFT)
    (made,) = selected(lenet)
    assert sources(lenet, made) == ["S2"]


def test_cut_removes_and_the_clipboard_keeps(lenet):
    select(lenet, "Softmax")
    key(lenet, Qt.Key.Key_X, CTRL)
    assert "Softmax" not in lenet.document.network.names
    key(lenet, Qt.Key.Key_V, CTRL)
    assert selected(lenet) == ["Softmax"]


@pytest.mark.parametrize("text", ["Good morning", '{"format": "something"}', "[" * 5000])
def test_a_clipboard_without_layers_is_explained(lenet, text):
    QGuiApplication.clipboard().setText(text)
    heard = []
    lenet.message.connect(heard.append)
    key(lenet, Qt.Key.Key_V, CTRL)
    assert heard == ["The clipboard holds no layers. Copy some on the canvas first."]
    assert lenet.document.undo_stack.count() == 0
    assert lenet.view.tag.text == heard[0]


@pytest.mark.parametrize(("code", "setting", "title"), [
    (Qt.Key.Key_B, "bypassed", "Bypass"), (Qt.Key.Key_L, "frozen", "Freeze"),
])
def test_bypass_and_freeze_switch_to_and_fro(lenet, code, setting, title):
    select(lenet, "Input", "C1", "C3")
    key(lenet, code, CTRL)
    network = lenet.document.network
    layers = {name: network.by_name(name).layer.values()[setting] for name in ("Input", "C1", "C3", "F6")}
    assert layers == {"Input": False, "C1": True, "C3": True, "F6": False}
    assert lenet.document.undo_stack.undoText() == f"{title} 2 layers"
    key(lenet, code, CTRL)
    assert not lenet.document.network.by_name("C1").layer.values()[setting]


def test_states_are_written_and_not_only_coloured(lenet):
    select(lenet, "A1")
    lenet.commands.bypass()
    assert lenet.scene.nodes[node(lenet, "A1")].look.settings == "bypassed"


def test_nudges_are_one_step(lenet):
    select(lenet, "C1")
    x, y = lenet.document.network.by_name("C1").position
    for _ in range(3):
        key(lenet, Qt.Key.Key_Right, CTRL)
    key(lenet, Qt.Key.Key_Down, CTRL | SHIFT)
    assert lenet.document.network.by_name("C1").position == (x + 24, y + 40)
    assert lenet.document.undo_stack.count() == 1


def test_arrange_brings_order_and_changes_nothing_twice(lenet):
    before = {each.name: each.position for each in lenet.document.network.nodes.values()}
    lenet.document.edit("Mess", network=lenet.document.network.move({node(lenet, "C3"): (999, 3)}))
    key(lenet, Qt.Key.Key_A, CTRL | SHIFT)
    assert {each.name: each.position for each in lenet.document.network.nodes.values()} == before
    count = lenet.document.undo_stack.count()
    key(lenet, Qt.Key.Key_A, CTRL | SHIFT)
    assert lenet.document.undo_stack.count() == count


def test_arrow_keys_walk(lenet):
    for code in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down):
        key(lenet, code)
    assert selected(lenet) == ["A3"], "first the Input, then right, then down"
    key(lenet, Qt.Key.Key_Right, SHIFT)
    assert selected(lenet) == ["A3", "S4"]


def test_upstream_and_downstream(lenet):
    select(lenet, "C3")
    key(lenet, Qt.Key.Key_BracketLeft, CTRL)
    assert set(selected(lenet)) == {"Input", "C1", "A1", "S2", "C3"}
    select(lenet, "F7")
    key(lenet, Qt.Key.Key_BracketRight, CTRL)
    assert set(selected(lenet)) == {"F7", "Softmax"}
    key(lenet, Qt.Key.Key_Escape)
    assert selected(lenet) == []


def test_enter_asks_for_parameters(lenet):
    asked = []
    lenet.edit_requested.connect(asked.append)
    key(lenet, Qt.Key.Key_Return)
    select(lenet, "C3")
    key(lenet, Qt.Key.Key_Return)
    assert asked == [node(lenet, "C3")]


def test_wiring_without_a_selection_says_what_to_do(lenet):
    heard = []
    lenet.message.connect(heard.append)
    key(lenet, Qt.Key.Key_W)
    assert "Select one layer first" in heard[0]


# renaming ------------------------------------------------------------------------------------------------------------

def test_rename_in_place(lenet):
    select(lenet, "C1")
    key(lenet, Qt.Key.Key_F2)
    assert lenet.rename.isVisible()
    write(lenet, "Edges")
    key(lenet, Qt.Key.Key_Return)
    assert "Edges" in lenet.document.network.names
    assert not lenet.rename.isVisible()
    assert lenet.view.hasFocus()
    assert lenet.document.undo_stack.undoText() == "Rename C1"


def test_a_taken_name_is_refused_and_the_field_stays(lenet):
    select(lenet, "C1")
    key(lenet, Qt.Key.Key_F2)
    heard = []
    lenet.message.connect(heard.append)
    write(lenet, "C3")
    key(lenet, Qt.Key.Key_Return)
    assert heard == ["Another layer is named 'C3'; choose another name."]
    assert lenet.rename.isVisible()
    key(lenet, Qt.Key.Key_Escape)
    assert not lenet.rename.isVisible()
    assert lenet.document.undo_stack.count() == 0


def test_leaving_the_field_takes_the_name(lenet):
    select(lenet, "C1")
    key(lenet, Qt.Key.Key_F2)
    write(lenet, "First")
    lenet.view.setFocus()
    assert "First" in lenet.document.network.names


# looking -------------------------------------------------------------------------------------------------------------

def test_fit_shows_all_and_never_enlarges(lenet):
    lenet.view.camera.zoom_to(3.0)
    key(lenet, Qt.Key.Key_Home)
    assert lenet.view.camera.visible().contains(lenet.scene.bounds())
    assert lenet.view.camera.zoom <= 1.0
    select(lenet, "C1")
    key(lenet, Qt.Key.Key_Period)
    assert lenet.view.camera.zoom == 1.0
    assert (lenet.view.camera.visible().center() - body(lenet, "C1")).manhattanLength() < 3


def test_zoom_keys(lenet):
    told = []
    lenet.zoom_changed.connect(told.append)
    lenet.commands.zoom_reset()
    QTest.keyClick(lenet.view, Qt.Key.Key_Plus, CTRL)
    assert lenet.view.camera.zoom == 1.25
    for _ in range(2):
        QTest.keyClick(lenet.view, Qt.Key.Key_Minus, CTRL)
    assert lenet.view.camera.zoom == 0.8
    QTest.keyClick(lenet.view, Qt.Key.Key_0, CTRL)
    assert lenet.view.camera.zoom == 1.0
    for _ in range(20):
        lenet.commands.zoom_in()
    assert lenet.view.camera.zoom == 4.0


def test_a_layer_that_is_out_of_sight_is_scrolled_to(lenet):
    lenet.view.camera.zoom_to(2.0)
    lenet.commands.reveal(node(lenet, "Softmax"))
    assert lenet.view.camera.visible().contains(lenet.scene.nodes[node(lenet, "Softmax")].body())
    select(lenet, "Input")
    assert lenet.view.camera.visible().contains(lenet.scene.nodes[node(lenet, "Input")].body())


def test_the_drawing_cannot_be_lost(lenet):
    for _ in range(50):
        lenet.view.camera.pan(-500, -500)
    far = lenet.view.camera.visible()
    lenet.commands.go("right")
    assert lenet.view.camera.visible().intersects(lenet.scene.bounds())
    assert far.left() < lenet.scene.bounds().right() + far.width()


def test_the_overview_is_there_when_something_is_out_of_sight(lenet, qtbot):
    assert not lenet.minimap.isVisible()
    lenet.view.camera.zoom_to(2.0)
    qtbot.waitUntil(lenet.minimap.isVisible)
    seen = lenet.view.camera.visible().center()
    QTest.mouseClick(lenet.minimap, Qt.MouseButton.LeftButton, pos=QPoint(12, 12))
    assert (lenet.view.camera.visible().center() - seen).manhattanLength() > 50
    key(lenet, Qt.Key.Key_M)
    assert not lenet.minimap.isVisible()
    key(lenet, Qt.Key.Key_M)
    assert lenet.minimap.isVisible()


def test_an_empty_canvas_says_how_to_begin(canvas, qtbot):
    assert canvas.hint.isVisible()
    assert "Drag a layer here" in canvas.hint.text()
    asked = []
    canvas.templates_requested.connect(lambda: asked.append(True))
    canvas.hint.linkActivated.emit("templates")
    assert asked
    canvas.commands.add_layer("Input")
    qtbot.waitUntil(lambda: not canvas.hint.isVisible())


def test_a_click_on_the_output_port_selects(lenet):
    click(lenet, output(lenet, "C3") + QPointF(2, 0))
    assert selected(lenet) == ["C3"]


def test_wires_are_reached_with_keys(lenet):
    alt = Qt.KeyboardModifier.AltModifier
    select(lenet, "C1")
    key(lenet, Qt.Key.Key_Right, alt)
    assert selected(lenet) == []
    assert lenet.view.accessibleDescription() == "Wire from C1 to A1, 6×28×28"
    key(lenet, Qt.Key.Key_Right, alt)
    assert selected(lenet) == ["A1"]
    key(lenet, Qt.Key.Key_Left, alt)
    key(lenet, Qt.Key.Key_Return)
    write(lenet, "batch")
    key(lenet, Qt.Key.Key_Return)
    assert sources(lenet, "A1") == ["BatchNorm"], "Enter on a wire puts a layer into it"


def test_every_wire_is_reached_with_keys(make_canvas):
    canvas, alt = make_canvas("resnet-small"), Qt.KeyboardModifier.AltModifier
    seen = set()
    for name in list(canvas.document.network.names):
        select(canvas, name)
        key(canvas, Qt.Key.Key_Left, alt)
        for _ in range(3):
            seen |= canvas.scene.selected_edges
            key(canvas, Qt.Key.Key_Down, alt)
        select(canvas, name)
        key(canvas, Qt.Key.Key_Right, alt)
        for _ in range(3):
            seen |= canvas.scene.selected_edges
            key(canvas, Qt.Key.Key_Down, alt)
    assert seen == set(canvas.document.network.edges)
