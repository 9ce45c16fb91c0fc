"""The conversation about a problem, at its node: where, why with the numbers, and what to do, one click each."""

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from core.graph.fixes import Fix, fixes_for
from core.graph.shapes import Problem
from guibuilder.canvas.look import worst_problem
from guibuilder.canvas.style import Style
from guibuilder.document import Document
from guibuilder.theme import FIELD_RADIUS, NODE_RADIUS

_WIDTH = 400
_BELOW = 8
_INSIDE = 16


class ErrorCard(QFrame):
    """Shows the worst problem of one node. A fix is one step of undo. `node` is the id of the node it is about."""

    dismissed = Signal()

    def __init__(self, parent: QWidget, document: Document, style: Style) -> None:
        super().__init__(parent)
        self._room, self._document = parent, document
        self.node = ""
        self.problem: Problem | None = None
        self.fixes: tuple[Fix, ...] = ()
        self.buttons: list[QPushButton] = []
        self.setObjectName("card")
        self.headline, self.formula, self.more = QLabel(self), QLabel(self), QLabel(self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(_INSIDE, 12, _INSIDE, 14)
        self._column.setSpacing(6)
        for label in (self.headline, self.formula, self.more):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._column.addWidget(label)
        self.setFixedWidth(_WIDTH)
        self.restyle(style)
        self.hide()

    def restyle(self, style: Style) -> None:
        """Take another theme."""
        self._style = style
        colours = style.colours
        tone = colours.error if self.problem is None or self.problem.severity == "error" else colours.warning
        self.setStyleSheet(
            f"#card {{ background: {colours.panel}; border: 1px solid {colours.hairline};"
            f" border-radius: {NODE_RADIUS}px; }}"
            f"QLabel {{ color: {colours.text}; background: transparent; }}"
            f"#formula {{ color: {tone}; }} #more {{ color: {colours.soft}; }}"
            f"QPushButton {{ background: {colours.field}; color: {colours.accent}; border: 1px solid {colours.field};"
            f" border-radius: {FIELD_RADIUS}px; padding: 5px 10px; text-align: left; }}"
            f"QPushButton:hover, QPushButton:focus {{ border-color: {colours.accent}; }}")
        self.formula.setObjectName("formula")
        self.more.setObjectName("more")
        self.headline.setFont(style.headline)
        self.formula.setFont(style.formula)
        self.more.setFont(style.caption)
        for button in self.buttons:
            button.setFont(style.headline)

    # showing ----------------------------------------------------------------------------------------------------

    def about(self, node: str) -> bool:
        """Fill the card with the worst problem of a node; False where it has none."""
        problems = self._document.inference.problems_of(node)
        problem = worst_problem(problems)
        if problem is None:
            return False
        if (node, problem) != (self.node, self.problem):
            self.node, self.problem = node, problem
            self.fixes = fixes_for(self._document.inference, problem)
            self._fill(len(problems) - 1)
        return True

    def _fill(self, others: int) -> None:
        assert self.problem is not None
        self.headline.setText(self.problem.message)
        self.formula.setText(self.problem.formula)
        self.formula.setVisible(bool(self.problem.formula))
        for button in self.buttons:
            self._column.removeWidget(button)
            button.deleteLater()
        self.buttons = [self._button(fix) for fix in self.fixes]
        for number, button in enumerate(self.buttons):
            self._column.insertWidget(2 + number, button)
        words = [] if self.fixes else ["There is no quick fix for this; change the settings or the wires."]
        words += [f"{others} more at this layer."] if others > 0 else []
        self.more.setText(" ".join(words))
        self.more.setVisible(bool(words))
        self.restyle(self._style)
        self.setAccessibleName(self.problem.sentence())
        for label in (self.headline, self.formula, self.more):
            label.setMinimumHeight(max(0, label.heightForWidth(_WIDTH - 2 * _INSIDE)))
        self._column.activate()
        self.resize(_WIDTH, self._column.totalHeightForWidth(_WIDTH))

    def _button(self, fix: Fix) -> QPushButton:
        button = QPushButton(fix.text.replace("&", "&&"), self)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setAutoDefault(True)
        button.setAccessibleName(f"Fix: {fix.text}")
        button.clicked.connect(lambda: self._apply(fix))
        return button

    def place(self, node: QRect) -> None:
        """Show the card below a node (pixels of the parent), or above it where there is no room."""
        room = self._room.rect().adjusted(4, 4, -4, -4)
        left = max(room.left(), min(node.left() + 14, room.right() - self.width()))
        top = node.bottom() + _BELOW
        if top + self.height() > room.bottom() and node.top() - _BELOW - self.height() >= room.top():
            top = node.top() - _BELOW - self.height()
        self.move(QPoint(left, max(room.top(), min(top, room.bottom() - self.height()))))
        self.show()
        self.raise_()

    def focus_first(self) -> None:
        """Put the keyboard on the best fix."""
        if self.buttons:
            self.buttons[0].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def in_use(self) -> bool:
        """Whether the keyboard is on one of the fixes."""
        return any(button.hasFocus() for button in self.buttons)

    def forget(self) -> None:
        """Hide, and look again next time."""
        self.node, self.problem = "", None
        self.hide()

    def _apply(self, fix: Fix) -> None:
        assert self.problem is not None
        title = f"Fix {self.problem.layer}: {fix.text}"
        self.forget()
        self._document.edit(title, network=fix.network)
        self.dismissed.emit()

    # Qt ---------------------------------------------------------------------------------------------------------

    def enterEvent(self, event: QEnterEvent) -> None:
        self.raise_()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        focused = next((number for number, button in enumerate(self.buttons) if button.hasFocus()), 0)
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            self.dismissed.emit()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self.buttons:
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self.buttons[(focused + step) % len(self.buttons)].setFocus(Qt.FocusReason.TabFocusReason)
        else:
            super().keyPressEvent(event)
