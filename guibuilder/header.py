"""The top bar: title, menus, the three tabs, and the big Train button with the transport."""

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QFont, QFontMetrics, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenuBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from guibuilder.theme import Theme

TABS = ("Build", "Train", "Inspect")
WIDTH = 178
TRANSPORT_HELP = {
    "pause": "Pause or go on", "batch": "One batch, then pause", "epoch": "One epoch, then pause",
    "stop": "Stop; the weights learned so far are kept",
}


class _Tab(QPushButton):
    """A button with room for its words in bold, as they are when it is chosen."""

    def sizeHint(self) -> QSize:
        bold = self.font()
        bold.setWeight(QFont.Weight.DemiBold)
        wider = QFontMetrics(bold).horizontalAdvance(self.text()) - self.fontMetrics().horizontalAdvance(self.text())
        return super().sizeHint() + QSize(max(0, wider), 0)


class Title(QLabel):
    """The document's name, cut in the middle where there is no room; the whole is in the tool tip."""

    renamed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("documentTitle")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._whole = ""
        self.setFixedWidth(WIDTH)

    def show_text(self, text: str, tip: str) -> None:
        """Show the title; `tip` is the whole path."""
        if (text, tip) == (self._whole, self.toolTip()):
            return
        self._whole = text
        self.setToolTip(tip)
        self.setAccessibleName(f"Document: {text}")
        self._cut()

    def _cut(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._cut()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.renamed.emit()


class Header(QFrame):
    """The bar itself. It shows what it is told and says what was pressed; it decides nothing."""

    tab_chosen = Signal(int)
    train_pressed = Signal()
    problems_pressed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self._theme = theme
        self._problems = 0
        self._running = False
        self._state: tuple[object, ...] = ()
        self.title = Title()
        self.menus = QMenuBar()
        self.menus.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.tabs = QButtonGroup(self)
        self.train = QPushButton("Train")
        self.train.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.train.clicked.connect(self._press)
        self.transport = {name: self._transport_button(name, text) for name, text in TRANSPORT_HELP.items()}
        self._lay_out()
        theme.changed.connect(self._paint)
        self.show_state(problems=0, ready=False, why="The network is empty.")

    def _transport_button(self, name: str, text: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("filled", True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(text)
        button.setToolTip(text)
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 6, 16, 6)
        row.setSpacing(6)
        row.addWidget(self.title)
        row.addSpacing(4)
        row.addWidget(self.menus, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(2)
        for number, text in enumerate(TABS):
            button = _Tab(text)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setProperty("tab", True)
            button.setToolTip(f"{text} (Ctrl+Alt+{number + 1})")
            button.setAccessibleName(f"{text} view")
            self.tabs.addButton(button, number)
            row.addWidget(button)
        self.tabs.button(0).setChecked(True)
        self.tabs.idClicked.connect(self.tab_chosen)
        row.addStretch(3)
        row.addWidget(self.train)
        row.addSpacing(4)
        for control in self.transport.values():
            row.addWidget(control)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where room is short the title gives way first."""
        super().resizeEvent(event)
        layout = self.layout()
        others = layout.sizeHint().width() - self.title.width() if layout is not None else 0
        self.title.setFixedWidth(max(WIDTH // 3, min(WIDTH, self.width() - others)))

    def minimumSizeHint(self) -> QSize:
        return QSize(400, super().minimumSizeHint().height())

    def bind(self, actions: dict[str, QAction]) -> None:
        """Let the transport's buttons do what these actions do, and follow whether they can."""
        for name, action in actions.items():
            button = self.transport[name]
            button.clicked.connect(action.trigger)
            action.changed.connect(lambda name=name, action=action: self._follow(name, action))
            self._follow(name, action)

    def _follow(self, name: str, action: QAction) -> None:
        button = self.transport[name]
        button.setEnabled(action.isEnabled())
        button.setToolTip(action.toolTip())
        button.setIcon(action.icon())

    def show_tab(self, number: int) -> None:
        """Mark one tab."""
        self.tabs.button(number).setChecked(True)

    def show_state(self, *, problems: int, ready: bool, why: str = "", running: bool = False,
                   paused: bool = False) -> None:
        """Show whether the network can train: Train, Continue, or how many problems it has."""
        state = (problems, ready, why, running, paused)
        if state == self._state:
            return
        self._state, self._problems, self._running = state, problems, running
        if running:
            text, tip = ("Continue", "Go on with the training") if paused else ("Training", "The training runs")
        elif problems:
            text = f"{problems} problem{'s' if problems != 1 else ''}"
            tip = "The network cannot run yet; press to see why (F8)"
        else:
            text, tip = "Train", why or "Train the network (Ctrl+Enter)"
        self.train.setText(text)
        self.train.setToolTip(tip)
        self.train.setAccessibleName(tip if problems and not running else text)
        self.train.setEnabled(paused if running else bool(problems) or ready)
        wrong = bool(problems) and not running
        self.train.setProperty("danger", wrong)
        self.train.setProperty("primary", not wrong)
        self._paint()

    def _press(self) -> None:
        if self._problems and not self._running:
            self.problems_pressed.emit()
        else:
            self.train_pressed.emit()

    def _paint(self) -> None:
        wrong = bool(self.train.property("danger"))
        role = "on_accent" if self.train.isEnabled() else "faint"
        self.train.setIcon(self._theme.icon("error" if wrong else "play", role))
        size = round(14 * self._theme.scale)
        for button in (self.train, *self.transport.values()):
            button.setIconSize(QSize(size, size))
        self.train.setMinimumWidth(round(104 * self._theme.scale))
        self.train.style().unpolish(self.train)
        self.train.style().polish(self.train)
