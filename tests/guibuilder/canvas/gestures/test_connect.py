"""Drawing, moving and cutting wires with the mouse."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from core.graph.network import Edge
from tests.mouse import (
    ALT,
    body,
    chain,
    click,
    connect,
    drag,
    drop_layer,
    edges,
    input_port,
    key,
    move,
    node,
    output,
    press,
    release,
)


def test_a_wire_is_drawn_from_output_to_input(make_canvas):
    canvas = make_canvas(chain("Input", "Conv2D", wired=False))
    connect(canvas, "Input", "Conv2D")
    assert edges(canvas) == {("Input", "Conv2D", 0)}
    assert canvas.document.undo_stack.undoText() == "Connect Input to Conv2D"


def test_a_wire_is_drawn_from_input_to_output(make_canvas):
    canvas = make_canvas(chain("Input", "Conv2D", wired=False))
    drag(canvas, [input_port(canvas, "Conv2D"), output(canvas, "Input")])
    assert edges(canvas) == {("Input", "Conv2D", 0)}


def test_dropping_a_wire_anywhere_on_a_node_takes_its_first_free_input(make_canvas):
    canvas = make_canvas(chain("Input", "Conv2D", "Add", wired=False))
    drag(canvas, [output(canvas, "Input"), body(canvas, "Add")])
    drag(canvas, [output(canvas, "Conv2D"), body(canvas, "Add")])
    assert edges(canvas) == {("Input", "Add", 0), ("Conv2D", "Add", 1)}


def test_a_wire_that_closes_a_cycle_is_refused_at_the_gesture(lenet):
    press(lenet, output(lenet, "A3"))
    move(lenet, body(lenet, "A1"))
    move(lenet, body(lenet, "C1"))
    assert "would close a cycle" in lenet.view.tag.text or "is taken" in lenet.view.tag.text
    assert lenet.scene.nodes[node(lenet, "C1")].opacity() < 1
    with_messages = []
    lenet.message.connect(with_messages.append)
    before = lenet.document.network
    release(lenet, body(lenet, "C1"))
    assert lenet.document.network is before
    assert with_messages
    assert lenet.view.tag.isVisible(), "the reason stays for a while"
    assert lenet.scene.nodes[node(lenet, "C1")].opacity() == 1


def test_a_cycle_is_named(make_canvas):
    network = chain("Input", "Add", "ReLU", wired=False)
    network = network.connect(Edge("n1", "n2", 0)).connect(Edge("n2", "n3", 0))
    canvas = make_canvas(network)
    heard = []
    canvas.message.connect(heard.append)
    drag(canvas, [output(canvas, "ReLU"), input_port(canvas, "Add", 1)])
    assert heard == ["ReLU comes after Add, so this wire would close a cycle."]
    assert canvas.document.undo_stack.count() == 0


def test_a_taken_input_refuses(make_canvas):
    canvas = make_canvas(chain("Input", "Conv2D", "ReLU"))
    drop_layer(canvas, "Tanh", QPointF(200, 400))
    heard = []
    canvas.message.connect(heard.append)
    drag(canvas, [output(canvas, "Tanh"), body(canvas, "ReLU")])
    assert heard == ["This input of ReLU is taken by Conv2D; remove that wire first."]


def test_nothing_can_be_wired_into_an_input_layer(make_canvas):
    canvas = make_canvas(chain("Input", "Conv2D"))
    heard = []
    canvas.message.connect(heard.append)
    drag(canvas, [output(canvas, "Conv2D"), body(canvas, "Input")])
    assert heard == ["Input is where pictures come in; nothing can be wired into it."]


def test_the_tag_foretells_the_shape_at_the_target(make_canvas):
    canvas = make_canvas(chain("Input", "Conv2D", wired=False))
    press(canvas, output(canvas, "Input"))
    move(canvas, body(canvas, "Conv2D") - QPointF(40, 0))
    move(canvas, body(canvas, "Conv2D"))
    assert canvas.view.tag.text == "→ 8×26×26"
    release(canvas, body(canvas, "Conv2D"))
    assert canvas.view.tag.text == ""


def test_dragging_the_end_off_a_port_removes_the_wire(lenet):
    drag(lenet, [input_port(lenet, "A1"), input_port(lenet, "A1") + QPointF(-30, 130)])
    assert ("C1", "A1", 0) not in edges(lenet)
    assert lenet.document.undo_stack.undoText() == "Remove a wire"


def test_dragging_the_end_to_another_input_moves_the_wire(make_canvas):
    canvas = make_canvas(chain("Input", "Conv2D", "ReLU", "Tanh", wired=False))
    connect(canvas, "Input", "Conv2D")
    drag(canvas, [input_port(canvas, "Conv2D"), input_port(canvas, "Tanh")])
    assert edges(canvas) == {("Input", "Tanh", 0)}
    assert canvas.document.undo_stack.count() == 2


def test_picking_a_wire_up_and_putting_it_back_is_no_edit(lenet):
    drag(lenet, [input_port(lenet, "A1"), input_port(lenet, "A1") + QPointF(-60, 60), input_port(lenet, "A1")])
    assert lenet.document.undo_stack.count() == 0
    assert all(item.isVisible() for item in lenet.scene.edges.values())


def test_a_wire_dropped_into_the_void_offers_what_fits(lenet, qtbot):
    drop_at = output(lenet, "Softmax") + QPointF(120, 60)
    drag(lenet, [output(lenet, "S2"), drop_at])
    assert lenet.picker.isVisible()
    rows = lenet.picker.shown()
    assert rows[0].title == "Conv2D", "after pooling usually comes a convolution"
    assert all(row.enabled for row in rows)
    assert "Dense" not in [row.title for row in rows], "a dense layer does not fit behind maps"
    key(lenet, Qt.Key.Key_Return)
    made = lenet.document.network.nodes[lenet.selection.ids[0]]
    assert ("S2", made.name, 0) in edges(lenet)
    port = lenet.scene.nodes[made.id].input_at(0)
    assert (port - drop_at).manhattanLength() <= 8, "the wire ends where it was dropped"
    lenet.document.undo_stack.undo()
    assert made.id not in lenet.document.network.nodes
    assert lenet.document.undo_stack.count() == 1


def test_a_wire_from_an_input_into_the_void_offers_what_could_feed_it(make_canvas):
    canvas = make_canvas(chain("Conv2D").move({"n1": (500, 300)}))
    drag(canvas, [input_port(canvas, "Conv2D"), input_port(canvas, "Conv2D") - QPointF(150, 40)])
    assert canvas.picker.shown()[0].title == "Input"
    key(canvas, Qt.Key.Key_Return)
    assert edges(canvas) == {("Input", "Conv2D", 0)}


def test_esc_drops_the_wire(lenet):
    before = len(lenet.scene.items())
    press(lenet, output(lenet, "S4"))
    move(lenet, body(lenet, "A6"))
    key(lenet, Qt.Key.Key_Escape)
    release(lenet, body(lenet, "A6"))
    assert lenet.document.undo_stack.count() == 0
    assert len(lenet.scene.items()) == before


def test_alt_drag_slices_wires_in_one_step(lenet):
    middle = (output(lenet, "C1") + input_port(lenet, "A1")) / 2
    drag(lenet, [middle - QPointF(0, 50), middle + QPointF(0, 120)], modifiers=ALT)
    assert lenet.document.undo_stack.undoText() == "Cut 2 wires"
    assert {("C1", "A1", 0), ("S2", "C3", 0)}.isdisjoint(edges(lenet))
    lenet.document.undo_stack.undo()
    assert ("C1", "A1", 0) in edges(lenet)


def test_x_slices_too(lenet):
    middle = (output(lenet, "C1") + input_port(lenet, "A1")) / 2
    QTest.keyPress(lenet.view, Qt.Key.Key_X)
    drag(lenet, [middle - QPointF(0, 30), middle + QPointF(0, 30)])
    QTest.keyRelease(lenet.view, Qt.Key.Key_X)
    assert ("C1", "A1", 0) not in edges(lenet)


def test_a_clicked_wire_is_selected_and_del_removes_it(lenet):
    middle = (output(lenet, "C1") + input_port(lenet, "A1")) / 2
    click(lenet, middle)
    assert [(edge.source, edge.target) for edge in lenet.scene.selected_edges] == [
        (node(lenet, "C1"), node(lenet, "A1"))]
    key(lenet, Qt.Key.Key_Delete)
    assert ("C1", "A1", 0) not in edges(lenet)
    assert "C1" in lenet.document.network.names
