"""Layers dragged from the palette, with real drag events."""

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent
from PySide6.QtWidgets import QApplication

from tests.mouse import ALT, LEFT, chain, drop_layer, edges, input_port, output


def test_a_dropped_layer_lies_on_the_grid_under_the_cursor(canvas):
    drop_layer(canvas, "Conv2D", QPointF(403, 205))
    (made,) = canvas.document.network.nodes.values()
    assert made.type == "Conv2D"
    assert made.position == (328, 168)
    assert canvas.selection.ids == (made.id,)
    assert canvas.document.undo_stack.undoText() == "Add Conv2D"


def test_a_layer_dropped_right_of_a_free_output_is_wired_and_lined_up(canvas):
    drop_layer(canvas, "Input", QPointF(155, 117))
    drop_layer(canvas, "Conv2D", QPointF(370, 130))
    assert edges(canvas) == {("Input", "Conv2D", 0)}
    first, second = canvas.document.network.nodes.values()
    assert second.position == (first.position[0] + 224, first.position[1])
    canvas.document.undo_stack.undo()
    assert len(canvas.document.network.nodes) == 1, "layer and wire are one step"


def test_alt_keeps_a_dropped_layer_alone(canvas):
    drop_layer(canvas, "Input", QPointF(155, 117))
    drop_layer(canvas, "Conv2D", QPointF(370, 130), ALT)
    assert not edges(canvas)


def test_a_layer_that_leaves_again_leaves_nothing_behind(canvas):
    before = len(canvas.scene.items())
    drop_layer(canvas, "Conv2D", QPointF(400, 200), leave=True)
    assert not canvas.document.network.nodes
    assert len(canvas.scene.items()) == before


def test_a_layer_dropped_on_a_wire_is_put_into_it(lenet, qtbot):
    middle = (output(lenet, "C1") + input_port(lenet, "A1")) / 2
    drop_layer(lenet, "BatchNorm", middle)
    assert ("C1", "BatchNorm", 0) in edges(lenet)
    assert ("BatchNorm", "A1", 0) in edges(lenet)
    assert ("C1", "A1", 0) not in edges(lenet)
    assert lenet.document.inference.runs
    lenet.document.undo_stack.undo()
    assert ("C1", "A1", 0) in edges(lenet)


def test_neighbours_make_room_for_an_inserted_layer(make_canvas):
    canvas = make_canvas(chain("Input", "Conv2D", "ReLU").move({"n1": (40, 40)}))
    drop_layer(canvas, "BatchNorm", (output(canvas, "Conv2D") + input_port(canvas, "ReLU")) / 2)
    rects = [item.body() for item in canvas.scene.nodes.values()]
    assert not any(one.intersects(other) for one in rects for other in rects if one is not other)


def test_what_is_dragged_shows_what_it_would_put_out(lenet):
    press_point = (output(lenet, "S2") + QPointF(40, 85))
    drop_layer(lenet, "Conv2D", press_point)
    # The run between the rows is a wire too.
    assert ("S2", "Conv2D", 0) in edges(lenet)


def test_a_foreign_drag_is_not_taken(canvas):
    data = QMimeData()
    data.setText("a text from elsewhere")
    event = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(canvas.view.viewport(), event)
    assert not event.isAccepted()
