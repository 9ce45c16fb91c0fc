"""Hands that do anything at all: nothing breaks, nothing is left behind, and everything can be undone."""

import random

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from guibuilder.canvas.scene import NetworkScene
from tests.mouse import ALT, CTRL, LEFT, MIDDLE, PLAIN, SHIFT, drop_layer, glide, key, wheel

KEYS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Space, Qt.Key.Key_Return,
        Qt.Key.Key_Escape, Qt.Key.Key_Delete, Qt.Key.Key_W, Qt.Key.Key_M, Qt.Key.Key_Home, Qt.Key.Key_F2,
        Qt.Key.Key_C, Qt.Key.Key_V, Qt.Key.Key_D, Qt.Key.Key_B, Qt.Key.Key_L, Qt.Key.Key_A, Qt.Key.Key_Period)
MODIFIERS = (PLAIN, PLAIN, PLAIN, ALT, CTRL, SHIFT)
LAYERS = ("Conv2D", "ReLU", "Dense", "Add", "Flatten", "Input")


def spot(canvas, dice):
    """A pixel of the viewport, often at something."""
    area = canvas.view.viewport().rect()
    if canvas.scene.nodes and dice.random() < 0.7:
        item = canvas.scene.nodes[dice.choice(sorted(canvas.scene.nodes))]
        near = dice.choice((item.output_at(), item.input_at(0), item.body().center(), item.body().topRight()))
        at = canvas.view.mapFromScene(near)
        if area.contains(at):
            return at
    return QPoint(dice.randrange(area.width()), dice.randrange(area.height()))


def stroke(canvas, dice):
    """Press, move, let go."""
    button, modifiers = dice.choice((LEFT, LEFT, LEFT, MIDDLE)), dice.choice(MODIFIERS)
    viewport, at = canvas.view.viewport(), spot(canvas, dice)
    QTest.mousePress(viewport, button, modifiers, at)
    for _ in range(dice.randrange(6)):
        at = spot(canvas, dice)
        glide(canvas, at, button, modifiers)
    if dice.random() < 0.1:
        key(canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(viewport, button, modifiers, at)


def act(canvas, dice):
    """Anything."""
    choice = dice.random()
    if choice < 0.55:
        stroke(canvas, dice)
    elif choice < 0.8:
        key(canvas, dice.choice(KEYS), dice.choice(MODIFIERS))
    elif choice < 0.88:
        point = canvas.view.mapToScene(spot(canvas, dice))
        drop_layer(canvas, dice.choice(LAYERS), point, dice.choice(MODIFIERS), leave=dice.random() < 0.2)
    elif choice < 0.94:
        wheel(canvas, spot(canvas, dice), dice.choice((-2, -1, 1, 2)), dice.choice((PLAIN, CTRL)))
    else:
        stack = canvas.document.undo_stack
        stack.undo() if dice.random() < 0.6 else stack.redo()
    if len(canvas.document.network.nodes) > 30:
        canvas.commands.select_all()
        canvas.commands.delete()


@pytest.mark.parametrize("seed", range(6))
def test_random_hands(make_canvas, seed):
    canvas, dice = make_canvas("classroom-cnn"), random.Random(seed)
    start = canvas.document.network
    for _ in range(150):
        act(canvas, dice)
        assert not canvas.document.network.on_cycle
    canvas.view.cancel()
    canvas.picker.dismiss()
    canvas.commands.select_none()
    canvas.scene.select_edges(())
    again = NetworkScene(canvas.document, canvas.selection, canvas.scene.theme)
    assert canvas.scene.picture() == again.picture()
    shown = {item for item in canvas.scene.items() if item.parentItem() is None}
    assert shown == {*canvas.scene.nodes.values(), *canvas.scene.edges.values()}, "no shadow, wire or band is left"
    assert all(item.opacity() == 1 for item in canvas.scene.nodes.values())
    while canvas.document.undo_stack.canUndo():
        canvas.document.undo_stack.undo()
    assert canvas.document.network == start
