"""The first thing that is seen: templates to start from, files to go on with, and work that was not saved."""

from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from core.graph.cost import cost
from core.graph.expand import expanded
from core.graph.network import Network
from core.graph.shapes import infer
from core.templates import TEMPLATES, template
from guibuilder.card import Card
from guibuilder.file_button import FileButton
from guibuilder.properties_parts import caption
from guibuilder.recent import RecentFiles
from guibuilder.recovery_panel import RecoveryPanel
from guibuilder.theme import Theme
from guibuilder.thumbnail import thumbnail

IN_CLASS = ("lenet5", "classroom-cnn", "mlp", "vgg-small", "googlenet-small", "resnet-small", "lenet5-1998")
EMPTY = ""
SIDE_WIDTH = 264


class StartScreen(QScrollArea):
    """Says what was chosen: `template_chosen(name)` (empty: nothing drawn yet), `file_chosen(path)`, `open_pressed`."""

    template_chosen = Signal(str)
    file_chosen = Signal(object)
    open_pressed = Signal()
    left = Signal()

    def __init__(self, theme: Theme, recent: RecentFiles, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("startScreen")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._theme, self._recent = theme, recent
        self._waiting: list[str] = []
        self.recovery = RecoveryPanel(theme)
        self.cards = {name: self._card(name) for name in (*IN_CLASS, EMPTY, *self._published())}
        self._grid, self._large, self._files = QGridLayout(), QGridLayout(), QVBoxLayout()
        self._side = QFrame()
        self._lay_out()
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._draw_next)
        recent.changed.connect(self._show_recent)
        theme.changed.connect(self._draw_again)
        self._show_recent()

    def _published(self) -> list[str]:
        """The large networks of the literature, which are looked at rather than trained here."""
        return [name for name in TEMPLATES if name not in IN_CLASS]

    def _card(self, name: str) -> Card:
        if name == EMPTY:
            card = Card(self._theme, "Empty network", "Start from nothing and put layers together yourself.")
        else:
            card = Card(self._theme, TEMPLATES[name].title, TEMPLATES[name].about, name in IN_CLASS)
        card.clicked.connect(lambda: self.template_chosen.emit(name))
        return card

    def _lay_out(self) -> None:
        content = QWidget()
        content.setMaximumWidth(round(1180 * self._theme.scale))
        title, hint = QLabel("What would you like to build?"), QLabel(
            "New here? Open <b>LeNet-5</b>, press <b>Train</b>, and watch it learn to read handwritten digits. "
            "Change anything you like: every step can be undone.")
        title.setStyleSheet("font-size: 26px; font-weight: 600")
        hint.setProperty("soft", True)
        hint.setWordWrap(True)
        for grid in (self._grid, self._large):
            grid.setSpacing(14)
        left, row = QVBoxLayout(), QHBoxLayout()
        left.setSpacing(10)
        left.addWidget(caption("Start from a network"))
        left.addLayout(self._grid)
        left.addSpacing(10)
        left.addWidget(caption("Networks from the literature"))
        left.addLayout(self._large)
        left.addStretch(1)
        row.setSpacing(36)
        row.addLayout(left, 1)
        row.addWidget(self._make_side())
        column = QVBoxLayout(content)
        column.setContentsMargins(36, 30, 36, 24)
        column.setSpacing(8)
        for widget in (title, hint, self.recovery):
            column.addWidget(widget)
        column.addSpacing(6)
        column.addLayout(row)
        column.addStretch(1)
        outer = QWidget()
        around = QHBoxLayout(outer)
        around.setContentsMargins(0, 0, 0, 0)
        around.addStretch(1)
        around.addWidget(content, 100)
        around.addStretch(1)
        self.setWidget(outer)

    def _make_side(self) -> QWidget:
        side = self._side
        side.setFixedWidth(round(SIDE_WIDTH * self._theme.scale))
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(caption("Go on with a file"))
        open_button = QPushButton("Open …")
        open_button.setToolTip("Open a project, a network or an ONNX file (Ctrl+O)")
        open_button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        open_button.clicked.connect(self.open_pressed)
        column.addSpacing(4)
        column.addWidget(open_button)
        column.addSpacing(8)
        column.addLayout(self._files)
        note = QLabel("Or drop a file anywhere on this window.")
        note.setProperty("faint", True)
        note.setWordWrap(True)
        column.addSpacing(8)
        column.addWidget(note)
        column.addStretch(1)
        return side

    # recent files -----------------------------------------------------------------------------------------------

    def _show_recent(self) -> None:
        while (item := self._files.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for path in self._recent.paths()[:8]:
            self._files.addWidget(self._file_button(path))

    def _file_button(self, path: Path) -> FileButton:
        button = FileButton(self._theme, path)
        button.clicked.connect(lambda: self.file_chosen.emit(path))
        return button

    # thumbnails -------------------------------------------------------------------------------------------------

    def _draw_again(self) -> None:
        self._waiting = [name for name in self.cards if name in (*IN_CLASS, EMPTY) or not self.cards[name].figures]
        if self.isVisible():
            self._timer.start()

    def _draw_next(self) -> None:
        """One thumbnail per round of the event loop, so that the window is there first."""
        if not self._waiting:
            # The layout may have settled after the first pictures were drawn.
            self._waiting = [name for name in (*IN_CLASS, EMPTY) if self.cards[name].lacks_picture()]
        if not self._waiting:
            self._timer.stop()
            return
        name = self._waiting.pop(0)
        if name in self._published():
            self.cards[name].show_figures(_figures(template(name).network))
            return
        card, network, figures = self.cards[name], Network(), "a blank canvas"
        if name != EMPTY:
            project = template(name)
            network = project.network
            figures = _figures(network)
        size, ratio = card.picture_size(), self.devicePixelRatioF()
        if size.isEmpty():  # the cards have not found their places yet
            self._waiting.append(name)
            return
        card.show_picture(thumbnail(network, size, self._theme.colours, ratio), figures)

    def _arrange_cards(self) -> None:
        room = self.viewport().width() - 72 - self._side.width() - 36
        columns = max(1, min(3, room // round(196 * self._theme.scale)))
        for grid, names in ((self._grid, (*IN_CLASS, EMPTY)), (self._large, self._published())):
            for place, name in enumerate(names):
                grid.addWidget(self.cards[name], place // columns, place % columns)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange_cards()
        self._draw_again()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw_again()
        if event.spontaneous() is False:
            self._show_recent()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def focus_first(self) -> None:
        """Put the focus on the first template, and show the page from its top."""
        QTimer.singleShot(0, lambda: self.verticalScrollBar().setValue(0))
        next(iter(self.cards.values())).setFocus(Qt.FocusReason.OtherFocusReason)

    def sizeHint(self) -> QSize:
        return QSize(900, 600)


def _figures(network: Network) -> str:
    found = cost(infer(network))
    return f"{len(expanded(network).nodes)} layers · {found.parameters:,} parameters"
