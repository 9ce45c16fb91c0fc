"""What the selected layer sees on the picture that is looked at, live; a column beside the curves."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from core.worker.messages import Seen
from guibuilder.document import Document
from guibuilder.pictures.layer_view import LayerView
from guibuilder.pictures.thumbnail import InputPicture
from guibuilder.theme import Theme
from guibuilder.viewing import Viewing, is_trained

LARGEST_CELL = 150.0


class LiveMaps(QWidget):
    """"C1 on this picture" with its maps, and a line for the number under the mouse."""

    def __init__(self, document: Document, theme: Theme, viewing: Viewing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._viewing = document, viewing
        self.caption, self.words = QLabel(), QLabel()
        self.caption.setProperty("caption", True)
        self.words.setProperty("faint", True)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.picture = InputPicture(theme, 24)
        self.view = LayerView(theme)
        self.view.mosaic.largest = LARGEST_CELL
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.caption)
        column.addWidget(self.view, 1)
        foot = QHBoxLayout()
        foot.setSpacing(6)
        foot.addWidget(self.picture)
        foot.addWidget(self.words, 1)
        column.addLayout(foot)
        self.view.hovered.connect(self._hover)
        viewing.seen.connect(self._seen)
        viewing.said.connect(self._said)
        viewing.layer_changed.connect(self._named)
        self.picture.hide()
        self._named()

    def ask(self) -> None:
        """Ask again, for there is something new to be seen."""
        self._viewing.ask_soon()

    def _named(self) -> None:
        self.caption.setText(f"{self._viewing.layer} on this picture" if self._viewing.layer else "Feature maps")

    def _seen(self, seen: Seen) -> None:
        if self.isVisible():
            self.caption.setText(f"{seen.layer} on this picture")
            self.picture.show_picture(seen.picture)
            self.picture.show()
            self.view.show_seen(seen, self._document.project.classes)
            self._hover("")

    def _said(self, sentence: str) -> None:
        self.view.say(sentence)
        self.words.clear()
        self.picture.hide()

    def _hover(self, words: str) -> None:
        seen = self._viewing.last
        if not words and seen is not None:
            untrained = not seen.training and not is_trained(self._document.project)
            words = "not trained yet: initial weights" if untrained else says_words(seen)
        room = self.words.width()
        shown = self.words.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room) if room else words
        self.words.setText(shown)
        self.words.setToolTip("" if shown == words else words)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other words may fit."""
        super().resizeEvent(event)
        self._hover("")

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks: ask for what is to be seen."""
        super().showEvent(event)
        self._viewing.want(self, True)
        if self._viewing.last is not None:
            self._seen(self._viewing.last)
        elif self._viewing.sentence:
            self._said(self._viewing.sentence)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks any more."""
        super().hideEvent(event)
        self._viewing.want(self, False)


def says_words(seen: Seen) -> str:
    """What the network says about the picture: "says 7 (98.2 %)", and what it is where that differs."""
    if not seen.prediction:
        return ""
    name, share = seen.prediction[0]
    text = f"says {name} ({share * 100:.1f} %)"
    return text if seen.truth in (None, name) else f"{text}, is {seen.truth}"
