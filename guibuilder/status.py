"""The bottom line: problems, what the network costs, and what the program is doing."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QWidget

from core.graph.cost import Cost
from core.graph.expand import expanded
from core.graph.shapes import Inference, Problem
from guibuilder.document import Document
from guibuilder.theme import Theme
from guibuilder.words import bytes_text, plural


def problems_text(problems: tuple[Problem, ...]) -> tuple[str, str]:
    """What the left corner says, and how bad it is: good, warning or error."""
    errors = [problem for problem in problems if problem.severity == "error"]
    shown = errors or list(problems)
    if not shown:
        return "No problems", "good"
    if shown[0].code == "empty":
        return "Nothing drawn yet", ""
    word = "problem" if errors else "warning"
    where = f": {shown[0].layer} F8" if shown[0].layer else " F8"
    return f"{plural(len(shown), word)}{where}", "error" if errors else "warning"


def cost_text(inference: Inference, cost: Cost, batch: int, optimizer: str) -> str:
    """Layers, parameters, multiply-adds and memory; or why they are not known."""
    layers = plural(len(expanded(inference.network).nodes), "layer")
    blocking = next((problem for problem in inference.errors if problem.layer), None)
    if not inference.network.nodes:
        return "Start from a template, or drag layers together"
    if not inference.runs:
        until = ""
        if blocking is not None:
            until = f" until {blocking.layer} {'fits' if blocking.node in inference.inputs else 'has its input'}"
        return f"{layers} · parameters and cost unknown{until}"
    trainable = "" if cost.trainable == cost.parameters else f" ({cost.trainable:,} trainable)"
    memory = bytes_text(cost.memory_bytes(batch, optimizer))
    return (f"{layers} · {plural(cost.parameters, 'parameter')}{trainable} · {plural(cost.macs, 'multiply-add')} · "
            f"{memory} for a batch of {batch:,}")


class StatusBar(QFrame):
    """Left the problems (press to see them), in the middle the cost, right threads, run and zoom."""

    problems_pressed = Signal()

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusBar")
        self._document, self._theme = document, theme
        self._threads, self._run, self._zoom = 0, "", 1.0
        self.problems = QPushButton()
        self.problems.setProperty("link", True)
        self.problems.setIconSize(QSize(12, 12))
        self.problems.setToolTip("Show the problems (F8 goes to the next one)")
        self.problems.clicked.connect(self.problems_pressed)
        self.costs, self.state = QLabel(), QLabel()
        self.costs.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.costs.setToolTip("Parameters are trained numbers. Multiply-adds are for one picture, forward. Memory is "
                              "what training needs: weights, gradients, the optimizer's numbers and the activations.")
        grid = QGridLayout(self)
        grid.setContentsMargins(10, 2, 16, 2)
        grid.addWidget(self.problems, 0, 0, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(self.costs, 0, 1)
        grid.addWidget(self.state, 0, 2, Qt.AlignmentFlag.AlignRight)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(2, 1)
        document.changed.connect(self.refresh)
        theme.changed.connect(self.refresh)
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Show the document as it is."""
        project, inference = self._document.project, self._document.whole
        text, how = problems_text(inference.problems)
        icon = {"good": "check", "error": "error", "warning": "warning"}.get(how, "info")
        self.problems.setText(text)
        self.problems.setAccessibleName(text)
        self.problems.setIcon(self._theme.icon(icon, how or "soft"))
        for name, meant in (("good", "good"), ("wrong", "error"), ("warning", "warning")):
            self.problems.setProperty(name, how == meant)
        self.problems.style().unpolish(self.problems)
        self.problems.style().polish(self.problems)
        options = project.options
        self.costs.setText(cost_text(inference, self._document.cost, options.batch_size, options.optimizer))

    def show_threads(self, count: int) -> None:
        """How many threads the engine uses."""
        self._threads = count
        self._tell()

    def show_run(self, text: str) -> None:
        """What the training is doing, in a word or two."""
        self._run = text
        self._tell()

    def show_zoom(self, zoom: float) -> None:
        """The canvas' zoom, 1 = 100 %."""
        self._zoom = zoom
        self._tell()

    def _tell(self) -> None:
        threads = plural(self._threads, "thread") if self._threads else ""
        # Beside a share of some work a bare number would be taken for one as well.
        zoom = f"{'zoom ' if '%' in self._run else ''}{self._zoom * 100:.0f} %"
        self.state.setText(" · ".join(part for part in (threads, self._run, zoom) if part))
