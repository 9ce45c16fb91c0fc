"""A list to type into: every command, or every layer of the network; Enter does it, Esc leaves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QFocusEvent, QIcon, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from guibuilder.theme import Theme

_ENTRY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Entry:
    """One thing to choose: its words, what stands at the right (shortcut, shape), and why it cannot be done now."""

    text: str
    hint: str
    call: Callable[[], None]
    why_not: str = ""
    icon: QIcon | None = None
    also: str = ""


def matches(entry: Entry, words: Sequence[str]) -> bool:
    """Whether all words occur in an entry."""
    text = f"{entry.text} {entry.also}".casefold()
    return all(word in text for word in words)


class Finder(QFrame):
    """Floats over the window's upper part. `ask` shows it with entries; it hides itself when something was chosen."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._theme, self._over = theme, parent
        self._entries: list[Entry] = []
        self._before: QWidget | None = None
        self.field, self.list, self._note = QLineEdit(), QListWidget(), QLabel()
        self.field.setProperty("field", True)
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(self._choose)
        self.list.currentItemChanged.connect(self._explain)
        self.list.setIconSize(QSize(16, 16))
        self._note.setProperty("soft", True)
        self._note.setContentsMargins(8, 0, 8, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        for widget in (self.field, self.list, self._note):
            column.addWidget(widget)
        parent.installEventFilter(self)
        self.hide()

    def ask(self, entries: Sequence[Entry], placeholder: str) -> None:
        """Let the person choose among these entries."""
        self._before = QApplication.focusWidget()
        self._entries = list(entries)
        self.field.setPlaceholderText(placeholder)
        self.field.setAccessibleName(placeholder)
        self.list.setAccessibleName(placeholder)
        self.field.clear()
        self._filter("")
        self._place()
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def _place(self) -> None:
        width = min(self._over.width() - 40, round(560 * self._theme.scale))
        self.setFixedSize(width, min(self._over.height() - 80, round(430 * self._theme.scale)))
        self.move(QPoint((self._over.width() - width) // 2, 52))

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        found = [entry for entry in self._entries if matches(entry, words)]
        start = text.casefold().strip()
        found.sort(key=lambda entry: (bool(entry.why_not), not entry.text.casefold().startswith(start)))
        self.list.clear()
        for entry in found:
            item = QListWidgetItem(entry.text, self.list)
            item.setData(_ENTRY, entry)
            item.setSizeHint(QSize(100, round(30 * self._theme.scale)))
            if entry.icon is not None:
                item.setIcon(entry.icon)
            self._add_hint(item, entry)
        self.list.setCurrentRow(0 if found else -1)
        if not found:
            self._note.setText("Nothing found.")

    def _add_hint(self, item: QListWidgetItem, entry: Entry) -> None:
        label = QLabel(entry.hint)
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        label.setProperty("faint", True)
        label.setContentsMargins(0, 0, 10, 0)
        label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.list.setItemWidget(item, label)
        if entry.why_not:
            item.setForeground(self.palette().placeholderText())

    def _explain(self, item: QListWidgetItem | None, before: object = None) -> None:
        entry = item.data(_ENTRY) if item is not None else None
        self._note.setText("" if entry is None else (entry.why_not or entry.also))

    def _choose(self, item: QListWidgetItem | None) -> None:
        entry = item.data(_ENTRY) if item is not None else None
        if entry is None or entry.why_not:
            return
        self.leave()
        entry.call()

    def shown_texts(self) -> list[str]:
        """The entries in the list now, from top to bottom."""
        return [self.list.item(row).text() for row in range(self.list.count())]

    def leave(self) -> None:
        """Go back to where the focus was."""
        self.hide()
        if self._before is not None and self._before.isVisible():
            self._before.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._over and self.isVisible():
            self._place()
        elif isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusOut and self.isVisible():
            if event.reason() == Qt.FocusReason.MouseFocusReason:
                self.hide()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched is self.field:
            return self._key(event)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        """Up and down walk the list while the cursor stays in the field."""
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
        key = Qt.Key(event.key())
        if key in steps and self.list.count():
            row = max(0, min(self.list.count() - 1, self.list.currentRow() + steps[key]))
            self.list.setCurrentRow(row)
        elif key == Qt.Key.Key_Escape:
            self.leave()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.list.currentItem())
        else:
            return False
        return True
