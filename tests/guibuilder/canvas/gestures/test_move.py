"""Moving and selecting nodes with the mouse."""

import pytest
from PySide6.QtCore import QPointF, Qt

from tests.mouse import (
    ALT,
    CTRL,
    SHIFT,
    body,
    chain,
    click,
    drag,
    edges,
    input_port,
    key,
    move,
    node,
    output,
    press,
    release,
)


def test_a_node_moves_in_one_step_on_release(lenet):
    start = lenet.document.network.by_name("Softmax").position
    press(lenet, body(lenet, "Softmax"))
    for step in range(1, 8):
        move(lenet, body(lenet, "Softmax") + QPointF(20, 6))
        assert lenet.document.network.by_name("Softmax").position == start, step
    release(lenet, body(lenet, "Softmax"))
    moved = lenet.document.network.by_name("Softmax").position
    assert moved[0] > start[0] + 60
    assert moved[0] % 8 == 0
    assert lenet.document.undo_stack.count() == 1
    assert lenet.document.undo_stack.undoText() == "Move Softmax"


def test_wires_follow_the_hand(lenet):
    press(lenet, body(lenet, "Softmax"))
    move(lenet, body(lenet, "Softmax") + QPointF(60, 120))
    edge = next(edge for edge in lenet.scene.edges if edge.target == node(lenet, "Softmax"))
    end = lenet.scene.edges[edge].points()[-1]
    assert (end - input_port(lenet, "Softmax")).manhattanLength() < 1
    key(lenet, Qt.Key.Key_Escape)
    end = lenet.scene.edges[edge].points()[-1]
    assert (end - input_port(lenet, "Softmax")).manhattanLength() < 1


def test_a_click_without_a_move_is_no_edit(lenet):
    click(lenet, body(lenet, "C1"))
    assert lenet.selection.ids == (node(lenet, "C1"),)
    assert lenet.document.undo_stack.count() == 0


def test_several_nodes_move_together(lenet):
    lenet.selection.set([node(lenet, "F7"), node(lenet, "Softmax")])
    before = {name: lenet.document.network.by_name(name).position for name in ("F7", "Softmax", "A6")}
    drag(lenet, [body(lenet, "F7"), body(lenet, "F7") + QPointF(48, 96)])
    after = {name: lenet.document.network.by_name(name).position for name in before}
    steps = {name: (after[name][0] - before[name][0], after[name][1] - before[name][1]) for name in before}
    assert steps["F7"] == steps["Softmax"] != (0, 0)
    assert steps["A6"] == (0, 0)
    assert lenet.document.undo_stack.undoText() == "Move 2 layers"


def test_alt_moves_without_snapping(make_canvas):
    canvas = make_canvas(chain("Input"))
    drag(canvas, [body(canvas, "Input"), body(canvas, "Input") + QPointF(101, 53)], modifiers=ALT)
    assert canvas.document.network.nodes["n1"].position == (181, 133)


def test_a_moved_node_lines_up_with_its_neighbour(make_canvas):
    canvas = make_canvas(chain("Input", "Conv2D", wired=False).move({"n2": (304, 300)}))
    drag(canvas, [body(canvas, "Conv2D"), body(canvas, "Conv2D") + QPointF(2, -217)])
    assert canvas.document.network.nodes["n2"].position == (304, 80)


def test_a_loose_node_moved_onto_a_wire_is_put_into_it(make_canvas):
    network = chain("Input", "Conv2D")
    canvas = make_canvas(network.add(network.new_node("ReLU", (300, 400))))
    middle = (output(canvas, "Input") + input_port(canvas, "Conv2D")) / 2
    drag(canvas, [body(canvas, "ReLU"), middle])
    assert edges(canvas) == {("Input", "ReLU", 0), ("ReLU", "Conv2D", 0)}
    assert canvas.document.undo_stack.undoText() == "Insert ReLU"


def test_alt_keeps_a_moved_node_out_of_a_wire(make_canvas):
    network = chain("Input", "Conv2D")
    canvas = make_canvas(network.add(network.new_node("ReLU", (300, 400))))
    middle = (output(canvas, "Input") + input_port(canvas, "Conv2D")) / 2
    drag(canvas, [body(canvas, "ReLU"), middle], modifiers=ALT)
    assert edges(canvas) == {("Input", "Conv2D", 0)}


@pytest.mark.parametrize(("backwards", "names"), [(False, {"C1", "A1"}), (True, {"C1", "A1", "S2", "Input"})])
def test_the_band_contains_from_left_and_touches_from_right(lenet, backwards, names):
    one = lenet.scene.nodes[node(lenet, "C1")].body().topLeft() - QPointF(88, 20)
    other = lenet.scene.nodes[node(lenet, "A1")].body().bottomRight() + QPointF(88, 14)
    drag(lenet, [other, one] if backwards else [one, other])
    assert {lenet.document.network.nodes[key].name for key in lenet.selection.ids} == names


@pytest.mark.parametrize("modifiers", [CTRL, SHIFT])
def test_clicking_with_a_modifier_adds_and_takes_away(lenet, modifiers):
    click(lenet, body(lenet, "C1"))
    click(lenet, body(lenet, "C3"), modifiers=modifiers)
    assert set(lenet.selection.ids) == {node(lenet, "C1"), node(lenet, "C3")}
    click(lenet, body(lenet, "C1"), modifiers=modifiers)
    assert lenet.selection.ids == (node(lenet, "C3"),)


def test_clicking_the_canvas_selects_nothing(lenet):
    click(lenet, body(lenet, "C1"))
    click(lenet, body(lenet, "C1") + QPointF(0, 70))
    assert lenet.selection.ids == ()


def test_a_document_that_changes_ends_the_gesture(lenet):
    press(lenet, body(lenet, "C1"))
    move(lenet, body(lenet, "C1") + QPointF(40, 40))
    lenet.document.load(lenet.document.project)
    assert lenet.view.gesture is None
    release(lenet, body(lenet, "C1"))
    assert lenet.document.undo_stack.count() == 0
