"""The list of problems: where, why with the numbers, and what to do, one click each."""

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from core.graph.fixes import Fix, fixes_for
from core.graph.rules import reachable
from core.graph.shapes import Inference, Problem
from guibuilder.document import Change, Document, Selection
from guibuilder.theme import Theme

MOST_SHOWN = 60
FIXES_AT_ONCE = 8
SETTLE = 120


def waiting_for(inference: Inference, problem: Problem) -> int:
    """How many layers behind a problem have no shape only because of it."""
    if not problem.node:
        return 0
    behind = reachable(inference.network, problem.node) - {problem.node}
    return sum(1 for key in behind if inference.shapes.get(key) is None and not inference.problems_of(key))


class ProblemRow(QFrame):
    """One problem. A click or Enter goes to its layer; its fixes are buttons."""

    chosen = Signal(object)
    fixed = Signal(object, str)

    def __init__(self, problem: Problem, theme: Theme) -> None:
        super().__init__()
        self.problem = problem
        self.fixes: list[QPushButton] = []
        self._buttons: QWidget | None = None
        self._keys = QLabel("Ctrl+. takes the first", self)
        self._keys.setProperty("faint", True)
        self._keys.hide()
        self.setObjectName("problemRow")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        sentence = problem.sentence()
        self.setAccessibleName(f"{problem.severity.capitalize()}: {sentence}")
        icon, name, words = QLabel(), QLabel(problem.layer or "Network"), QLabel(_without_name(problem, sentence))
        icon.setPixmap(theme.icon(problem.severity, problem.severity).pixmap(QSize(14, 14)))
        icon.setToolTip("Keeps the network from running" if problem.severity == "error" else "Deserves a look")
        name.setStyleSheet("font-weight: 600")
        for label in (name, words):
            label.setTextFormat(Qt.TextFormat.PlainText)
        words.setWordWrap(True)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(14, 7, 12, 7)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(2)
        self._grid.addWidget(icon, 0, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(name, 0, 1, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(words, 0, 2)
        self._grid.setColumnStretch(2, 1)

    def show_fixes(self, fixes: tuple[Fix, ...]) -> None:
        """Offer these fixes, best first."""
        if [fix.text for fix in fixes] == [button.text() for button in self.fixes]:
            return
        if self._buttons is not None:
            self._keys.setParent(self)
            self._buttons.hide()
            self._buttons.deleteLater()
        self.fixes, self._buttons = [], QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for number, fix in enumerate(fixes):
            button = QPushButton(fix.text)
            button.setProperty("link", True)
            button.setToolTip("Change the network like this; one undo takes it back"
                              + (" (Ctrl+.)" if number == 0 else ""))
            button.clicked.connect(lambda _=False, text=fix.text: self.fixed.emit(self.problem, text))
            row.addWidget(button)
            self.fixes.append(button)
        row.addStretch(1)
        row.addWidget(self._keys)
        self._grid.addWidget(self._buttons, 1, 2)

    def mark(self, current: bool) -> None:
        """Show whether this is the problem F8 stands at."""
        self.setProperty("current", current)
        self._keys.setVisible(current)
        self.style().unpolish(self)
        self.style().polish(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit(self.problem)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.chosen.emit(self.problem)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.problem)
        else:
            super().keyPressEvent(event)


def _without_name(problem: Problem, sentence: str) -> str:
    """The sentence without the layer's name in front, which stands beside it."""
    if problem.layer and sentence.startswith(problem.layer + " "):
        return sentence[len(problem.layer) + 1:]
    return sentence


class ProblemsPanel(QScrollArea):
    """All problems of the network. `revealed(node id)` asks the canvas to show a layer."""

    revealed = Signal(str)
    title_changed = Signal(str)

    def __init__(self, document: Document, selection: Selection, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._selection, self._theme = document, selection, theme
        self._problems: tuple[Problem, ...] | None = None
        self._current = -1
        self.rows: list[ProblemRow] = []
        self._waiting: list[ProblemRow] = []
        self._later = QTimer(self, singleShot=True, interval=SETTLE)
        self._later.timeout.connect(self._show_next_fixes)
        self.setWidgetResizable(True)
        self.setAccessibleName("Problems")
        document.changed.connect(self._follow)
        theme.changed.connect(self.rebuild)
        self.rebuild()

    @property
    def title(self) -> str:
        """The text of the tab."""
        return f"Problems {len(self._listed())}"

    def _listed(self) -> tuple[Problem, ...]:
        """What is listed: that nothing is drawn yet is no problem."""
        return tuple(problem for problem in self._document.whole.problems if problem.code != "empty")

    def _follow(self, change: Change) -> None:
        if not change.touched("network"):
            return
        if self._problems != self._document.whole.problems:
            self.rebuild()
        else:
            self._offer_fixes()

    def rebuild(self) -> None:
        """Show the problems as they are."""
        inference = self._document.whole
        self._problems = inference.problems
        self._current = min(self._current, len(inference.problems) - 1)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(14, 8, 14, 8)
        column.setSpacing(6)
        self.rows = [self._row(problem) for problem in self._listed()[:MOST_SHOWN]]
        for row in self.rows:
            column.addWidget(row)
            count = waiting_for(inference, row.problem) if row.problem.severity == "error" else 0
            if count:
                column.addWidget(_note(f"{count} layer{'s' if count > 1 else ''} after {row.problem.layer} "
                                       f"wait{'' if count > 1 else 's'} for its size."))
        if len(inference.problems) > MOST_SHOWN:
            column.addWidget(_note(f"{len(inference.problems) - MOST_SHOWN} more follow when these are solved."))
        if not inference.network.nodes:
            column.addWidget(_note("Nothing is drawn yet. Drag a layer from the palette, or start from a template."))
        elif not self.rows:
            column.addWidget(self._all_well())
        column.addStretch(1)
        old = self.takeWidget()
        self.setWidget(content)
        if old is not None:
            old.deleteLater()  # one of its buttons may be what was pressed
        self._offer_fixes()
        self.title_changed.emit(self.title)

    def _offer_fixes(self) -> None:
        """Look for fixes when the drawing has been still for a moment and somebody can see them: each one is tried."""
        self._waiting = self.rows[:FIXES_AT_ONCE]
        if self._waiting and self.isVisible():
            self._later.start(SETTLE)

    def _show_next_fixes(self) -> None:
        if self._waiting:
            row = self._waiting.pop(0)
            row.show_fixes(fixes_for(self._document.whole, row.problem))
            self._later.start(0)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._offer_fixes()

    def _row(self, problem: Problem) -> ProblemRow:
        row = ProblemRow(problem, self._theme)
        row.chosen.connect(self.go_to)
        row.fixed.connect(self._press)
        return row

    def _all_well(self) -> QWidget:
        box = QWidget()
        line = QHBoxLayout(box)
        line.setContentsMargins(2, 6, 2, 6)
        icon = QLabel()
        icon.setPixmap(self._theme.icon("check", "good").pixmap(QSize(16, 16)))
        text = QLabel("No problems. Every layer knows its size, and the network can run.")
        text.setWordWrap(True)
        line.addWidget(icon)
        line.addWidget(text, 1)
        return box

    def go_to(self, problem: Problem) -> None:
        """Make a problem current, select its layer and show it."""
        problems = self._document.whole.problems
        if problem not in problems:
            return
        self._current = problems.index(problem)
        for row in self.rows:
            row.mark(row.problem == problem)
            if row.problem == problem:
                row.show_fixes(fixes_for(self._document.whole, problem))
                self.ensureWidgetVisible(row)
        found = self._document.locate(problem.layer) if problem.node else None
        if found is not None:
            path, key = found
            self._document.open(path)
            self._selection.set([key])
            self.revealed.emit(key)

    def step(self, by: int) -> None:
        """Go to the next (+1) or previous (−1) problem, from the selected layer on and round the end."""
        problems = self._document.whole.problems
        if problems:
            self.go_to(problems[self._next(problems, by)])

    def _next(self, problems: tuple[Problem, ...], by: int) -> int:
        selected = self._outermost()
        if 0 <= self._current < len(problems) and problems[self._current].node in ("", selected):
            return (self._current + by) % len(problems)
        place = {key: number for number, key in enumerate(self._document.project.network.order)}
        here = place.get(selected or "", -1)
        ahead = [number for number, problem in enumerate(problems)
                 if (place.get(problem.node, len(place)) - here) * by >= 0]
        if not ahead:
            return 0 if by > 0 else len(problems) - 1
        return ahead[0] if by > 0 else ahead[-1]

    def best_fix(self) -> Fix | None:
        """The first fix of the current problem, of one at the selected layer, or of the first one."""
        inference = self._document.whole
        here = inference.problems[self._current:self._current + 1] if self._current >= 0 else ()
        name = self._selected_name()
        at_selected = [problem for problem in inference.problems_of(self._outermost() or "")
                       if f"{problem.layer}/".startswith(f"{name}/")]
        for problem in (*at_selected, *here, *inference.problems):
            fixes = fixes_for(inference, problem)
            if fixes:
                return fixes[0]
        return None

    def _outermost(self) -> str | None:
        """The selected layer, or the block of the whole network that it lies in."""
        return self._document.path[0] if self._document.path else self._selection.only

    def _selected_name(self) -> str:
        """The selected layer's name in the whole network."""
        key = self._selection.only
        return "" if key is None else "/".join((*self._document.block_names, self._document.network.nodes[key].name))

    def apply_best(self) -> bool:
        """Apply the best fix; False where there is none."""
        fix = self.best_fix()
        if fix is not None:
            self.apply(fix)
        return fix is not None

    def _press(self, problem: Problem, text: str) -> None:
        """Apply a fix by its words, made anew for the drawing as it is now."""
        for fix in fixes_for(self._document.whole, problem):
            if fix.text == text:
                self.apply(fix)
                return

    def apply(self, fix: Fix) -> None:
        """Change the network as a fix says, as one step of undo."""
        self._document.edit(f"Fix: {fix.text}", whole=fix.network)


def _note(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("soft", True)
    label.setWordWrap(True)
    label.setContentsMargins(16, 0, 0, 2)
    return label
