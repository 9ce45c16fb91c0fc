"""Forms with real key presses: one editor per kind, words at the field, Esc, several values."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.layers import LAYERS
from core.settings import settings_of
from core.train.options import TrainOptions
from guibuilder.editors import ChoiceField, SwitchField, TextField, make_editor
from guibuilder.forms import Form


@pytest.fixture
def form(qtbot):
    form = Form(settings_of(LAYERS["Conv2D"]).values())
    qtbot.addWidget(form)
    form.show()
    form.activateWindow()
    form.got = []
    form.changed.connect(lambda name, value: form.got.append((name, value)))
    return form


def retype(editor, text):
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, text)


def test_each_kind_has_its_editor(form):
    kinds = {setting.kind: type(make_editor(setting, form))
             for owner in (*LAYERS.values(), TrainOptions) for setting in settings_of(owner).values()}
    assert kinds.pop("bool") is SwitchField
    assert kinds.pop("choice") is ChoiceField
    assert set(kinds.values()) == {TextField}


def test_typing_applies_by_itself_after_a_pause(form, qtbot):
    retype(form.editors["filters"], "16")
    assert form.got == []
    qtbot.waitUntil(lambda: form.got == [("filters", 16)])
    retype(form.editors["kernel"], "5")
    QTest.keyClick(form.editors["kernel"], Qt.Key.Key_Return)
    assert form.got[-1] == ("kernel", (5, 5))


def test_a_wrong_value_is_said_at_the_field_and_escape_brings_the_old_one_back(form, qtbot):
    kernel = form.editors["kernel"]
    retype(kernel, "big")
    qtbot.waitUntil(lambda: bool(form.words_at("kernel")))
    assert form.words_at("kernel") == ("Kernel must be one whole number from 1 to 1,024, or two (height, width), not "
                                       "“big”. It is still 3 × 3.")
    assert kernel.property("wrong") is True
    QTest.keyClick(kernel, Qt.Key.Key_Escape)
    assert kernel.text() == "3 × 3"
    assert form.words_at("kernel") == ""
    assert form.got == []


def test_nothing_is_said_while_a_value_is_unfinished(form, qtbot):
    retype(form.editors["kernel"], "5×")
    QTest.qWait(300)
    assert form.words_at("kernel") == ""
    form.editors["filters"].setFocus()
    assert form.editors["kernel"].text() == "3 × 3"


def test_arrows_and_the_wheel_step(form):
    filters = form.editors["filters"]
    filters.setFocus()
    QTest.keyClick(filters, Qt.Key.Key_Up)
    QTest.keyClick(filters, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert form.got == [("filters", 9), ("filters", 1)]
    wheel(filters, 120)
    assert form.got[-1] == ("filters", 2)
    form.editors["bias"].setFocus()
    wheel(filters, 120)
    assert len(form.got) == 3


def wheel(widget, by):
    centre = QPointF(widget.rect().center())
    event = QWheelEvent(centre, widget.mapToGlobal(centre), QPoint(), QPoint(0, by), Qt.MouseButton.NoButton,
                        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(widget, event)


def test_the_small_arrows_can_be_clicked(form):
    filters = form.editors["filters"]
    QTest.mouseClick(filters, Qt.MouseButton.LeftButton, pos=QPoint(filters.width() - 8, 5))
    QTest.mouseClick(filters, Qt.MouseButton.LeftButton, pos=QPoint(filters.width() - 8, filters.height() - 5))
    assert form.got == [("filters", 9), ("filters", 8)]


def test_switch_and_choice(form):
    QTest.mouseClick(form.editors["bias"], Qt.MouseButton.LeftButton)
    init = form.editors["kernel_init"]
    init.setFocus()
    QTest.keyClick(init, Qt.Key.Key_Up)
    assert form.got == [("bias", False), ("kernel_init", "xavier-normal")]


def test_showing_values_emits_nothing(form):
    form.show_values({"filters": 32, "bias": False, "kernel_init": "zeros", "kernel": (7, 7), "no such": 1})
    assert form.got == []
    assert form.editors["filters"].text() == "32"
    assert form.editors["kernel_init"].currentText() == "Zeros"


def test_several_values_stay_until_one_is_typed(form, qtbot):
    for name in ("filters", "bias", "kernel_init"):
        form.show_several(name)
    assert form.editors["filters"].placeholderText() == "several values"
    form.editors["filters"].setFocus()
    QTest.keyClick(form.editors["filters"], Qt.Key.Key_Return)
    assert form.got == []
    QTest.keyClicks(form.editors["filters"], "8")
    QTest.keyClick(form.editors["filters"], Qt.Key.Key_Return)
    QTest.mouseClick(form.editors["bias"], Qt.MouseButton.LeftButton)
    assert [name for name, _ in form.got] == ["filters", "bias"]
    assert form.got[0][1] == 8


def test_entering_another_field_begins_another_step_of_undo(form):
    sessions = []
    for name in ("stride", "kernel", "bias", "kernel_init"):
        form.editors[name].setFocus()
        sessions.append(form.session)
    assert sessions == sorted(set(sessions))


def test_rows_can_be_hidden_and_words_put_at_a_field(form):
    form.set_row_visible("groups", False)
    assert not form.editors["groups"].isVisible()
    form.say("groups", "does not divide")
    assert form.words_at("groups") == "does not divide"
    form.set_row_visible("groups", True)
    assert form.editors["groups"].isVisible()


def test_every_editor_is_named_and_explained(form):
    for name, editor in form.editors.items():
        setting = settings_of(LAYERS["Conv2D"])[name]
        assert editor.accessibleName() == setting.label
        assert setting.help in editor.toolTip()
