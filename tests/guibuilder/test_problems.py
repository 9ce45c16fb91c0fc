"""The list of problems: rows, fixes, stepping, the friendly empty state."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from guibuilder.problems import ProblemsPanel, waiting_for


@pytest.fixture
def panel(document, selection, theme, qtbot):
    panel = ProblemsPanel(document, selection, theme)
    qtbot.addWidget(panel)
    panel.resize(900, 260)
    panel.show()
    panel.shown = []
    panel.revealed.connect(panel.shown.append)
    return panel


def change(document, name, **settings):
    document.edit("change", network=document.network.change(document.network.names[name], **settings))


def texts(panel):
    return [child.text() for child in panel.widget().findChildren(QLabel)]


def test_without_problems_it_says_so_kindly(panel):
    assert panel.title == "Problems 0"
    assert panel.rows == []
    assert any(text.startswith("No problems.") for text in texts(panel))


def test_a_problem_is_named_with_its_numbers_and_who_waits(panel, document):
    change(document, "C3", kernel=15)
    assert panel.title == "Problems 1"
    assert panel.rows[0].accessibleName() == ("Error: C3 needs at least 15×15 but gets 14×14: (14 − 15)/1 + 1 = 0")
    assert waiting_for(document.inference, document.inference.problems[0]) == 9
    assert "9 layers after C3 wait for its size." in texts(panel)


def test_a_fix_is_one_click_and_one_undo(panel, document, qtbot):
    before = document.network
    change(document, "C3", kernel=15)
    qtbot.waitUntil(lambda: bool(panel.rows[0].fixes))
    button = panel.rows[0].fixes[0]
    assert button.text() == "Kernel 5×5 → 16×10×10"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert document.inference.runs
    assert panel.rows == []
    document.undo_stack.undo()
    assert panel.title == "Problems 1"
    document.undo_stack.undo()
    assert document.network == before


def test_a_fix_is_made_for_the_drawing_as_it_is_when_pressed(panel, document, qtbot):
    change(document, "C3", kernel=15)
    qtbot.waitUntil(lambda: bool(panel.rows[0].fixes))
    change(document, "F6", units=50)
    QTest.mouseClick(panel.rows[0].fixes[0], Qt.MouseButton.LeftButton)
    assert document.inference.runs
    assert document.network.nodes[document.network.names["F6"]].layer.units == 50


def test_nobody_looks_for_fixes_behind_a_hidden_panel(panel, document, monkeypatch, qtbot):
    asked = []
    monkeypatch.setattr("guibuilder.problems.fixes_for", lambda *given: asked.append(given) or ())
    panel.hide()
    change(document, "C3", kernel=15)
    qtbot.wait(200)
    assert asked == []
    panel.show()
    qtbot.waitUntil(lambda: len(asked) == 1)


def test_a_click_or_enter_goes_to_the_layer(panel, document, selection):
    change(document, "C3", kernel=15)
    QTest.mouseClick(panel.rows[0], Qt.MouseButton.LeftButton)
    assert selection.only == document.network.names["C3"]
    assert panel.shown[-1] == selection.only
    assert panel.rows[0].property("current") is True
    selection.set([])
    QTest.keyClick(panel.rows[0], Qt.Key.Key_Return)
    assert selection.only == document.network.names["C3"]


def two_problems(document):
    """C1 and F6 cannot run: two roots, two problems."""
    network = document.network
    change(document, "C1", groups=5)
    edge = next(edge for edge in network.edges if edge.target == network.names["F6"])
    document.edit("cut", network=document.network.disconnect(edge))


def test_stepping_goes_on_from_the_selected_layer_and_round(panel, document, selection):
    two_problems(document)
    names = document.network.names
    layers = [problem.layer for problem in document.inference.problems]
    assert {"C1", "F6"} <= set(layers)
    visited = []
    for _ in layers:
        panel.step(1)
        visited.append(document.network.nodes[selection.only].name)
    assert visited == layers
    panel.step(1)
    assert selection.only == names[layers[0]]
    selection.set([names["A1"]])
    panel.step(-1)
    assert selection.only == names["C1"]
    panel.step(-1)
    assert selection.only == names[layers[layers.index("C1") - 1]]


def test_the_best_fix_is_that_of_the_selected_layer(panel, document, selection):
    two_problems(document)
    selection.set([document.network.names["F6"]])
    assert panel.apply_best()
    assert document.network.inputs_of(document.network.names["F6"])
    assert any(problem.layer == "C1" for problem in document.inference.problems)


def test_nothing_to_fix(panel, document):
    assert panel.best_fix() is None
    assert not panel.apply_best()
    panel.step(1)
    assert document.undo_stack.count() == 0


def test_nothing_drawn_yet_is_no_problem(panel, document):
    document.edit("clear", network=document.network.remove(*document.network.nodes))
    assert panel.title == "Problems 0"
    assert any(text.startswith("Nothing is drawn yet.") for text in texts(panel))


def test_many_problems_stay_readable(panel, document):
    network = document.network
    for _ in range(80):
        network = network.add(network.new_node("ReLU"))
    document.edit("many", network=network)
    assert len(panel.rows) == 60
    assert panel.title.startswith("Problems 8")
    panel.step(-1)
