"""Gradient sizes: one batch through the network and back, and how large everything was in each layer."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QStackedWidget, QVBoxLayout

from core.project import Project
from core.worker.messages import MeasureSizes, Size, Sizes
from guibuilder.document import Change
from guibuilder.inspection.base import InspectionView, Needs
from guibuilder.pictures.size_bars import SizeBars
from guibuilder.words import plural

_NOT_YET = ("Measure sends one batch of training pictures through the network and back, and shows how large outputs "
            "and gradients are in each layer. Nothing is trained by it.")
# From the last layer to the first a gradient may shrink or grow by this before it is worth a word.
MUCH = 100.0


class GradientSizes(InspectionView):
    """A button to measure, what the numbers mean in words, and the bars."""

    title = "Gradient sizes"

    def __init__(self, needs: Needs) -> None:
        super().__init__(needs)
        self._asked = 0
        self._project: Project | None = None
        self.sizes: Sizes | None = None
        self.button = QPushButton("Measure")
        self.button.setToolTip("Send one batch of training pictures through the network and back")
        self.button.clicked.connect(self.measure)
        self.caption, self.sentence = QLabel(), QLabel(_NOT_YET)
        for label in (self.caption, self.sentence):
            label.setProperty("soft", True)
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.bars = SizeBars(needs.theme)
        self.bars.hovered.connect(self.hovered)
        self.pages = QStackedWidget()
        self._lay_out()
        needs.document.changed.connect(self._follow)
        needs.worker.progress.connect(self._progress)

    @property
    def note(self) -> str:
        """How to read the bars."""
        if self.sizes is None:
            return ""
        outline = " Outlines: the same network with usual initial values." if self.sizes.usual else ""
        return (f"Mean sizes over {plural(self.sizes.pictures, 'training picture')}, each step of the scale ten times "
                f"the one before.{outline}")

    def _lay_out(self) -> None:
        area = QScrollArea()
        area.setWidget(self.bars)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.pages.addWidget(self.sentence)
        self.pages.addWidget(area)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.caption, 1)
        head.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.addLayout(head)
        column.addWidget(self.pages, 1)

    def measure(self) -> None:
        """Ask the worker for one pass there and back."""
        document = self.needs.document
        if not document.whole.runs:
            self.caption.setText(document.whole.errors[0].message)
            return
        self.button.setEnabled(False)
        self.caption.setText("Measuring …")
        project = document.project
        self._asked = self.needs.worker.ask(MeasureSizes(0, project), lambda sizes: self._answered(project, sizes),
                                            lambda message, details: self._refused(message))

    def _answered(self, project: Project, sizes: Sizes) -> None:
        self.button.setEnabled(True)
        self._project, self.sizes = project, sizes
        self.bars.show_sizes(sizes.now, sizes.usual)
        self.pages.setCurrentIndex(1)
        self._say_result()
        self.hovered.emit("")

    def _refused(self, message: str) -> None:
        self.button.setEnabled(True)
        self.caption.setText(message)

    def _progress(self, number: int, text: str, done: int, total: int) -> None:
        if number == self._asked and not self.button.isEnabled():
            self.caption.setText(f"{text}: {done:,} of {total:,}" if total else f"{text} …")

    def _say_result(self) -> None:
        if self.sizes is None or not self.button.isEnabled():
            return
        text, now, then = verdict(self.sizes.now), self.needs.document.project, self._project
        if then is not None and (then.weights is not now.weights or then.network != now.network
                                 or then.options != now.options or then.data != now.data):
            text += " · before the last change; measure again"
        self.caption.setText(text)

    def _follow(self, change: Change) -> None:
        if change.loaded:
            self.sizes = self._project = None
            self.caption.clear()
            self.pages.setCurrentIndex(0)
        elif any(change.touched(part) for part in ("weights", "network", "options", "data")):
            self._say_result()


def verdict(sizes: Sequence[Size]) -> str:
    """What the gradients mean, in words."""
    learning = [(size.layer, size.gradient) for size in sizes if size.gradient is not None]
    if not learning:
        return "No layer has weights to train."
    still = [layer for layer, gradient in learning if gradient == 0]
    if len(still) == len(learning):
        return ("Every gradient is exactly 0: no weight of this network moves, however long it trains. Only biases of "
                "the last layer can learn.")
    if still:
        names = ", ".join(still[:4]) + (f" and {len(still) - 4} more" if len(still) > 4 else "")
        return f"The gradient of {names} is exactly 0: {'they stand' if len(still) > 1 else 'it stands'} still."
    (first, small), (last, large) = learning[0], learning[-1]
    if large > MUCH * small:
        return (f"The gradient vanishes on the way back: in {first} it is {times(large / small)} times smaller than in "
                f"{last}, so the first layers hardly learn.")
    if small > MUCH * large:
        return (f"The gradient grows on the way back: in {first} it is {times(small / large)} times larger than in "
                f"{last}; steps that suit one layer are wrong for the other.")
    if len(learning) == 1:
        return f"{first} is the only layer with weights, and its gradient is not 0."
    return f"From {last} back to {first} the gradient stays of similar size: every layer can learn."


def times(ratio: float) -> str:
    """A large ratio, to two digits: "79,000,000"."""
    return f"{float(f'{ratio:.2g}'):,.0f}"
