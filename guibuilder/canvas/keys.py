"""Which key does what while the canvas has the focus; everything here is a method of `CanvasActions` too."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from guibuilder.canvas.actions import CanvasActions
from guibuilder.canvas.view import NetworkView

KEYS: Mapping[str, tuple[str, tuple[object, ...]]] = {
    "Left": ("go", ("left",)), "Right": ("go", ("right",)), "Up": ("go", ("up",)), "Down": ("go", ("down",)),
    "Shift+Left": ("extend", ("left",)), "Shift+Right": ("extend", ("right",)),
    "Shift+Up": ("extend", ("up",)), "Shift+Down": ("extend", ("down",)),
    "Alt+Right": ("step", (True,)), "Alt+Left": ("step", (False,)), "Alt+>": ("step", (True,)),
    "Alt+<": ("step", (False,)), "Alt+Up": ("turn", (-1,)), "Alt+Down": ("turn", (1,)),
    "Ctrl+Left": ("nudge", (-1, 0)), "Ctrl+Right": ("nudge", (1, 0)),
    "Ctrl+Up": ("up", ()), "Ctrl+Down": ("nudge", (0, 1)),
    "Ctrl+Shift+Left": ("nudge", (-5, 0)), "Ctrl+Shift+Right": ("nudge", (5, 0)),
    "Ctrl+Shift+Up": ("nudge", (0, -5)), "Ctrl+Shift+Down": ("nudge", (0, 5)),
    "W": ("wire", ()), "Return": ("edit_parameters", ()), "Enter": ("edit_parameters", ()), "F2": ("rename", ()),
    "Ctrl+.": ("show_fixes", ()),
    "Del": ("delete", ()), "Backspace": ("delete", ()), "Ctrl+Del": ("delete_and_reconnect", ()),
    "Ctrl+Backspace": ("delete_and_reconnect", ()),
    "Ctrl+A": ("select_all", ()), "Ctrl+[": ("select_upstream", ()), "Ctrl+]": ("select_downstream", ()),
    "Ctrl+C": ("copy", ()), "Ctrl+X": ("cut", ()), "Ctrl+V": ("paste", ()), "Ctrl+Shift+V": ("paste_with_inputs", ()),
    "Ctrl+D": ("duplicate", ()), "Ctrl+B": ("bypass", ()), "Ctrl+L": ("freeze", ()), "Ctrl+Shift+A": ("arrange", ()),
    "Home": ("fit_all", ()), "Shift+1": ("fit_all", ()), "Shift+!": ("fit_all", ()), ".": ("fit_selection", ()),
    "Shift+2": ("fit_selection", ()), "Ctrl+0": ("zoom_reset", ()), "Ctrl++": ("zoom_in", ()),
    "Ctrl+=": ("zoom_in", ()), "Ctrl+Shift++": ("zoom_in", ()), "Ctrl+-": ("zoom_out", ()),
    "Ctrl+G": ("group", ()), "Ctrl+Shift+G": ("ungroup", ()), "]": ("open_block", ()), "[": ("close_block", ()),
    "M": ("toggle_minimap", ()), "Esc": ("escape", ()),
}


class Keys:
    """Answers the view's key presses."""

    def __init__(self, view: NetworkView, actions: CanvasActions) -> None:
        self._view, self._actions = view, actions
        view.keys = self.press

    def press(self, event: QKeyEvent) -> bool:
        """Do what a key stands for; False where it stands for nothing."""
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if not plain and event.key() == Qt.Key.Key_Space:
            # A tap opens the search, on release; held down, Space pans.
            self._view.space_held = self._view.space_held or not event.isAutoRepeat()
            return True
        if not plain and event.key() == Qt.Key.Key_X:
            self._view.slicing = True
            return True
        found = KEYS.get(sequence_of(event))
        if found is None:
            return False
        getattr(self._actions, found[0])(*found[1])
        return True


def sequence_of(event: QKeyEvent) -> str:
    """The key press as shortcuts are written: "Ctrl+Shift+V"."""
    plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    code = QKeySequence(plain.value | event.key())
    return code.toString(QKeySequence.SequenceFormat.PortableText)
