"""Pieces of the properties: a name that can be edited in place, a block of arithmetic, captions."""

import inspect
from collections.abc import Iterable
from html import escape

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.layers.base import Layer
from guibuilder.node_facts import Line
from guibuilder.theme import Theme


def caption(text: str) -> QLabel:
    """A small heading."""
    label = QLabel(text)
    label.setProperty("caption", True)
    label.setContentsMargins(0, 8, 0, 0)
    return label


def explanation(layer: Layer, whole: bool) -> str:
    """What a layer does: the first sentence of its docstring, or all of it."""
    paragraphs = [" ".join(part.split()) for part in (inspect.getdoc(type(layer)) or "").split("\n\n")]
    return "".join(f"<p style='margin:0 0 6px 0'>{escape(part)}</p>" for part in paragraphs[:None if whole else 1])


class Block(QLabel):
    """Lines of fixed-width arithmetic on a tinted ground."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._lines: tuple[Line, ...] = ()
        self._explained = False
        self.setProperty("block", True)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse
                                     | Qt.TextInteractionFlag.LinksAccessibleByMouse
                                     | Qt.TextInteractionFlag.LinksAccessibleByKeyboard)

    def show_lines(self, lines: Iterable[Line]) -> None:
        """Show these lines in their colours, each with where its number comes from where that is wanted."""
        self._lines = tuple(lines)
        colours = self._theme.colours
        font = self._theme.number_font(12)
        families = ", ".join(f"'{family}'" for family in font.families())
        plain = ", ".join(f"'{family}'" for family in self._theme.font().families())
        small = f"margin:0 0 6px 0; color:{colours.soft}; font-family: {plain}; font-size: {font.pixelSize() - 1}px"
        parts = []
        for line in self._lines:
            parts.append(f"<p style='margin:0; line-height:148%; color:{getattr(colours, line.role)}'>{line.html}</p>")
            if self._explained and line.why:
                parts.append(f'<p style="{small}">{escape(line.why)}</p>')
        self.setToolTip("\n\n".join(line.why for line in self._lines if line.why))
        style = f"font-family: {families}; font-size: {font.pixelSize()}px"
        self.setText(f"<style>a {{ color: {colours.accent}; text-decoration: none; }}</style>"
                     f"<div style=\"{style}\">{''.join(parts)}</div>")


    @property
    def explains(self) -> bool:
        """Whether any line can say where its number comes from."""
        return any(line.why for line in self._lines)

    def make_button(self) -> QPushButton:
        """A button that shows and hides where the numbers come from."""
        button = QPushButton("Explain these numbers")
        button.setProperty("link", True)
        button.setCheckable(True)
        button.setToolTip("Show under each number where it comes from")
        button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        button.toggled.connect(self._explain)
        return button

    def _explain(self, on: bool) -> None:
        self._explained = on
        self.show_lines(self._lines)


class _NameField(QLineEdit):
    """A title that becomes a field when it is clicked; Enter takes the name, Esc brings the old one back."""

    taken = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._name = ""
        self.setProperty("quiet", True)
        self.setMaxLength(80)
        self.setTextMargins(-2, 0, 0, 0)  # Qt keeps 2 pixels of its own
        self.textChanged.connect(self._fit)
        self.returnPressed.connect(self._enter)

    def show_name(self, name: str) -> None:
        """Show a name, unless it is being typed."""
        self._name = name
        if not (self.hasFocus() and self.isModified()):
            self.setText(name)
            self.setCursorPosition(0)

    def _fit(self) -> None:
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        width = self.fontMetrics().horizontalAdvance(self.text() or "Name") + 10
        return QSize(width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(min(60, self.sizeHint().width()), super().minimumSizeHint().height())

    def _enter(self) -> None:
        self.take()
        self.selectAll()

    def take(self) -> None:
        """Take what is typed."""
        if self.isModified() and self.text() != self._name:
            self.setModified(False)
            self.taken.emit(self.text())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.take()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.setText(self._name)
            self.setModified(False)
            self.selectAll()
        else:
            super().keyPressEvent(event)


class NameRow(QWidget):
    """Name, type in the family's colour, and a button for the whole explanation."""

    renamed = Signal(str)
    help_toggled = Signal(bool)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._family = "merge"
        self._field = _NameField()
        self._field.setAccessibleName("Name")
        self._field.setToolTip("The name; click or press F2 to change it")
        self._field.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._field.taken.connect(self.renamed)
        self._kind, self._words, self._help = QLabel(), QLabel(), QToolButton()
        self._help.setCheckable(True)
        self._help.setAccessibleName("Explain this layer")
        self._help.setToolTip("Explain this layer (F1)")
        self._help.toggled.connect(self.help_toggled)
        self._words.setProperty("wrong", True)
        self._words.setWordWrap(True)
        self._words.hide()
        row = QHBoxLayout()
        row.setSpacing(4)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._field)
        row.addWidget(self._kind)
        row.addStretch(1)
        row.addWidget(self._help)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self._words)
        theme.changed.connect(self._paint)
        self._paint()

    @property
    def help_wanted(self) -> bool:
        """Whether the whole explanation is wanted."""
        return self._help.isChecked()

    def toggle_help(self) -> None:
        """Ask for the whole explanation, or the short one again."""
        self._help.toggle()

    def show_name(self, name: str, kind: str, family: str, editable: bool) -> None:
        """Show a layer's name and type."""
        self._family = family
        self._field.show_name(name)
        self._field.setReadOnly(not editable)
        self._field.setFocusPolicy(Qt.FocusPolicy.StrongFocus if editable else Qt.FocusPolicy.NoFocus)
        self._kind.setText(kind)
        self._help.setVisible(bool(kind))
        self._paint()

    def take(self) -> None:
        """Take what is typed now, before another name is shown."""
        self._field.take()
        self._field.setModified(False)

    def say(self, text: str) -> None:
        """Words under the name, where it cannot be taken."""
        self._words.setText(text)
        self._words.setVisible(bool(text))

    def edit(self) -> None:
        """Put the cursor into the name."""
        if not self._field.isReadOnly():
            self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._field.selectAll()

    def _paint(self) -> None:
        colour = self._theme.colours.family(self._family).name()
        self._kind.setStyleSheet(f"color: {colour}; font-weight: 600")
        self._help.setIcon(self._theme.icon("help"))
