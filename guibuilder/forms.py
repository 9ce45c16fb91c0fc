"""A form from declared settings: per row a label, an editor with help one hover away, and words where it is wrong."""

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from core.settings import Setting
from guibuilder.editors import Editor, make_editor
from guibuilder.fields import help_text
from guibuilder.text_field import TextField

LABEL_WIDTH = 104
ROW = 32


class Form(QWidget):
    """Editors for settings, in their order. `changed(name, value)` carries checked values only.

    `session` grows whenever an editor is entered: changes of one name in one session belong to one step of undo.
    """

    changed = Signal(str, object)
    said = Signal(str, str)

    def __init__(self, settings: Iterable[Setting], parent: QWidget | None = None,
                 label_width: int = LABEL_WIDTH) -> None:
        super().__init__(parent)
        self.session = 0
        self.editors: dict[str, Editor] = {}
        self._rows: dict[str, int] = {}
        self._labels: dict[str, QLabel] = {}
        self._words: dict[str, QLabel] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnMinimumWidth(0, label_width)
        for setting in settings:
            self._add(setting)

    def _add(self, setting: Setting) -> None:
        row = self._grid.rowCount()
        label, editor, words = QLabel(setting.label), make_editor(setting), QLabel()
        label.setToolTip(help_text(setting))
        label.setBuddy(editor)
        label.setProperty("soft", True)
        words.setProperty("wrong", True)
        words.setWordWrap(True)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words.hide()
        editor.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        editor.setMinimumWidth(60)
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(editor, row, 1)
        self._grid.addWidget(words, row + 1, 0, 1, 2)
        self.editors[setting.name], self._labels[setting.name], self._words[setting.name] = editor, label, words
        self._rows[setting.name] = row
        self._grid.setRowMinimumHeight(row, self._row_height(setting.name))
        editor.edited.connect(lambda value, name=setting.name: self.changed.emit(name, value))
        editor.said.connect(lambda text, name=setting.name: self._say(name, text))
        editor.entered.connect(self._enter)

    def changeEvent(self, event: QEvent) -> None:
        """With larger text the rows grow."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            for name, editor in self.editors.items():
                if not editor.isHidden():
                    self._grid.setRowMinimumHeight(self._rows[name], self._row_height(name))

    def _row_height(self, name: str) -> int:
        return max(ROW, self.editors[name].sizeHint().height() + 5)

    def _enter(self) -> None:
        self.session += 1

    def _say(self, name: str, text: str) -> None:
        words = self._words[name]
        words.setText(text)
        words.setVisible(bool(text))
        self.said.emit(name, text)

    def say(self, name: str, text: str) -> None:
        """Put words under an editor, for what only the network knows to be wrong; empty takes them away."""
        self._say(name, text)

    def words_at(self, name: str) -> str:
        """What is said under an editor now."""
        return self._words[name].text()

    def finish(self) -> None:
        """Take what is half typed, before the form goes."""
        for editor in self.editors.values():
            if isinstance(editor, TextField):
                editor.finish()

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Show these values; nothing is emitted."""
        for name, value in values.items():
            if name in self.editors:
                self.editors[name].show_value(value)

    def show_several(self, name: str) -> None:
        """Say that one setting has several values."""
        self.editors[name].show_several()

    def set_row_visible(self, name: str, visible: bool) -> None:
        """Show or hide one setting, such as momentum for an optimizer that has none."""
        for widget in (self._labels[name], self.editors[name]):
            widget.setVisible(visible)
        self._words[name].setVisible(visible and bool(self._words[name].text()))
        row = self._rows[name]
        self._grid.setRowMinimumHeight(row, self._row_height(name) if visible else 0)
