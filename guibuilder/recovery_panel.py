"""What crashed sessions left, one line each: restore it or discard it."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from guibuilder.recovery import Left, age_text
from guibuilder.theme import Theme
from guibuilder.words import plural

# So many are shown at first: the way to a new network must not be pushed out of the window.
_FEW = 3


class RecoveryPanel(QFrame):
    """Hidden while there is nothing to offer. `restored(Left)` and `discarded(Left)` are what was pressed."""

    restored = Signal(object)
    discarded = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self.setProperty("severity", "warning")
        self._theme = theme
        self.left: list[Left] = []
        self._most = _FEW
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 10, 10, 10)
        self._rows: QWidget | None = None
        theme.changed.connect(self._build)
        self.hide()

    def show_left(self, left: list[Left]) -> None:
        """Offer these copies."""
        self.left = list(left)
        self._build()

    def _build(self) -> None:
        if self._rows is not None:
            self._column.removeWidget(self._rows)
            self._rows.hide()
            self._rows.deleteLater()
        self._rows = QWidget()
        grid = QGridLayout(self._rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        icon, head = QLabel(), QLabel("The program ended without saving. This is what it kept:")
        icon.setPixmap(self._theme.icon("warning", "warning").pixmap(QSize(16, 16)))
        head.setStyleSheet("font-weight: 600")
        grid.addWidget(icon, 0, 0)
        grid.addWidget(head, 0, 1, 1, 3)
        grid.setColumnStretch(1, 1)
        # A line that offers one more would take as much room.
        shown = len(self.left) if len(self.left) <= self._most + 1 else self._most
        for row, left in enumerate(self.left[:shown], 1):
            self._add(grid, row, left)
        hidden = len(self.left) - shown
        if hidden:
            more = _link(f"Show {hidden} more", "Show everything that was kept, the oldest last")
            more.setStyleSheet("padding-left: 0")
            more.clicked.connect(self.show_all)
            grid.addWidget(more, shown + 1, 1, Qt.AlignmentFlag.AlignLeft)
        self._column.addWidget(self._rows)
        self.setVisible(bool(self.left))

    def _add(self, grid: QGridLayout, row: int, left: Left) -> None:
        origin = f", of {left.original}" if left.original else ""
        text = QLabel(f"{left.name}: {plural(left.edits, 'edit')}, kept {age_text(left.saved)}{origin}")
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        grid.addWidget(text, row, 1)
        for column, (word, tip, press) in enumerate((
                ("Restore", "Open the copy; your own file stays as it is", self.restore),
                ("Discard", "Delete the copy for good", self.discard)), 2):
            button = _link(word, tip)
            button.setAccessibleName(f"{word} {left.name}")
            button.clicked.connect(lambda _=False, press=press: press(left))
            grid.addWidget(button, row, column)

    def show_all(self) -> None:
        """Show what there was no room for at first."""
        self._most = len(self.left)
        self._build()

    def restore(self, left: Left) -> None:
        """Offer it no longer, and open it."""
        self._take(left)
        self.restored.emit(left)

    def discard(self, left: Left) -> None:
        """Offer it no longer, and delete it."""
        self._take(left)
        self.discarded.emit(left)

    def _take(self, left: Left) -> None:
        self.left.remove(left)
        self._build()


def _link(word: str, tip: str) -> QPushButton:
    button = QPushButton(word)
    button.setProperty("link", True)
    button.setToolTip(tip)
    return button
