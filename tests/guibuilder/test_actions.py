"""The table of actions: menus and keys are complete, nothing collides, everything can be called on any document."""

from collections import Counter

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication

from core.templates import template
from guibuilder.action_kit import plain
from guibuilder.actions import ACTIONS, MENUS
from guibuilder.canvas.keys import KEYS

NOT_IN_TESTS = {"quit", "open", "save", "save-as", "export", "picture", "data-file", "data-folder", "log",
                "full-screen", "presentation"}


def names_in_menus():
    return [name for entries in MENUS.values() for entry in entries if entry
            for name in ([entry] if isinstance(entry, str) else entry[1])]


def test_every_action_is_in_a_menu():
    assert set(names_in_menus()) == set(ACTIONS)


def test_no_key_means_two_things(window):
    actions = window.commands.actions
    keys = Counter(key.toString() for action in actions.by_name.values() for key in action.shortcuts())
    assert [key for key, count in keys.items() if count > 1] == []
    assert all(QKeySequence(key).toString() for key in keys)


def test_keys_of_the_window_mean_the_same_on_the_canvas(window):
    """Where both know a key, the window's shortcut wins, so it must not be about something else."""
    known = {key.toString(): name for name, action in window.commands.actions.by_name.items()
             for key in action.shortcuts()}
    same = {"delete_and_reconnect": "delete-reconnect", "paste_with_inputs": "paste-inputs", "zoom_reset": "zoom-100",
            "show_fixes": "quick-fix"}
    for key, (method, _) in KEYS.items():
        if key in known:
            assert same.get(method, method.replace("_", "-")) == known[key], key


@pytest.mark.parametrize("title", sorted(MENUS))
def test_marks_for_the_keyboard_differ_within_a_menu(title):
    texts = [ACTIONS[entry].text if isinstance(entry, str) else entry[0] for entry in MENUS[title] if entry]
    marks = Counter(text[text.index("&") + 1].lower() for text in texts if "&" in text)
    assert [mark for mark, count in marks.items() if count > 1] == []
    assert all(plain(text) for text in texts)


def call_all(window, left_out):
    """Do every action once, and close what opens."""
    for name in ACTIONS:
        if name not in left_out:
            window.commands.actions.do(name)
            QApplication.processEvents()
            for page in QApplication.topLevelWidgets():
                if page is not window and page.isVisible():
                    page.close()


def test_every_action_can_be_called_on_an_empty_document(window, qtbot):
    QApplication.clipboard().clear()
    call_all(window, NOT_IN_TESTS)
    assert not window.commands.document.network.nodes


def test_every_action_can_be_called_with_a_layer_selected(lenet, qtbot):
    parts = lenet.commands
    parts.files.ask_to_save = lambda: "cancel"
    for layer in ("Input", "C3", "Softmax"):
        parts.document.load(template("lenet5"))
        parts.selection.set([parts.document.network.names[layer]])
        call_all(lenet, NOT_IN_TESTS | {"train", "batch", "epoch", "new-empty"})
    assert parts.document.network.nodes


def test_what_cannot_be_done_is_grey_and_says_why(window, qtbot):
    actions = window.commands.actions
    actions.refresh()
    for name, reason in (("undo", "Nothing to undo."), ("delete", "The network is empty."), ("rename", "Select one"),
                         ("stop", "No training is going on."), ("quick-fix", "There is nothing to fix.")):
        assert not actions.by_name[name].isEnabled()
        assert reason in actions.by_name[name].toolTip()
    assert "The network is empty" in actions.by_name["train"].toolTip()


def test_what_can_be_done_follows_the_document(lenet, qtbot):
    parts, actions = lenet.commands, lenet.commands.actions.by_name
    qtbot.waitUntil(actions["train"].isEnabled)
    assert not actions["undo"].isEnabled()
    parts.selection.set([parts.document.network.names["C1"]])
    qtbot.waitUntil(actions["duplicate"].isEnabled)
    parts.actions.do("delete")
    qtbot.waitUntil(lambda: actions["undo"].text() == "&Undo Delete C1")
    assert not actions["train"].isEnabled()
    assert actions["quick-fix"].isEnabled()
    parts.document.undo_stack.undo()
    qtbot.waitUntil(lambda: actions["redo"].text() == "&Redo Delete C1")


def test_checks_show_what_is_shown(lenet, qtbot):
    actions = lenet.commands.actions
    actions.do("palette")
    actions.do("theme-dark")
    actions.refresh()
    assert not actions.by_name["palette"].isChecked()
    assert actions.by_name["theme-dark"].isChecked()
    assert not actions.by_name["theme-light"].isChecked()
    actions.do("theme-system")


def test_tips_name_the_keys(window):
    window.commands.actions.refresh()
    assert "Ctrl+E" in window.commands.actions.by_name["export"].toolTip()
    assert window.commands.actions.keys("redo") == "Ctrl+Shift+Z or Ctrl+Y"
    assert window.commands.actions.keys("fit") == "Home"
