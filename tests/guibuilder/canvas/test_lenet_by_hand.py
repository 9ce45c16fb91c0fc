"""LeNet-5 from an empty canvas: by mouse events only, and by keyboard only."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from core.graph.cost import cost
from core.graph.shapes import infer
from core.templates import template
from tests.mouse import click, connect, drop_layer, input_port, key, node, output, wheel, write

LAYERS = ("Input", "Conv2D", "ReLU", "MaxPool2D", "Conv2D", "ReLU", "MaxPool2D", "Flatten", "Dense", "ReLU", "Dense",
          "ReLU", "Dense", "Softmax")
# What usually follows stands first in the list; numbers alone are meant for it.
TYPED = ("1x32x32", "6 5", "", "", "16 5", "", "", "f", "120", "", "84", "", "10", "so")


def types_in_order(network):
    return [network.nodes[key].type for key in network.order]


def wires_by_type(network):
    return [(network.nodes[edge.source].type, network.nodes[edge.target].type) for edge in network.edges]


def test_lenet_by_mouse(canvas):
    canvas.view.camera.zoom_to(1.0)
    for _ in range(3):
        wheel(canvas, canvas.view.viewport().rect().topLeft(), -1, Qt.KeyboardModifier.ControlModifier)
    for number, kind in enumerate(LAYERS):
        # Every second layer lands beside the one before and is wired by that; the others are wired by hand.
        column, row = number % 4, number // 4
        drop_layer(canvas, kind, QPointF(120 + 290 * column, 100 + 190 * row))
        network = canvas.document.network
        previous = list(network.nodes.values())[-2:][0]
        made = network.nodes[canvas.selection.ids[0]]
        if number and not network.inputs_of(made.id):
            connect(canvas, previous.name, made.name)
    network = canvas.document.network
    assert types_in_order(network) == list(LAYERS)
    assert wires_by_type(network) == wires_by_type(template("lenet5").network)
    assert canvas.document.inference.runs
    rects = [item.body() for item in canvas.scene.nodes.values()]
    assert not any(one.intersects(other) for one in rects for other in rects if one is not other)


def test_lenet_by_keyboard(canvas):
    strokes = 0
    for text in TYPED:
        key(canvas, Qt.Key.Key_Space)
        assert canvas.picker.isVisible()
        write(canvas, text)
        key(canvas, Qt.Key.Key_Return)
        assert not canvas.picker.isVisible()
        strokes += len(text) + 2
    wanted = template("lenet5").network
    network = canvas.document.network
    assert types_in_order(network) == types_in_order(wanted)
    assert wires_by_type(network) == wires_by_type(wanted)
    assert cost(infer(network)).parameters == 61_706
    assert [each.position for each in network.nodes.values()] == [each.position for each in wanted.nodes.values()]
    assert strokes <= 60


def test_the_list_can_stay_open_for_several_layers(canvas):
    key(canvas, Qt.Key.Key_Space)
    for text in ("input 1x32x32", "conv 6@5x5", "relu", "max pool"):
        write(canvas, text)
        QTest.keyClick(canvas.picker.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        assert canvas.picker.isVisible()
        assert canvas.picker.field.text() == ""
    assert types_in_order(canvas.document.network) == list(LAYERS[:4])
    assert len(canvas.document.network.edges) == 3


def test_wiring_by_keyboard(make_canvas):
    canvas = make_canvas()
    for kind in ("Input", "Conv2D", "Conv2D", "Add"):
        canvas.selection.set(())
        canvas.commands.drop_layer(kind, (40 + 230 * len(canvas.document.network.nodes), 60))
    for source, typed in (("Input", "conv2d"), ("Input", "conv2d_2"), ("Conv2D", "add"), ("Conv2D_2", "add")):
        canvas.selection.set([node(canvas, source)])
        key(canvas, Qt.Key.Key_W)
        write(canvas, typed)
        key(canvas, Qt.Key.Key_Return)
    assert len(canvas.document.network.edges) == 4
    assert canvas.document.inference.runs


def test_wiring_by_keyboard_foretells_and_refuses(make_canvas):
    canvas = make_canvas("lenet5")
    canvas.selection.set([node(canvas, "F6")])
    key(canvas, Qt.Key.Key_W)
    assert canvas.picker.shown() == []
    assert "taken or come before" in canvas.picker.foot.text()
    key(canvas, Qt.Key.Key_Escape)
    click(canvas, (output(canvas, "C1") + input_port(canvas, "A1")) / 2)
    key(canvas, Qt.Key.Key_Delete)
    canvas.selection.set([node(canvas, "C1")])
    key(canvas, Qt.Key.Key_W)
    (row,) = canvas.picker.shown()
    assert (row.title, row.result) == ("A1", "→ 6×28×28")
