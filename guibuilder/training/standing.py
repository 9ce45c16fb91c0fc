"""What can be asked of a run at any time: whether it is active, whose figures are shown, and how it could go on."""

from PySide6.QtCore import QObject

from core.graph.network import Network
from core.project import Project
from guibuilder.document import Document
from guibuilder.training.history import Figures
from guibuilder.training.keeping import Keeping
from guibuilder.training.state import ACTIVE, State, same_arithmetic
from guibuilder.training.waiting import Waiting, Waits


class Standing(QObject):
    """A run as it stands beside its document; `network` is the one it trains or trained."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.state = State.IDLE
        self.figures = Figures()
        self.network: Network | None = None
        self.keeping = Keeping(document, self.figures)
        self._waits = Waits(document)

    @property
    def active(self) -> bool:
        """Whether a training goes on, is being prepared or is paused."""
        return self.state in ACTIVE

    @property
    def rewinds(self) -> bool:
        """Whether something was learned that can be rewound now."""
        project = self.document.project
        begun = project.beginning is not None and bool(project.history or project.progress)
        return begun and self.state not in (State.RUNNING, State.PREPARING)

    @property
    def waiting(self) -> Waiting | None:
        """Where a training waits in the document, and whether it can go on."""
        return self._waits.found

    @property
    def unkept(self) -> bool:
        """Whether a training is going on that has learned more than the document holds."""
        return self.active and not (self.state is State.PAUSED and self.keeping.in_document)

    def snapshot(self) -> Project:
        """The document, with what a running training has learned so far."""
        return self.keeping.snapshot() if self.state is State.RUNNING else self.document.project

    @property
    def stale(self) -> bool:
        """Whether the shown figures belong to an earlier network than the one that is drawn."""
        return self.network is not None and not self.figures.empty and not same_arithmetic(
            self.network, self.document.project.network)

    @property
    def goes_on(self) -> bool:
        """Whether Train would go on exactly where a stopped training was."""
        return self.waiting is not None and not self.waiting.hindrance

    @property
    def apart(self) -> bool:
        """Whether the document is no longer what the paused training would go on with."""
        return self.stale or self.keeping.undone
