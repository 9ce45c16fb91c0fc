"""Hands for tests: real mouse, wheel, key and drag events, sent to the canvas as Qt sends them."""

import itertools
from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.graph.network import Edge, Network
from guibuilder.canvas.canvas import Canvas
from guibuilder.mime import layer_data

LEFT, MIDDLE, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.NoButton
PLAIN, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
STEPS = 5


def node(canvas: Canvas, name: str) -> str:
    """The id of the node with this name."""
    return canvas.document.network.names[name]


def body(canvas: Canvas, name: str) -> QPointF:
    """A point of a node that is neither port nor badge."""
    return canvas.scene.nodes[node(canvas, name)].body().center()


def output(canvas: Canvas, name: str) -> QPointF:
    """The output port of a node."""
    return canvas.scene.nodes[node(canvas, name)].output_at()


def input_port(canvas: Canvas, name: str, port: int = 0) -> QPointF:
    """An input port of a node."""
    return canvas.scene.nodes[node(canvas, name)].input_at(port)


def on_screen(canvas: Canvas, point: QPointF) -> QPoint:
    """A point of the canvas in pixels of the viewport; it must be seen."""
    at = canvas.view.mapFromScene(point)
    assert canvas.view.viewport().rect().contains(at), f"{point} is out of sight"
    return at


def press(canvas: Canvas, point: QPointF, button=LEFT, modifiers=PLAIN) -> None:
    """Press a button at a point of the canvas."""
    QTest.mousePress(canvas.view.viewport(), button, modifiers, on_screen(canvas, point))


def move(canvas: Canvas, point: QPointF, button=LEFT, modifiers=PLAIN) -> None:
    """Move the mouse, with a button held (NONE: only hovering)."""
    at = canvas.view.mapFromScene(point)
    glide(canvas, at, button, modifiers)


def glide(canvas: Canvas, at: QPoint, button=LEFT, modifiers=PLAIN) -> None:
    """Move the mouse to a pixel of the viewport."""
    place = QPointF(at)
    world = QPointF(canvas.view.viewport().mapToGlobal(at))
    event = QMouseEvent(QEvent.Type.MouseMove, place, world, NONE, button, modifiers)
    QApplication.sendEvent(canvas.view.viewport(), event)


def release(canvas: Canvas, point: QPointF, button=LEFT, modifiers=PLAIN) -> None:
    """Let a button go."""
    QTest.mouseRelease(canvas.view.viewport(), button, modifiers, canvas.view.mapFromScene(point))


def click(canvas: Canvas, point: QPointF, button=LEFT, modifiers=PLAIN) -> None:
    """Press and release."""
    press(canvas, point, button, modifiers)
    release(canvas, point, button, modifiers)


def double_click(canvas: Canvas, point: QPointF) -> None:
    """The four events of a double click."""
    click(canvas, point)
    QTest.mouseDClick(canvas.view.viewport(), LEFT, PLAIN, on_screen(canvas, point))
    release(canvas, point)


def drag(canvas: Canvas, points: Iterable[QPointF], button=LEFT, modifiers=PLAIN) -> None:
    """Press at the first point, go by the others in small steps, let go at the last."""
    way = list(points)
    press(canvas, way[0], button, modifiers)
    for start, end in itertools.pairwise(way):
        for step in range(1, STEPS + 1):
            move(canvas, start + (end - start) * step / STEPS, button, modifiers)
    release(canvas, way[-1], button, modifiers)


def connect(canvas: Canvas, source: str, target: str, port: int = 0) -> None:
    """Draw a wire from output to input."""
    drag(canvas, [output(canvas, source), input_port(canvas, target, port)])


def drop_layer(canvas: Canvas, kind: str, point: QPointF, modifiers=PLAIN, leave: bool = False) -> None:
    """Drag a layer from elsewhere over the canvas and drop it with its middle at a point (or leave again)."""
    viewport, data = canvas.view.viewport(), layer_data(kind)
    copy = Qt.DropAction.CopyAction
    end = on_screen(canvas, point)
    start = QPoint(2, end.y())
    QApplication.sendEvent(viewport, QDragEnterEvent(start, copy, data, LEFT, modifiers))
    for step in range(1, STEPS + 1):
        at = start + (end - start) * step / STEPS
        QApplication.sendEvent(viewport, QDragMoveEvent(at, copy, data, LEFT, modifiers))
    if leave:
        QApplication.sendEvent(viewport, QDragLeaveEvent())
    else:
        QApplication.sendEvent(viewport, QDropEvent(QPointF(end), copy, data, LEFT, modifiers))


def wheel(canvas: Canvas, at: QPoint, notches: float, modifiers=PLAIN) -> None:
    """Turn the wheel at a pixel of the viewport."""
    world = QPointF(canvas.view.viewport().mapToGlobal(at))
    event = QWheelEvent(QPointF(at), world, QPoint(), QPoint(0, round(120 * notches)), NONE, modifiers,
                        Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(canvas.view.viewport(), event)


def key(canvas: Canvas, code: Qt.Key, modifiers=PLAIN) -> None:
    """Type a key into whatever has the focus on the canvas."""
    target = next((each for each in (canvas.rename, canvas.picker.field, *canvas.card.buttons) if each.hasFocus()),
                  canvas.view)
    QTest.keyClick(target, code, modifiers)


def write(canvas: Canvas, text: str) -> None:
    """Type a text into the search field or the name field, whichever is open."""
    QTest.keyClicks(canvas.rename if canvas.rename.isVisible() else canvas.picker.field, text)


def edges(canvas: Canvas) -> set[tuple[str, str, int]]:
    """The wires by name: (source, target, port)."""
    network = canvas.document.network
    return {(network.nodes[each.source].name, network.nodes[each.target].name, each.port) for each in network.edges}


def chain(*kinds: str, wired: bool = True) -> Network:
    """A network of layers four to a row, 224 pixels apart, named by their types."""
    network = Network()
    for number, kind in enumerate(kinds):
        fresh = network.new_node(kind, (80 + 224 * (number % 4), 80 + 170 * (number // 4)))
        network = network.add(fresh)
        if wired and number:
            network = network.connect(Edge(f"n{number}", fresh.id, 0))
    return network
