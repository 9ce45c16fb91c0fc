"""Which pictures to train on: data sets by name, files and folders of one's own, and what was understood of them."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QShowEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.data.load import DatasetInfo, describe
from core.layers.base import describe as shape_words
from core.worker.messages import DataSeen, LookAtData
from guibuilder.background import Worker
from guibuilder.document import Change, Document
from guibuilder.text_field import paint_arrow
from guibuilder.theme import Theme
from guibuilder.training.samples import Samples

FILES = "Data (*.npz *.csv *.gz *.tar.gz);;All files (*)"


class DataCombo(QComboBox):
    """The list of data sets; the wheel changes it only while it has the focus."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("field", True)
        self.setAccessibleName("Data")
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolling past does not change the data."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The field and its arrow."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        faint = self.palette().color(QPalette.ColorRole.PlaceholderText)
        paint_arrow(painter, QPointF(self.width() - 13, self.height() / 2), 4, faint)


class DataPanel(QWidget):
    """A combo of known data sets, a button for one's own, the figures, and some pictures with their classes."""

    understood = Signal()

    def __init__(self, document: Document, theme: Theme, worker: Worker, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._theme, self._worker = document, theme, worker
        self._known = {info.name: info for info in describe()}
        self._asked = 0
        self._seen_source = ""
        self.seen: DataSeen | None = None
        self.combo = DataCombo()
        self.combo.activated.connect(self._chosen)
        self.open = QToolButton()
        self.open.setProperty("filled", True)
        self.open.setAccessibleName("Open your own data")
        self.open.setToolTip("Open your own pictures: a folder with one sub-folder per class, or an .npz, .csv or "
                             "IDX file")
        self.open.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.open.setMenu(self._menu())
        self.facts, self.samples = QLabel(), Samples(theme)
        self.facts.setWordWrap(True)
        self.facts.setProperty("soft", True)
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        self.fetch = QPushButton("Fetch now")
        self.fetch.setProperty("link", True)
        self.fetch.clicked.connect(self._load)
        self.fetch.hide()
        self._lay_out()
        document.changed.connect(self._follow)
        worker.progress.connect(self._progress)
        theme.changed.connect(self._paint)
        self._paint()
        self._show()

    def _lay_out(self) -> None:
        caption = QLabel("Data")
        caption.setProperty("caption", True)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.combo, 1)
        row.addWidget(self.open)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(caption)
        column.addLayout(row)
        column.addWidget(self.samples)
        column.addWidget(self.facts)
        column.addWidget(self.fetch, 0, Qt.AlignmentFlag.AlignLeft)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction("Folder of pictures …", self._open_folder)
        menu.addAction("File …", self._open_file)
        return menu

    # choosing ---------------------------------------------------------------------------------------------------

    def choose(self, source: str) -> None:
        """Train on these pictures from now on: a name, a file or a folder."""
        project = self._document.project
        if source and source != project.data.source:
            self._document.edit(f"Choose data {Path(source).name}", data=replace(project.data, source=source),
                                progress={}, state={})

    def _chosen(self, place: int) -> None:
        self.choose(str(self.combo.itemData(place)))

    def _open_folder(self) -> None:
        self.choose(QFileDialog.getExistingDirectory(self, "A folder with one sub-folder of pictures per class"))

    def _open_file(self) -> None:
        self.choose(QFileDialog.getOpenFileName(self, "Open data", "", FILES)[0])

    # showing ----------------------------------------------------------------------------------------------------

    def _follow(self, change: Change) -> None:
        if change.touched("data"):
            self._show()

    def _show(self) -> None:
        source = self._document.project.data.source
        self.combo.clear()
        for name, info in self._known.items():
            self.combo.addItem(info.title, name)
            self.combo.setItemData(self.combo.count() - 1, _about(info), Qt.ItemDataRole.ToolTipRole)
        if source not in self._known:
            self.combo.addItem(Path(source).name or source, source)
            self.combo.setItemData(self.combo.count() - 1, source, Qt.ItemDataRole.ToolTipRole)
        self.combo.setCurrentIndex(self.combo.findData(source))
        self._look()

    def showEvent(self, event: QShowEvent) -> None:
        """Look at the data as soon as somebody can see it."""
        super().showEvent(event)
        self._look()

    def _look(self) -> None:
        """Ask the worker to load the data, unless that would mean a download nobody asked for."""
        source = self._document.project.data.source
        if source == self._seen_source or not self.isVisible():
            return
        self._seen_source, self.seen = source, None
        self.fetch.hide()
        self.samples.show_samples(None)
        info = self._known.get(source)
        if info is not None and not info.available:
            self.facts.setText(f"{_about(info)}. Not on this computer yet: fetched once, now or when training starts.")
            self.fetch.show()
            return
        self._load()

    def _load(self) -> None:
        """Load the data, fetching it where needed."""
        source, seed = self._seen_source, self._document.project.options.seed
        self.fetch.hide()
        self.facts.setText("Looking at the pictures …")
        self._asked = self._worker.ask(LookAtData(0, source, seed), partial(self._understood, source),
                                       partial(self._refused, source))

    def _understood(self, source: str, seen: DataSeen) -> None:
        if source != self._seen_source:
            return
        self.seen = seen
        if source in self._known:
            self._known[source] = replace(self._known[source], available=True)
        self.samples.show_samples(seen)
        known = self._known.get(self._seen_source)
        head = "" if known is not None else f"{seen.title}: "
        self.facts.setText(f"{head}{seen.train:,} pictures to train, {seen.test:,} to test, "
                           f"{len(seen.classes):,} classes, {shape_words(seen.shape)}.")
        self.facts.setToolTip("\n".join(seen.notes))
        self.understood.emit()

    def _refused(self, source: str, message: str, details: str) -> None:
        if source == self._seen_source:
            self.facts.setText(message)
            self._seen_source = ""

    def _progress(self, number: int, text: str, done: int, total: int) -> None:
        if number == self._asked and self.seen is None:
            self.facts.setText(f"{text}: {done:,} of {total:,}" if total else f"{text} …")

    def _paint(self) -> None:
        self.open.setIcon(self._theme.icon("open", "text"))
        self.open.setIconSize(QSize(16, 16))


def _about(info: DatasetInfo) -> str:
    return (f"{info.train:,} pictures to train, {info.test:,} to test, {len(info.classes):,} classes, "
            f"{shape_words(info.shape)}")
