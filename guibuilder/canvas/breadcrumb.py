"""The way into an open block, above the canvas: "LeNet-5 › Stem"; each step leads back."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from guibuilder.document import Document
from guibuilder.theme import Theme


class Breadcrumb(QWidget):
    """Hidden while the whole network is shown. `left(levels)` asks to go back by so many blocks."""

    left = Signal(int)

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._theme = document, theme
        self.setObjectName("breadcrumb")
        self.setAccessibleName("Open block")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 4, 12, 4)
        self._row.setSpacing(4)
        self.steps: list[QToolButton] = []
        self._shown: tuple[str, ...] = ()
        document.changed.connect(self.refresh)
        theme.changed.connect(self.rebuild)
        self.setVisible(False)

    def names(self) -> tuple[str, ...]:
        """The network and the blocks around what is shown."""
        return (self._document.project.network.name, *self._document.block_names)

    def refresh(self, *_: object) -> None:
        """Show the way as it is."""
        if self.names() != self._shown:
            self.rebuild()

    def rebuild(self) -> None:
        """Make all steps anew."""
        self._shown = self.names()
        while self._row.count():
            item = self._row.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.steps = []
        last = len(self._shown) - 1
        for number, name in enumerate(self._shown):
            self._row.addWidget(self._step(name, last - number))
            if number < last:
                self._row.addWidget(self._mark())
        self._row.addStretch(1)
        self._row.addWidget(self._hint())
        self.setAccessibleDescription(" › ".join(self._shown))
        self.setVisible(last > 0)

    def _step(self, name: str, levels: int) -> QWidget:
        shown = name if len(name) <= 32 else name[:31] + "…"
        if not levels:
            label = QLabel(shown)
            label.setFont(self._theme.font(13, bold=True))
            label.setToolTip(f"What lies inside {name}")
            return label
        button = QToolButton()
        button.setText(shown.replace("&", "&&"))
        button.setAutoRaise(True)
        button.setFont(self._theme.font(13))
        button.setToolTip(f"Back to {name}")
        button.setAccessibleName(f"Back to {name}")
        button.clicked.connect(partial(self.left.emit, levels))
        self.steps.append(button)
        return button

    def _mark(self) -> QWidget:
        label = QLabel("›")
        label.setContentsMargins(0, 0, 4, 0)
        label.setFont(self._theme.font(13))
        label.setProperty("soft", True)
        return label

    def _hint(self) -> QWidget:
        label = QLabel("Esc goes back")
        label.setFont(self._theme.font(11))
        label.setProperty("faint", True)
        return label
