"""What the window says: a bar of one sentence with at most one action, and a report for what is a bug."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from guibuilder.theme import Theme

SEVERITIES = {"info": ("info", "accent"), "good": ("check", "good"), "warning": ("warning", "warning"),
              "error": ("error", "error")}
READING_TIME = 9_000


class MessageBar(QFrame):
    """One sentence at a time above the canvas; good news leaves by itself, bad news stays until it is read."""

    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self._theme = theme
        self._severity = "info"
        self._action: Callable[[], None] | None = None
        self._icon, self._text = QLabel(), QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._button = QPushButton()
        self._button.setProperty("link", True)
        self._button.clicked.connect(self._act)
        self._close = QToolButton()
        self._close.setAccessibleName("Close this message")
        self._close.setToolTip("Close this message")
        self._close.setIconSize(QSize(16, 16))
        self._close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 6, 8, 6)
        row.setSpacing(10)
        for widget in (self._icon, self._text, self._button, self._close):
            row.addWidget(widget, 1 if widget is self._text else 0)
        self._timer = QTimer(self, singleShot=True, interval=READING_TIME)
        self._timer.timeout.connect(self.hide)
        theme.changed.connect(self._paint)
        self.hide()

    def show_message(self, text: str, severity: str = "info", action: str = "",
                     call: Callable[[], None] | None = None) -> None:
        """Say one sentence; `action` names a button that calls `call`."""
        self._severity, self._action = severity, call
        self._text.setText(text)
        self._button.setText(action)
        self._button.setVisible(bool(action))
        self.setProperty("severity", "info" if severity == "good" else severity)
        self.setAccessibleName(text)
        self._paint()
        self.show()
        if severity in ("info", "good") and not action:
            self._timer.start()
        else:
            self._timer.stop()

    def take_back(self, text: str) -> None:
        """Say this no longer, if it is still said."""
        if text and self.text == text:
            self.hide()

    @property
    def text(self) -> str:
        """What is said now; empty where nothing is."""
        return "" if self.isHidden() else self._text.text()

    def press(self) -> None:
        """Do what the button offers, as a click would."""
        self._button.click()

    def _act(self) -> None:
        call = self._action
        self.hide()
        if call is not None:
            call()

    def _paint(self) -> None:
        name, role = SEVERITIES[self._severity]
        self._icon.setPixmap(self._theme.icon(name, role).pixmap(QSize(16, 16), self.devicePixelRatioF()))
        self._close.setIcon(self._theme.icon("close"))
        self.style().unpolish(self)
        self.style().polish(self)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.closed.emit()


class ErrorReport(QDialog):
    """What went wrong inside the program, to be read, copied and sent on."""

    def __init__(self, sentence: str, details: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("What went wrong")
        self.resize(640, 420)
        head, note = QLabel(sentence), QLabel("If it happens again, send this text to the authors.")
        head.setProperty("title", True)
        head.setWordWrap(True)
        note.setProperty("soft", True)
        self._details = QPlainTextEdit(details)
        self._details.setReadOnly(True)
        self._details.setProperty("field", True)
        self._details.setAccessibleName("Details")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        copy = buttons.addButton("Copy details", QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(10)
        for widget in (head, note, self._details, buttons):
            column.addWidget(widget)

    def copy(self) -> None:
        """Put the details on the clipboard."""
        QGuiApplication.clipboard().setText(self._details.toPlainText())
