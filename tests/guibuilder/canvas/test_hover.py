"""What a cursor that only looks is told."""

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from guibuilder.canvas.hits import NOTHING, Part, hit_at
from guibuilder.canvas.hover import explanation
from tests.mouse import NONE, body, input_port, move, node, on_screen, output


def test_every_part_can_be_grasped(lenet):
    middle = (output(lenet, "C1") + input_port(lenet, "A1")) / 2
    found = {
        Part.OUTPUT: output(lenet, "C1") + QPointF(9, 8), Part.INPUT: input_port(lenet, "C1") - QPointF(9, 8),
        Part.NODE: body(lenet, "C1"), Part.WIRE: middle, Part.EMPTY: middle + QPointF(0, 60),
        Part.WIRE_END: input_port(lenet, "A1") - QPointF(20, 0),
    }
    assert {part: hit_at(lenet.scene, point).part for part, point in found.items()} == {part: part for part in found}


def test_targets_stay_large_when_the_drawing_is_small(lenet):
    for zoom in (1.0, 0.5):
        reach = 11 / zoom
        assert hit_at(lenet.scene, output(lenet, "C1") + QPointF(reach, 0), zoom).part is Part.OUTPUT
        assert hit_at(lenet.scene, input_port(lenet, "C1") - QPointF(reach, 0), zoom).part is Part.INPUT


def test_from_far_away_a_node_is_only_a_node(lenet):
    lenet.view.camera.zoom_to(0.25)
    assert hit_at(lenet.scene, output(lenet, "C1") - QPointF(3, 0), 0.25).part is Part.NODE
    lenet.view.camera.zoom_to(0.5)
    assert hit_at(lenet.scene, output(lenet, "C1") - QPointF(3, 0), 0.5).part is Part.OUTPUT


def test_the_wire_back_is_grasped_along_its_run_and_not_inside_its_bow(lenet):
    edge = next(item for item in lenet.scene.edges.values() if item.edge.source == node(lenet, "S2"))
    label = edge.route.label
    assert hit_at(lenet.scene, label).edge == edge.edge
    assert hit_at(lenet.scene, label - QPointF(0, 30)) == NOTHING


def test_ports_grow_and_wires_brighten_under_the_cursor(lenet):
    plain = lenet.grab().toImage()
    move(lenet, output(lenet, "C1"), NONE)
    assert lenet.view.viewport().cursor().shape() == Qt.CursorShape.CrossCursor
    grown = lenet.grab().toImage()
    assert grown != plain
    middle = (output(lenet, "C1") + input_port(lenet, "A1")) / 2
    move(lenet, middle, NONE)
    edge = next(item for item in lenet.scene.edges.values() if item.edge.source == node(lenet, "C1"))
    assert edge.hovered
    assert edge.label.isVisible()
    move(lenet, middle + QPointF(0, 60), NONE)
    assert not edge.hovered
    assert lenet.grab().toImage() == plain


def test_a_node_explains_itself_with_its_arithmetic(lenet):
    hit = hit_at(lenet.scene, body(lenet, "C1"))
    words = explanation(lenet.document, hit)
    assert "in 1×32×32" in words
    assert "(32 − 5)/1 + 1 = 28" in words
    assert "(5·5·1 + 1)·6 = 156 parameters" in words


def test_names_are_no_markup(lenet):
    lenet.document.edit("Rename", network=lenet.document.network.rename(node(lenet, "C1"), "<b>x"))
    words = explanation(lenet.document, hit_at(lenet.scene, body(lenet, "<b>x")))
    assert "&lt;b>x" in words


def test_wires_and_ports_explain_themselves(lenet):
    middle = (output(lenet, "C1") + input_port(lenet, "A1")) / 2
    assert "C1 → A1: 6×28×28" in explanation(lenet.document, hit_at(lenet.scene, middle))
    assert "Drag to another layer" in explanation(lenet.document, hit_at(lenet.scene, output(lenet, "C1")))
    assert "move or remove" in explanation(lenet.document, hit_at(lenet.scene, input_port(lenet, "C1")))
    assert explanation(lenet.document, NOTHING) == ""


def test_the_tool_tip_comes_by_itself(lenet):
    at = on_screen(lenet, body(lenet, "C1"))
    event = QHelpEvent(QHelpEvent.Type.ToolTip, at, lenet.view.viewport().mapToGlobal(at))
    QApplication.sendEvent(lenet.view.viewport(), event)
    assert "Conv2D" in QToolTip.text()
    QToolTip.hideText()
    assert lenet.view.hit(QPoint(3, 3)) == NOTHING
