"""The panel below the canvas: Training, Problems, and the views that look inside, all as tabs of one row."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QTabBar, QToolButton, QVBoxLayout, QWidget

from guibuilder.inspection.panel import InspectionPanel
from guibuilder.problems import ProblemsPanel
from guibuilder.theme import Theme
from guibuilder.training.panel import TrainingPanel

TRAINING, PROBLEMS = 0, 1
# What tabs are called where all of them would not fit.
SHORT = {"Feature maps": "Maps", "Three faces": "Faces", "Gradient sizes": "Gradients"}


class LowerPanel(QFrame):
    """Tabs over three widgets; the inspection's own views each have a tab here. `tab_changed(name)` after a switch."""

    tab_changed = Signal(str)
    closed = Signal()

    def __init__(self, theme: Theme, training: TrainingPanel, problems: ProblemsPanel, inspection: InspectionPanel,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bottomPanel")
        self._theme = theme
        self.training, self.problems, self.inspection = training, problems, inspection
        inspection.tabs.tabBar().hide()
        self.bar, self._stack, self._hide = QTabBar(), QStackedWidget(), QToolButton()
        self.bar.setExpanding(False)
        self.bar.setUsesScrollButtons(True)
        self.bar.setAccessibleName("Panels")
        self._names = ["Training", "Problems", *(view.title for view in inspection.views)]
        for name in self._names:
            self.bar.addTab(name)
        for widget in (training, problems, inspection):
            self._stack.addWidget(widget)
        self._hide.setAccessibleName("Hide the lower panel")
        self._hide.setToolTip("Hide the lower panel (Ctrl+J)")
        self._hide.clicked.connect(self.closed)
        head = QHBoxLayout()
        head.setContentsMargins(2, 2, 10, 0)
        head.addWidget(self.bar, 1)
        head.addWidget(self._hide)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        self.bar.currentChanged.connect(self._switch)
        problems.title_changed.connect(self._count)
        training.sizes_asked.connect(self._show_sizes)
        theme.changed.connect(self._paint)
        self._problems = problems.title
        self._name_tabs()
        self._paint()

    @property
    def current(self) -> str:
        """The name of the tab in front."""
        return self._names[self.bar.currentIndex()]

    def show_tab(self, name: str) -> None:
        """Bring a tab to the front: Training, Problems or the title of a view."""
        self.bar.setCurrentIndex(self._names.index(name))

    def _switch(self, place: int) -> None:
        self._stack.setCurrentIndex(min(place, 2))
        if place > PROBLEMS:
            self.inspection.show_view(self._names[place])
        self.tab_changed.emit(self.current)

    def _show_sizes(self) -> None:
        """Show, measured now, why a network cannot learn from its initial values."""
        self.show_tab(self.inspection.gradient_sizes.title)
        self.inspection.gradient_sizes.measure()

    def _count(self, title: str) -> None:
        self._problems = title
        self._name_tabs()

    def _name_tabs(self) -> None:
        """Full names and wide gaps where there is room for all tabs, short names closer together where not."""
        for narrow in (False, True):
            for place, name in enumerate(self._names):
                shown = self._problems if place == PROBLEMS else SHORT.get(name, name) if narrow else name
                self.bar.setTabText(place, shown)
                self.bar.setTabToolTip(place, name if shown == SHORT.get(name) else "")
            if self.bar.property("narrow") != narrow:
                self.bar.setProperty("narrow", narrow)
                self.bar.style().unpolish(self.bar)
                self.bar.style().polish(self.bar)
            if self.bar.sizeHint().width() <= self.bar.width():
                return

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._name_tabs()

    def _paint(self) -> None:
        self._hide.setIcon(self._theme.icon("chevron-down"))

    def minimumSizeHint(self) -> QSize:
        return QSize(300, 120)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)
