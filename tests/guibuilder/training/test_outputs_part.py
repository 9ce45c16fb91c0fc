"""The outputs in the settings of a training: seen where there are several, changed by hand, undone, locked."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.graph.blocks import group
from core.graph.goals import goals_of
from core.graph.network import Edge, Network
from core.project import DataChoice, Project
from core.worker.messages import DataSeen
from guibuilder.document import Document
from guibuilder.theme import Theme
from guibuilder.training.run import TrainingRun
from guibuilder.training.settings_form import SettingsForm
from tests.core.networks import two_heads
from tests.guibuilder.parts import CLASSES, Scripted, epoch, started, tiny


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    return Document(Project(two_heads(weight=None), data=DataChoice("digits")))


@pytest.fixture
def form(document: Document, theme: Theme, run: TrainingRun, worker: Scripted, qtbot: QtBot) -> SettingsForm:
    form = SettingsForm(document, theme, run, worker)  # type: ignore[arg-type]
    qtbot.addWidget(form)
    form.resize(264, 900)
    form.show()
    return form


def weights(document: Document) -> dict[str, tuple[float, str]]:
    return {goal.name: (goal.weight, goal.loss) for goal in goals_of(document.network)}


def of(form: SettingsForm, name: str):
    """The form of one output."""
    return form.outputs.each[{label: key for key, label in form.outputs._shown}[name]]


def typed(editor, text: str) -> None:
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Qt.Key.Key_Return)


def chosen(editor, text: str) -> None:
    index = editor.findText(text)
    editor.setCurrentIndex(index)
    editor.activated.emit(index)


def _circle() -> Network:
    network = Network().add(Network().new_node("Tanh"))
    network = network.add(network.new_node("Sigmoid"))
    return replace(network, edges=(Edge("n1", "n2"), Edge("n2", "n1")))


def test_every_output_is_shown_with_its_weight(form: SettingsForm):
    assert form.outputs.isVisible()
    main = form.outputs.main.editors["main"]
    assert [main.itemText(number) for number in range(main.count())] == ["Main", "Aux"]
    assert main.currentText() == "Main"
    assert of(form, "Main").editors["weight"].text() == "1"
    assert of(form, "Aux").editors["weight"].text() == "0.3"
    assert not of(form, "Main").editors["loss"].isVisible()
    assert of(form, "Aux").editors["loss"].currentText() == "As main output"
    assert {label.text() for label in form.outputs.names.values()} == {"Main, main output", "Aux, auxiliary output"}


def test_one_output_needs_no_such_settings(form: SettingsForm, document: Document):
    document.load(tiny())
    assert not form.outputs.isVisible()
    for drawn in (Network(), group(two_heads(), list(two_heads().nodes)[1:2], "B").network.remove("n1"), _circle()):
        document.load(Project(drawn))
        assert form.outputs.isVisible() == (len(drawn.finals()) > 1)
    document.load(Project(two_heads()))
    assert form.outputs.isVisible()


def test_weight_and_loss_are_changed_by_hand_and_undone(form: SettingsForm, document: Document):
    typed(of(form, "Aux").editors["weight"], "0.5")
    assert weights(document)["Aux"] == (0.5, "cross-entropy")
    assert document.undo_stack.undoText() == "Set loss weight of Aux to 0.5"
    chosen(of(form, "Aux").editors["loss"], "Mean squares")
    assert weights(document)["Aux"] == (0.5, "mean-squares")
    typed(of(form, "Main").editors["weight"], "2")
    assert weights(document)["Main"] == (2.0, "cross-entropy")
    for _ in range(3):
        document.undo_stack.undo()
    assert weights(document) == {"Main": (1.0, "cross-entropy"), "Aux": (0.3, "cross-entropy")}
    assert of(form, "Aux").editors["weight"].text() == "0.3"


def test_a_weight_below_zero_is_refused_in_words(form: SettingsForm, document: Document):
    typed(of(form, "Aux").editors["weight"], "-1")
    assert of(form, "Aux").words_at("weight").startswith("Loss weight must be a number from 0 to")
    assert weights(document)["Aux"][0] == 0.3


def test_another_main_output_is_chosen(form: SettingsForm, document: Document):
    chosen(form.outputs.main.editors["main"], "Aux")
    assert document.undo_stack.undoText() == "Make Aux the main output"
    assert weights(document) == {"Aux": (1.0, "cross-entropy"), "Main": (0.3, "cross-entropy")}
    assert form.outputs.main.editors["main"].currentText() == "Aux"
    assert of(form, "Main").editors["loss"].isVisible()
    assert not of(form, "Aux").editors["loss"].isVisible()


def test_names_follow_the_layers(form: SettingsForm, document: Document):
    document.edit("Rename", network=document.network.rename(document.network.names["Aux"], "Helper"))
    assert "Helper, auxiliary output" in {label.text() for label in form.outputs.names.values()}
    assert of(form, "Helper").editors["weight"].accessibleName() == "Loss weight of Helper"


def test_long_names_are_shortened_and_whole_in_the_tip(form: SettingsForm, document: Document):
    name = "The auxiliary classifier behind the third inception block"
    document.edit("Rename", network=document.network.rename(document.network.names["Aux"], name))
    label = form.outputs.names[document.network.names[name]]
    assert "…" in label.text()
    assert label.toolTip().startswith(f"{name}, auxiliary output. Predictions")
    assert form.widget().minimumSizeHint().width() <= form.width()


def test_what_cannot_be_trained_is_said_at_the_output(form: SettingsForm, document: Document, worker: Scripted):
    document.load(Project(two_heads(units=12), data=DataChoice("digits")))
    samples = np.zeros((1, 1, 8, 8), np.float32)
    worker.answer(worker.last("LookAtData"), DataSeen("digits", "Digits", (1, 8, 8), CLASSES, 9, 9, samples, ("0",)))
    assert of(form, "Aux").words_at("weight") == f"Aux puts out 12 numbers, but the data has {len(CLASSES)} classes."
    typed(of(form, "Aux").editors["weight"], "0")
    assert of(form, "Aux").words_at("weight") == ""
    typed(of(form, "Main").editors["weight"], "0")
    assert of(form, "Main").words_at("weight") == "All outputs have the weight 0, so nothing can be learned."


def test_outputs_in_blocks_can_be_changed_too(form: SettingsForm, document: Document):
    inside = [document.network.names[name] for name in ("AuxFlat", "AuxDense", "Aux")]
    document.edit("Group", network=group(document.network, inside, "Head").network)
    typed(of(form, "Head/Aux").editors["weight"], "0.1")
    assert weights(document)["Head/Aux"] == (0.1, "cross-entropy")


def test_while_a_training_goes_on_they_are_locked(form: SettingsForm, run: TrainingRun, worker: Scripted):
    run.start()
    worker.tell(started())
    assert run.active
    editors = [editor for each in form.outputs.forms for editor in each.editors.values()]
    assert not any(editor.isEnabled() for editor in editors)
    run.stop()


def test_other_weights_are_no_other_network(form: SettingsForm, document: Document, run: TrainingRun):
    run.network = document.network
    run.figures.show((epoch(1),))
    typed(of(form, "Aux").editors["weight"], "0.2")
    assert not run.stale


@pytest.mark.parametrize("name", ["Main", "Aux"])
def test_every_editor_has_a_tip_and_a_name(form: SettingsForm, name: str):
    for label, editor in of(form, name).editors.items():
        assert editor.toolTip()
        assert editor.accessibleName().endswith(f"of {name}"), label
