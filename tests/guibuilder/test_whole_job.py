"""The main job from end to end, with a real worker: LeNet drawn by hand, trained, undone to the first byte."""

import contextlib
import io
import random

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.errors import CoreError
from core.formats.native import write_project
from core.graph.network import Edge
from core.templates import template
from guibuilder.background import Worker
from guibuilder.document import Document
from guibuilder.main_window import MainWindow
from guibuilder.theme import Theme
from tests.mouse import body, click, connect, drop_layer, key, wheel, write

LAYERS = ("Input", "Conv2D", "ReLU", "MaxPool2D", "Conv2D", "ReLU", "MaxPool2D", "Flatten", "Dense", "ReLU", "Dense",
          "ReLU", "Dense", "Softmax")
MINUTES = 300_000


@pytest.fixture
def real_window(fresh_settings, qtbot):
    """An empty window on the worker process that people use."""
    worker = Worker()
    window = MainWindow(Theme(), Document(), worker)
    qtbot.addWidget(window, before_close_func=lambda closing: setattr(closing.state, "leaving", True))
    window.resize(1440, 900)
    window.show()
    worker.warm()
    qtbot.wait(50)
    yield window
    worker.stop()
    window.commands.autosave.forget()


def turn(field, notches):
    """Turn the wheel over a field, notch by notch."""
    field.setFocus()
    middle = QPointF(field.rect().center())
    for _ in range(abs(notches)):
        step = QPoint(0, 120 if notches > 0 else -120)
        event = QWheelEvent(middle, QPointF(field.mapToGlobal(middle.toPoint())), QPoint(), step,
                            Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase,
                            False)
        QApplication.sendEvent(field, event)


def field_of(window, name):
    """The editor of one setting of the selected layer."""
    return window.commands.properties.node_page.form.editors[name]


def wait_for_training(window, qtbot):
    """Until the run is over; gives the last epoch."""
    run = window.commands.run
    qtbot.waitUntil(lambda: len(window.commands.document.project.history) > 0 and not run.active, timeout=MINUTES)
    return window.commands.document.project.history[-1]


def test_lenet_by_mouse_only_ends_trained(real_window, qtbot):
    canvas, document = real_window.commands.canvas, real_window.commands.document
    canvas.view.camera.zoom_to(1.0)
    for _ in range(3):
        wheel(canvas, canvas.view.viewport().rect().topLeft(), -1, Qt.KeyboardModifier.ControlModifier)
    wanted = {1: {"filters": 6, "kernel": 5}, 4: {"filters": 16, "kernel": 5}, 8: {"units": 120}, 10: {"units": 84}}
    for number, kind in enumerate(LAYERS):
        drop_layer(canvas, kind, QPointF(120 + 290 * (number % 4), 100 + 190 * (number // 4)))
        made = document.network.nodes[canvas.selection.ids[0]]
        if number and not document.network.inputs_of(made.id):
            connect(canvas, list(document.network.nodes.values())[-2].name, made.name)
        click(canvas, body(canvas, made.name))
        for name, value in wanted.get(number, {}).items():
            now = document.network.nodes[made.id].layer.values()[name]
            turn(field_of(real_window, name), value - (now[0] if isinstance(now, list) else now))
    network = document.network
    assert [network.nodes[each].type for each in network.order] == list(LAYERS)
    shapes = document.inference.shapes
    assert [shapes[each] for each in network.order if network.nodes[each].type == "Dense"] == [(120,), (84,), (10,)]
    assert [shapes[each] for each in network.order if network.nodes[each].type == "Conv2D"] == [(6, 24, 24), (16, 8, 8)]
    qtbot.waitUntil(real_window.commands.header.train.isEnabled)
    QTest.mouseClick(real_window.commands.header.train, Qt.MouseButton.LeftButton)
    assert wait_for_training(real_window, qtbot).train_accuracy > 0.9
    assert document.project.weights


def test_lenet_by_keyboard_only_ends_trained(real_window, qtbot):
    canvas, document = real_window.commands.canvas, real_window.commands.document
    canvas.view.setFocus()
    for text in ("1x32x32", "6 5", "", "", "16 5", "", "", "f", "120", "", "84", "", "10", "so"):
        key(canvas, Qt.Key.Key_Space)
        write(canvas, text)
        key(canvas, Qt.Key.Key_Return)
    assert real_window.commands.document.inference.runs
    qtbot.waitUntil(real_window.commands.header.train.isEnabled)
    QTest.keyClick(canvas.view, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert wait_for_training(real_window, qtbot).train_accuracy > 0.9
    assert sum(array.size for array in document.project.weights.values()) == 61_706


def file_of(document):
    """The bytes that saving would write."""
    held = io.BytesIO()
    write_project(document.project, held)
    return held.getvalue()


def test_a_thousand_edits_are_undone_and_redone_to_the_byte(qapp):
    document, rng = Document(template("resnet-small")), random.Random(7)
    first, made = file_of(document), 0
    while made < 1000:
        with contextlib.suppress(CoreError):
            before = document.undo_stack.count()
            _edit(document, rng)
            made += document.undo_stack.count() > before
    last = file_of(document)
    assert last != first
    while document.undo_stack.canUndo():
        document.undo_stack.undo()
    assert file_of(document) == first
    while document.undo_stack.canRedo():
        document.undo_stack.redo()
    assert file_of(document) == last


def _edit(document, rng):
    """One random edit of any part of the document, as a person might make it."""
    network, keys = document.network, list(document.network.nodes)
    node = rng.choice(keys)
    action = rng.choice(("add", "connect", "cut", "change", "move", "rename", "remove", "notes", "epochs"))
    if action == "notes":
        document.edit("Notes", notes=f"note {rng.random()}")
    elif action == "epochs":
        options = document.project.options
        document.edit("Epochs", options=type(options)(**{**options.values(), "epochs": rng.randint(1, 99)}))
    elif action == "add":
        fresh = network.new_node(rng.choice(["Conv2D", "Dense", "ReLU", "Add"]), (rng.randint(0, 900), 40.5))
        document.edit("Add", network=network.add(fresh))
    elif action == "connect":
        document.edit("Wire", network=network.connect(Edge(rng.choice(keys), node, network.free_port(node) or 0)))
    elif action == "cut" and network.edges:
        document.edit("Cut", network=network.disconnect(rng.choice(network.edges)))
    elif action == "change":
        document.edit("Freeze", network=network.change(node, frozen=not network.nodes[node].layer.frozen))
    elif action == "move":
        document.edit("Move", network=network.move({node: (rng.randint(0, 900), rng.randint(0, 900))}))
    elif action == "rename":
        document.edit("Rename", network=network.rename(node, f"Layer {rng.randint(0, 500)}"))
    elif action == "remove" and len(keys) > 4:
        document.edit("Delete", network=network.remove(node))
