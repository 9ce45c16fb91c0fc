"""The conversation about a problem: when it opens, what it says, and what a click does."""

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from guibuilder.canvas.node_paint import BADGE
from tests.mouse import CTRL, NONE, body, drag, drop_layer, key, move, node


@pytest.fixture
def broken(lenet):
    """LeNet-5 with a kernel that does not fit."""
    lenet.document.edit("Kernel", network=lenet.document.network.change(node(lenet, "C3"), kernel=15))
    return lenet


def badge(canvas, name):
    return canvas.scene.nodes[node(canvas, name)].pos() + BADGE.center()


def test_it_opens_where_the_error_is_and_says_the_numbers(broken, qtbot):
    assert not broken.card.isVisible()
    broken.selection.set([node(broken, "C3")])
    assert broken.card.isVisible()
    assert broken.card.headline.text() == "C3 needs at least 15×15 but gets 14×14"
    assert broken.card.formula.text() == "(14 − 15)/1 + 1 = 0"
    assert broken.card.buttons[0].text().startswith("Kernel 5×5 → 16×10×10")
    assert 1 <= len(broken.card.buttons) <= 3
    area = broken.view.camera.screen_rect(broken.scene.nodes[node(broken, "C3")].body())
    assert not broken.card.geometry().intersects(area), "the card does not cover its node"


def test_a_click_fixes_it_in_one_step(broken, qtbot):
    broken.selection.set([node(broken, "C3")])
    QTest.mouseClick(broken.card.buttons[0], Qt.MouseButton.LeftButton)
    assert broken.document.inference.runs
    assert not broken.card.isVisible()
    assert broken.document.undo_stack.undoText().startswith("Fix C3: Kernel 5×5")
    broken.document.undo_stack.undo()
    qtbot.waitUntil(broken.card.isVisible)  # the problem is back, and so is the card


def test_esc_closes_it_until_the_problem_is_another_one(broken, qtbot):
    broken.selection.set([node(broken, "C3")])
    key(broken, Qt.Key.Key_Escape)
    assert not broken.card.isVisible()
    assert broken.selection.ids
    qtbot.wait(10)
    assert not broken.card.isVisible()
    broken.document.edit("Kernel", network=broken.document.network.change(node(broken, "C3"), kernel=17))
    qtbot.waitUntil(broken.card.isVisible)
    assert "17×17" in broken.card.headline.text()


def test_it_leaves_with_the_selection(broken):
    broken.selection.set([node(broken, "C3")])
    broken.selection.set([node(broken, "C1")])
    assert not broken.card.isVisible()


def test_it_opens_at_the_badge(broken, qtbot):
    move(broken, badge(broken, "C3"), NONE)
    assert broken.card.isVisible()
    move(broken, body(broken, "Softmax"), NONE)
    qtbot.waitUntil(lambda: not broken.card.isVisible())


def test_a_wire_that_is_still_to_be_drawn_is_no_alarm(canvas):
    drop_layer(canvas, "Conv2D", QPointF(400, 300))
    look = canvas.scene.nodes["n1"].look
    assert (look.error, look.calm, look.complaint, look.missing) == (True, True, "needs an input", (0,))
    assert not canvas.card.isVisible()
    move(canvas, badge(canvas, "Conv2D"), NONE)
    assert canvas.card.isVisible()
    assert "has no input" in canvas.card.headline.text()


def test_a_warning_explains_itself_at_its_badge(make_canvas):
    canvas = make_canvas("resnet-small")
    name = "B2_project"
    canvas.commands.reveal(node(canvas, name))
    canvas.selection.set([node(canvas, name)])
    assert not canvas.card.isVisible()
    move(canvas, badge(canvas, name), NONE)
    assert canvas.card.isVisible()
    assert canvas.card.problem.severity == "warning"


def test_it_stays_out_of_the_way_of_hands(broken):
    broken.selection.set([node(broken, "C3")])
    before = broken.card.pos()
    drag(broken, [body(broken, "C3"), body(broken, "C3") + QPointF(0, 40)])
    assert broken.card.isVisible()
    assert broken.card.pos() != before


def test_fixes_by_keyboard(broken):
    broken.selection.set([node(broken, "C3")])
    key(broken, Qt.Key.Key_Period, CTRL)
    assert broken.card.buttons[0].hasFocus()
    key(broken, Qt.Key.Key_Down)
    assert broken.card.buttons[1].hasFocus()
    text = broken.card.buttons[1].text()
    key(broken, Qt.Key.Key_Space)
    assert broken.document.undo_stack.undoText() == f"Fix C3: {text}"
    assert broken.view.hasFocus()


def test_a_network_that_goes_takes_the_card_along(broken, qtbot):
    broken.selection.set([node(broken, "C3")])
    broken.document.edit("Delete", network=broken.document.network.remove(node(broken, "C3")))
    qtbot.waitUntil(lambda: not broken.card.isVisible())


def test_a_layer_that_a_fix_adds_lies_on_no_other(canvas, qtbot):
    """Dense was dropped half on the pool; the way there leads through a Flatten, which is offered first."""
    for kind, x in (("Conv2D", 40), ("MaxPool2D", 264)):
        drop_layer(canvas, kind, QPointF(x, 100))
    drop_layer(canvas, "Dense", QPointF(264 + 150, 116))
    dense = node(canvas, "Dense")
    move(canvas, badge(canvas, "Dense"), NONE)
    assert canvas.card.isVisible()
    words = [button.text() for button in canvas.card.buttons]
    assert words[0] == "Wire MaxPool2D into it through a Flatten"
    QTest.mouseClick(canvas.card.buttons[0], Qt.MouseButton.LeftButton)
    network = canvas.document.network
    flatten = node(canvas, "Flatten")
    assert network.inputs_of(dense) == {0: flatten}
    bodies = {key: item.body() for key, item in canvas.scene.nodes.items()}
    assert not [key for key in bodies if key != flatten and bodies[key].intersects(bodies[flatten])]
    canvas.document.undo_stack.undo()
    assert network.nodes.keys() - canvas.document.network.nodes.keys() == {flatten}
