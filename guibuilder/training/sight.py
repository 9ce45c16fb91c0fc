"""What the network will see: a window of its own beside the settings, which follows them."""

from dataclasses import replace

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QStackedWidget, QVBoxLayout, QWidget

from core.data.load import describe
from core.project import Project
from core.worker.messages import Augmented, LookAtAugmented
from guibuilder.background import Worker
from guibuilder.document import Change, Document
from guibuilder.theme import Theme
from guibuilder.training.contact_sheet import ContactSheet

ROWS, EPOCHS = 6, 5
# Settings that are typed come in quick steps.
SETTLE = 150
_EXACTLY = ("Some of the training pictures as they are, and exactly as epochs 1, 2, 3 … will bring them: that follows "
            "from the seed. The pictures that measure stay as they are.")
_NOTHING = "Nothing is augmented, so every epoch brings the pictures as they are. Switch something on in the settings."


class SightDialog(QDialog):
    """Asks the worker for the pictures that the first epochs will bring, again whenever the settings change."""

    def __init__(self, document: Document, theme: Theme, worker: Worker, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("What the network will see")
        self._document, self._theme, self._worker = document, theme, worker
        self._asked, self._failed = 0, False
        self.sheet, self.words = ContactSheet(theme), QLabel()
        self.head, self.notes = QLabel(), QLabel()
        self.centre = QStackedWidget()
        self._settled = QTimer(self, singleShot=True, interval=SETTLE)
        self._settled.timeout.connect(self._ask)
        self._lay_out()
        document.changed.connect(self._follow)
        theme.changed.connect(self._paint)
        worker.progress.connect(self._progress)
        self._paint()

    def _lay_out(self) -> None:
        for label in (self.head, self.notes, self.words):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.head.setProperty("soft", True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.centre.addWidget(self.words)
        self.centre.addWidget(self.sheet)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 12)
        column.setSpacing(8)
        column.addWidget(self.head)
        column.addWidget(self.centre, 1)
        column.addWidget(self.notes)
        column.addWidget(buttons)

    def sizeHint(self) -> QSize:
        room = self.screen().availableSize()
        wanted = QSize(640, 600) * self._theme.scale
        return wanted.boundedTo(QSize(room.width() - 80, room.height() - 120))

    # asking -----------------------------------------------------------------------------------------------------

    def _follow(self, change: Change) -> None:
        if self.isVisible() and any(change.touched(part) for part in ("data", "options", "network")):
            self._settled.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for the pictures."""
        super().showEvent(event)
        self._ask()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks any more."""
        super().hideEvent(event)
        self._settled.stop()
        self._forget()

    def _forget(self) -> None:
        self._worker.forget(self._asked)
        self._asked = 0

    def _ask(self) -> None:
        """Ask for pictures of the settings as they are now; what was asked before is not waited for."""
        self._forget()
        project = self._document.project
        known = {info.name: info for info in describe()}.get(project.data.source)
        if known is not None and not known.available:
            self._say(f"The pictures of {known.title} are not on this computer yet. Fetch them in the settings, under "
                      f"Data.")
            return
        if self.centre.currentWidget() is not self.sheet:
            self._say("Looking at the pictures …")
        self._asked = self._worker.ask(LookAtAugmented(0, _light(project), ROWS, EPOCHS), self._show, self._refused)

    def _show(self, seen: Augmented) -> None:
        self._asked = 0
        self.sheet.show_pictures(seen)
        augments = self._document.project.data.augments
        self.head.setText(_EXACTLY if augments else _NOTHING)
        self.notes.setText("\n".join(seen.notes))
        self.notes.setVisible(bool(seen.notes))
        self.centre.setCurrentWidget(self.sheet)

    def _refused(self, message: str, details: str) -> None:
        self._asked = 0
        self._say(message, failed=True)
        self.words.setToolTip(details)

    def _progress(self, number: int, text: str, done: int, total: int) -> None:
        if number and number == self._asked and self.centre.currentWidget() is self.words:
            self._say(f"{text}: {done:,} of {total:,}" if total else f"{text} …")

    # showing ----------------------------------------------------------------------------------------------------

    def _say(self, text: str, *, failed: bool = False) -> None:
        """Words in the place of the pictures."""
        self._failed = failed
        self.words.setText(text)
        self.words.setToolTip("")
        self.head.setText("")
        self.notes.hide()
        self.centre.setCurrentWidget(self.words)
        self._paint()

    def _paint(self) -> None:
        colours = self._theme.colours
        self.words.setStyleSheet(f"color: {colours.error if self._failed else colours.soft}")
        self.notes.setStyleSheet(f"color: {colours.warning}")


def _light(project: Project) -> Project:
    """Without what the answer does not depend on: weights may be many megabytes."""
    return replace(project, weights={}, state={}, history=(), progress={}, extra={})
