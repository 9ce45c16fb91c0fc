"""What a screen reader finds on the canvas."""

import subprocess
import sys

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible

from tests.mouse import body, key, node

NAME, DESCRIPTION = QAccessible.Text.Name, QAccessible.Text.Description


@pytest.fixture(autouse=True)
def reader():
    """Someone listens."""
    QAccessible.setActive(True)
    yield
    QAccessible.setActive(False)


def face(canvas):
    return QAccessible.queryAccessibleInterface(canvas.view)


def names(canvas):
    found = face(canvas)
    return [found.child(number).text(NAME) for number in range(found.childCount())]


def test_every_node_is_there_by_name(lenet):
    assert face(lenet).role() == QAccessible.Role.List
    found = names(lenet)
    assert len(found) == 14
    assert found[1] == ("Conv2D C1, 6 of 5×5, stride 1, output 6×28×28, 156 parameters, from Input, to A1")


def test_a_problem_is_spoken(lenet):
    lenet.document.edit("Kernel", network=lenet.document.network.change(node(lenet, "C3"), kernel=15))
    (text,) = [each for each in names(lenet) if each.startswith("Conv2D C3")]
    assert "output unknown" in text
    assert "1 problem: C3 needs at least 15×15 but gets 14×14: (14 − 15)/1 + 1 = 0" in text


def test_the_selected_node_is_the_focus(lenet):
    lenet.view.setFocus()
    lenet.selection.set([node(lenet, "C1")])
    key(lenet, Qt.Key.Key_Right)
    chosen = face(lenet).focusChild()
    assert chosen.text(NAME).startswith("ReLU A1")
    assert chosen.state().selected
    assert not face(lenet).child(0).state().selected
    assert lenet.view.accessibleDescription().startswith("ReLU A1")


def test_nodes_lie_where_they_are_seen(lenet):
    area = face(lenet).child(1).rect()
    at = lenet.view.viewport().mapToGlobal(lenet.view.mapFromScene(body(lenet, "C1")))
    assert area.contains(at)
    assert face(lenet).childAt(at.x(), at.y()).text(NAME).startswith("Conv2D C1")
    corner = lenet.view.viewport().mapToGlobal(QPoint(2, 2))
    assert face(lenet).childAt(corner.x(), corner.y()) is None


def test_removed_nodes_leave_the_list(lenet):
    kept = names(lenet)
    gone = face(lenet).child(2)
    lenet.document.edit("Delete", network=lenet.document.network.remove(gone.key))
    assert len(names(lenet)) == len(kept) - 1
    lenet.document.undo_stack.undo()
    assert names(lenet) == kept


def test_the_canvas_says_how_large_the_network_is(canvas, make_canvas):
    assert canvas.view.accessibleName() == "Network, 0 layers"
    assert "Space adds one" in canvas.view.accessibleDescription()
    other = make_canvas("lenet5")
    assert other.view.accessibleName() == "Network, 14 layers"
    other.commands.select_all()
    assert other.view.accessibleDescription() == "14 layers selected"


STORY = """
import gc, sys
from PySide6.QtCore import QEvent
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication
app = QApplication([])
QAccessible.setActive(True)
from core.templates import template
from guibuilder.canvas.canvas import Canvas
from guibuilder.document import Document, Selection
from guibuilder.theme import Theme
for number in range(6):
    document = Document(template("mlp"))
    canvas = Canvas(document, Selection(document), Theme())
    canvas.show()
    canvas.view.setFocus()
    face = QAccessible.queryAccessibleInterface(canvas.view)
    assert [face.child(each).text(QAccessible.Text.Name) for each in range(face.childCount())]
    canvas.commands.go("right")
    document.edit("Delete", network=document.network.remove("n3"))
    gc.collect()
    if number < 5:
        del face
        canvas.close()
        canvas.deleteLater()
        del canvas, document
        app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        app.processEvents()
        gc.collect()
print("told")
"""


def test_windows_come_and_go_and_the_program_ends_well():
    """Who deletes what between Python and Qt shows only when the process ends."""
    result = subprocess.run([sys.executable, "-c", STORY], capture_output=True, text=True, check=False, timeout=60)
    assert (result.returncode, result.stdout) == (0, "told\n"), result.stderr
