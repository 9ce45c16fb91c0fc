"""What every view of the inspection shares: its needs, its title, and working only while it can be seen."""

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from core.worker.messages import Seen
from guibuilder.background import Worker
from guibuilder.document import Document
from guibuilder.theme import Theme
from guibuilder.viewing import Viewing, is_trained


@dataclass(frozen=True)
class Needs:
    """What a view works with."""

    document: Document
    theme: Theme
    worker: Worker
    viewing: Viewing


class InspectionView(QWidget):
    """One tab. `show_seen` and `say` are called only while it can be seen; `hovered` gives words for the foot line.

    Where it is `alone` the picture at the side makes room for it.
    """

    title = ""
    alone = False
    hovered = Signal(str)

    @property
    def note(self) -> str:
        """What the foot line says while nothing lies under the mouse."""
        last = self.needs.viewing.last
        return trained_words(self.needs.document, last) if last is not None else ""

    def __init__(self, needs: Needs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.needs = needs
        self.setAccessibleName(self.title)
        # Methods, not lambdas: these connections end with the view.
        needs.viewing.seen.connect(self._seen)
        needs.viewing.said.connect(self._said)

    def _seen(self, seen: Seen) -> None:
        if self.isVisible():
            self.show_seen(seen)

    def _said(self, sentence: str) -> None:
        if self.isVisible():
            self.say(sentence)

    def show_seen(self, seen: Seen) -> None:
        """Show what a layer does with a picture."""

    def say(self, sentence: str) -> None:
        """Say why there is nothing to be seen."""

    def refresh(self) -> None:
        """Show what was seen last, or why nothing was."""
        viewing = self.needs.viewing
        if viewing.last is not None:
            self.show_seen(viewing.last)
        elif viewing.sentence:
            self.say(viewing.sentence)

    def showEvent(self, event: QShowEvent) -> None:
        """Show what happened while nobody looked."""
        super().showEvent(event)
        self.refresh()


def trained_words(document: Document, seen: Seen) -> str:
    """Whose weights these are, in a few words."""
    if seen.training:
        return "live, while it trains"
    return "" if is_trained(document.project) else "not trained yet: initial weights"
