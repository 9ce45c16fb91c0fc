"""A calm strip above the curves: what went wrong and what to do, how well it went, or whose figures these are."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from guibuilder.theme import Theme
from guibuilder.training.trouble import Remedy

_ICONS = {"error": ("error", "error"), "warning": ("warning", "warning"), "info": ("info", "accent"),
          "good": ("check", "good")}


class Banner(QFrame):
    """One sentence, a big number where there is one, and a button for each remedy."""

    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self._theme, self._severity = theme, "info"
        self._icon, self._figure, self._text = QLabel(), QLabel(), QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._buttons: list[QPushButton] = []
        self._said: tuple[object, ...] = ()
        self._close = QToolButton()
        self._close.setAccessibleName("Close this message")
        self._close.setToolTip("Close this message")
        self._close.setIconSize(QSize(14, 14))
        self._close.clicked.connect(self.closed)
        self._actions = QHBoxLayout()
        self._actions.setSpacing(10)
        self._actions.addStretch(1)
        self._middle = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._middle.setSpacing(2)
        self._middle.addWidget(self._text, 1)
        self._middle.addLayout(self._actions)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 6, 4)
        row.setSpacing(10)
        for widget in (self._icon, self._figure):
            row.addWidget(widget)
        row.addLayout(self._middle, 1)
        row.addWidget(self._close)
        theme.changed.connect(self._paint)
        self.hide()

    @property
    def text(self) -> str:
        """What is said now."""
        return " ".join(part for part in (self._figure.text(), self._text.text()) if part)

    @property
    def buttons(self) -> tuple[QPushButton, ...]:
        """The remedies' buttons, best first."""
        return tuple(self._buttons)

    def say(self, severity: str, text: str, remedies: tuple[Remedy, ...] = (), *, figure: str = "",
            details: str = "", closable: bool = True) -> None:
        """Show a sentence; `figure` is shown big before it, `details` are a tool tip."""
        said = (severity, text, remedies, figure, details, closable)
        if said == self._said and not self.isHidden():
            return
        self._said = said
        self._severity = severity
        self._figure.setText(figure)
        self._figure.setVisible(bool(figure))
        self._text.setText(text)
        self._text.setToolTip(details)
        self._close.setVisible(closable)
        for button in self._buttons:
            self._actions.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = [self._button(remedy) for remedy in remedies]
        self.setAccessibleName(f"{figure} {text}".strip())
        self._paint()
        self._share_room()
        self.show()

    def _share_room(self) -> None:
        """The buttons stand behind the sentence where both fit into a line, else under it."""
        text = self._text.fontMetrics().horizontalAdvance(self._text.text())
        buttons = sum(button.sizeHint().width() + 10 for button in self._buttons)
        room = self.width() - 70 - (self._figure.sizeHint().width() + 10 if self._figure.text() else 0)
        fits = text + buttons <= room or not self._buttons
        direction = QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom
        if self._middle.direction() != direction:
            self._middle.setDirection(direction)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room anew."""
        super().resizeEvent(event)
        self._share_room()

    def _button(self, remedy: Remedy) -> QPushButton:
        button = QPushButton(remedy.text)
        button.setProperty("link", True)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setToolTip(remedy.help)
        button.clicked.connect(remedy.act)
        self._actions.addWidget(button)
        return button

    def _paint(self) -> None:
        name, role = _ICONS[self._severity]
        self._icon.setPixmap(self._theme.icon(name, role).pixmap(QSize(16, 16)))
        self._close.setIcon(self._theme.icon("close"))
        self._figure.setFont(self._theme.font(20, bold=True))
        self._figure.setStyleSheet(f"font-size: {round(20 * self._theme.scale)}px; font-weight: 600")
        self.setProperty("severity", "info" if self._severity == "good" else self._severity)
        self.style().unpolish(self)
        self.style().polish(self)
