"""The selected layer's filters in one small block, for the foot of the properties panel."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from core.layers.base import Array
from core.project import fitting
from core.worker.messages import Seen
from guibuilder.background import Worker
from guibuilder.document import Change, Document, Selection
from guibuilder.inspection.base import trained_words
from guibuilder.inspection.filters import filter_words
from guibuilder.pictures.mosaic import GAP, Mosaic, fit
from guibuilder.theme import Theme
from guibuilder.viewing import viewing_of

MOST = 64
LARGEST_CELL = 42.0
_WAITING = "not trained yet"


class FiltersPreview(QWidget):
    """Shows the document's weights, the live ones while it trains, and nothing at all for layers without filters."""

    def __init__(self, document: Document, selection: Selection, theme: Theme, worker: Worker,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._selection = document, selection
        self._viewing = viewing_of(document, selection, worker)
        self._note = ""
        caption = QLabel("Filters")
        caption.setProperty("caption", True)
        head = QHBoxLayout()
        head.addWidget(caption)
        self.mosaic = Mosaic(theme, surface=True, what="filter")
        self.mosaic.largest = LARGEST_CELL
        self.mosaic.setAccessibleName("Filters")
        self.words = QLabel()
        self.words.setProperty("faint", True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        head.addWidget(self.words, 1, Qt.AlignmentFlag.AlignRight)
        column.addLayout(head)
        column.addWidget(self.mosaic)
        self.mosaic.hovered.connect(self._hover)
        selection.changed.connect(self.refresh)
        document.changed.connect(self._follow)
        self._viewing.seen.connect(self._seen)
        self.refresh()

    def refresh(self, *_: object) -> None:
        """The weights of the selected layer in the document; without any, those it would start from are asked for."""
        key = self._selection.only
        node = self._document.network.nodes.get(key) if key is not None else None
        if node is None or node.type != "Conv2D":
            self.hide()
            return
        project = self._document.project
        known = fitting(project.network, project.weights, self._document.whole)
        weights = known.get(f"{self._document.speaker(node.id)}.weight")
        self._note = "" if weights is not None else _WAITING
        self._show(weights if weights is not None else np.zeros((0, 1, 1, 1), np.float32))
        self._viewing.ask_soon()

    def _follow(self, change: Change) -> None:
        if change.touched("weights") or change.touched("network"):
            self.refresh()

    def _seen(self, seen: Seen) -> None:
        key = self._selection.only
        if not self.isVisible() or key is None or seen.filters is None:
            return
        if self._document.speaker(key) == seen.layer:
            self._note = trained_words(self._document, seen)
            self._show(seen.filters)

    def _show(self, weights: Array) -> None:
        values = np.asarray(weights[:MOST, 0])
        self.mosaic.set_values(values, filter_words(values))
        self._hover("")
        self._fit()
        self.show()

    def _fit(self) -> None:
        """As high as the filters need at this width, two rows at most; with room for two before any came."""
        count, height, width = self.mosaic.shape
        room = 2 * LARGEST_CELL + GAP
        columns, cell = fit(count, height / width, self.width(), room, LARGEST_CELL) if count else (1, LARGEST_CELL)
        rows = -(-count // columns) if count else 1
        self.mosaic.setFixedHeight(round(rows * (cell * height / width + GAP)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the height to the width."""
        super().resizeEvent(event)
        self._fit()

    def _hover(self, words: str) -> None:
        self.words.setText(words or self._note)

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks: follow a training live."""
        super().showEvent(event)
        self._viewing.want(self, True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks any more."""
        super().hideEvent(event)
        self._viewing.want(self, False)
