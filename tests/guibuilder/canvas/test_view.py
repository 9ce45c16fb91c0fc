"""Looking around with wheel and mouse, and what clicks ask for."""

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from tests.mouse import (
    CTRL,
    MIDDLE,
    body,
    click,
    double_click,
    glide,
    key,
    node,
    on_screen,
    press,
    release,
    wheel,
)


def test_the_wheel_zooms_at_the_cursor_with_ctrl(lenet):
    at = on_screen(lenet, body(lenet, "S4"))
    before, zoom = lenet.view.mapToScene(at), lenet.view.camera.zoom
    wheel(lenet, at, 3, CTRL)
    assert lenet.view.camera.zoom > zoom * 1.3
    assert (lenet.view.mapToScene(at) - before).manhattanLength() < 2


def test_the_plain_wheel_scrolls(lenet):
    at, zoom = on_screen(lenet, body(lenet, "S4")), lenet.view.camera.zoom
    before = lenet.view.mapToScene(at)
    wheel(lenet, at, -1)
    assert lenet.view.camera.zoom == zoom
    assert lenet.view.mapToScene(at).y() > before.y() + 30


def test_the_wheel_can_be_swapped(lenet):
    lenet.view.wheel_zooms = True
    zoom = lenet.view.camera.zoom
    wheel(lenet, QPoint(300, 300), -2)
    assert lenet.view.camera.zoom < zoom


def test_the_middle_button_pans(lenet):
    before = lenet.view.mapToScene(QPoint(0, 0))
    start = body(lenet, "A5") + QPointF(0, 70)
    press(lenet, start, MIDDLE)
    glide(lenet, on_screen(lenet, start) + QPoint(60, 45), MIDDLE)
    release(lenet, start, MIDDLE)
    moved = before - lenet.view.mapToScene(QPoint(0, 0))
    assert (moved * lenet.view.camera.zoom - QPointF(60, 45)).manhattanLength() < 3
    assert lenet.document.undo_stack.count() == 0


def test_space_held_pans_and_opens_no_list(lenet):
    before = lenet.view.mapToScene(QPoint(0, 0))
    start = body(lenet, "A5")
    QTest.keyPress(lenet.view, Qt.Key.Key_Space)
    press(lenet, start)
    glide(lenet, on_screen(lenet, start) + QPoint(-50, 20))
    release(lenet, start)
    QTest.keyRelease(lenet.view, Qt.Key.Key_Space)
    assert lenet.view.mapToScene(QPoint(0, 0)) != before
    assert not lenet.picker.isVisible()
    assert lenet.document.undo_stack.count() == 0


def test_the_canvas_comes_in_while_something_is_held_at_its_edge(lenet, qtbot):
    press(lenet, body(lenet, "C1"))
    glide(lenet, QPoint(400, 300))
    before = lenet.view.mapToScene(QPoint(0, 0))
    glide(lenet, QPoint(lenet.view.viewport().width() - 4, 300))
    qtbot.waitUntil(lambda: lenet.view.mapToScene(QPoint(0, 0)).x() > before.x() + 40)
    item = lenet.scene.nodes[node(lenet, "C1")]
    assert lenet.view.camera.visible().contains(item.pos()), "what is held comes along"
    key(lenet, Qt.Key.Key_Escape)


def test_a_double_click_on_a_node_asks_for_its_parameters(lenet):
    asked = []
    lenet.edit_requested.connect(asked.append)
    double_click(lenet, body(lenet, "C3"))
    assert asked == [node(lenet, "C3")]


def test_a_double_click_on_the_canvas_adds_there(canvas):
    double_click(canvas, QPointF(500, 300))
    assert canvas.picker.isVisible()
    key(canvas, Qt.Key.Key_Return)
    (made,) = canvas.document.network.nodes.values()
    assert (made.type, made.position) == ("Input", (424, 264))


def test_the_right_button_selects_and_asks_for_the_menu(lenet, qtbot):
    with qtbot.waitSignal(lenet.menu_requested):
        click(lenet, body(lenet, "C3"), Qt.MouseButton.RightButton)
    assert lenet.selection.ids == (node(lenet, "C3"),)
