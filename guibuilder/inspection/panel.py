"""The inspection panel: the picture and what the network says on the left, views of the selected layer on the right."""

from typing import Protocol

from PySide6.QtCore import QSize, SignalInstance
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QTabWidget, QVBoxLayout, QWidget

from core.data.load import describe
from core.train.events import Started
from core.worker.messages import DataSeen, Seen
from guibuilder.background import Worker
from guibuilder.document import Change, Document, Selection
from guibuilder.inspection.base import InspectionView, Needs
from guibuilder.inspection.confusion import Confusion
from guibuilder.inspection.costs import Costs
from guibuilder.inspection.faces import ThreeFaces
from guibuilder.inspection.feature_maps import FeatureMaps
from guibuilder.inspection.filters import Filters
from guibuilder.inspection.gradient_sizes import GradientSizes
from guibuilder.inspection.picture_side import TALL, PictureSide
from guibuilder.theme import Theme
from guibuilder.viewing import viewing_of

_SIDE, _TALL_SIDE, _NARROW_SIDE = 376, 260, 190
_ROOM_FOR_SIDE = 760


class Run(Protocol):
    """What the panel needs to know of a training: when its state changes, and to which."""

    state_changed: SignalInstance


class InspectionPanel(QWidget):
    """Looks at the selected layer, live while a training runs; asks for nothing while it is hidden."""

    def __init__(self, document: Document, selection: Selection, theme: Theme, worker: Worker, run: Run) -> None:
        super().__init__()
        self._document = document
        self.viewing = viewing_of(document, selection, worker)
        needs = Needs(document, theme, worker, self.viewing)
        self.side = PictureSide(needs)
        self.feature_maps, self.filters, self.confusion = FeatureMaps(needs), Filters(needs), Confusion(needs)
        self.gradient_sizes = GradientSizes(needs)
        self.faces, self.costs = ThreeFaces(needs), Costs(needs)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.foot = QLabel()
        self._hovered = ""
        self.foot.setProperty("faint", True)
        for view in self.views:
            self.tabs.addTab(view, view.title)
            view.hovered.connect(self._hover)
        self.tabs.currentChanged.connect(self._switch)
        right = QVBoxLayout()
        right.setSpacing(2)
        right.addWidget(self.tabs, 1)
        right.addWidget(self.foot)
        row = QHBoxLayout(self)
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        row.setContentsMargins(16, 8, 16, 6)
        row.setSpacing(20)
        row.addWidget(self.side)
        row.addLayout(right, 1)
        self.viewing.seen.connect(self._seen)
        self.viewing.said.connect(self._said)
        document.changed.connect(self._follow)
        run.state_changed.connect(self._run_changed)
        worker.answered.connect(self._counted)
        worker.trained.connect(self._counted)
        self.setAccessibleName("Inspection")
        self._count_test_pictures()

    @property
    def views(self) -> tuple[InspectionView, ...]:
        """The tabs, in order."""
        return self.feature_maps, self.filters, self.faces, self.gradient_sizes, self.confusion, self.costs

    def show_view(self, title: str) -> None:
        """Bring the view of that title to the front."""
        for place, view in enumerate(self.views):
            if view.title == title:
                self.tabs.setCurrentIndex(place)

    def _seen(self, seen: Seen) -> None:
        if self.isVisible():
            self.side.show_seen(seen)
            self._hover(self._hovered)

    def _said(self, sentence: str) -> None:
        if self.isVisible():
            self.side.show_seen(None)
            self._hover("")

    def _switch(self, place: int) -> None:
        """Another tab is in front."""
        self.side.setHidden(self.views[place].alone)
        self._hover("")

    def _hover(self, words: str) -> None:
        self._hovered = words
        self.foot.setText(words or self.views[self.tabs.currentIndex()].note)

    def _follow(self, change: Change) -> None:
        if change.touched("data"):
            self._count_test_pictures()

    def _run_changed(self, state: str) -> None:
        """A training is over: who looks at the confusion matrix wants the new one."""
        if state == "finished" and self.confusion.isVisible():
            self.confusion.measure()

    def _count_test_pictures(self) -> None:
        known = {info.name: info.test for info in describe()}
        count = known.get(self._document.project.data.source)
        if count is not None:
            self.side.set_test_pictures(count)

    def _counted(self, number: int, told: object) -> None:
        if isinstance(told, DataSeen | Started):
            self.side.set_test_pictures(told.test)

    def minimumSizeHint(self) -> QSize:
        """Narrow; what finds no room is cut."""
        return QSize(420, 150)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The side is wide where the panel is low, and narrow where it is tall."""
        super().resizeEvent(event)
        tall, room = self.height() > TALL, self.width()
        wanted = _TALL_SIDE if tall else (_SIDE if room >= _ROOM_FOR_SIDE else _NARROW_SIDE)
        self.side.setFixedWidth(min(wanted, room // 2 - 20))

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks: ask for what is to be seen."""
        super().showEvent(event)
        self.viewing.want(self, True)
        if self.viewing.last is not None:
            self._seen(self.viewing.last)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks any more."""
        super().hideEvent(event)
        self.viewing.want(self, False)
