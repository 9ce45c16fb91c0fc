"""The confusion matrix: which classes the network takes for which, on the test pictures, and the worst mistakes."""

from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from core.project import Project
from core.worker.messages import Measure, Measured
from guibuilder.document import Change
from guibuilder.inspection.base import InspectionView, Needs
from guibuilder.inspection.matrix import Matrix
from guibuilder.inspection.mistakes import Mistakes

_NOT_YET = ("Measure lets the network answer all test pictures, which it never trained on, and counts what it took for "
            "what.")


class Confusion(InspectionView):
    """A button to measure, the matrix, and the mistakes of the cell that is chosen."""

    title = "Confusion"

    def __init__(self, needs: Needs) -> None:
        super().__init__(needs)
        self._asked = 0
        self._measured_project: Project | None = None
        self.measured: Measured | None = None
        self.button = QPushButton("Measure")
        self.button.setToolTip("Answer all test pictures and count")
        self.button.clicked.connect(self.measure)
        self.caption, self.sentence = QLabel(), QLabel(_NOT_YET)
        for label in (self.caption, self.sentence):
            label.setProperty("soft", True)
            label.setWordWrap(True)
        self.matrix = Matrix(needs.theme)
        self.mistakes = Mistakes(needs.theme)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.sentence)
        self.pages.addWidget(self._results())
        self._lay_out()
        self.matrix.hovered.connect(self.hovered)
        self.matrix.chosen.connect(self._chosen)
        self.mistakes.picked.connect(needs.viewing.choose_test_picture)
        needs.document.changed.connect(self._follow)
        needs.worker.progress.connect(self._progress)

    @property
    def note(self) -> str:
        """How to read the matrix."""
        return "Rows: what it is. Columns: what the network says." if self.measured is not None else ""

    def _results(self) -> QWidget:
        both = QWidget()
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self.matrix, 3)
        row.addWidget(self.mistakes, 2)
        return both

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.caption, 1)
        head.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.addLayout(head)
        column.addWidget(self.pages, 1)

    def measure(self) -> None:
        """Ask the worker for loss, accuracy and confusion on the test part."""
        document = self.needs.document
        if not document.whole.runs:
            self.caption.setText(document.whole.errors[0].message)
            return
        self.button.setEnabled(False)
        self.caption.setText("Measuring …")
        project = document.project
        self._asked = self.needs.worker.ask(Measure(0, project), lambda result: self._answered(project, result),
                                            lambda message, details: self._refused(message))

    def _answered(self, project: Project, measured: Measured) -> None:
        self.button.setEnabled(True)
        self._measured_project, self.measured = project, measured
        self.matrix.set_counts(measured.confusion, measured.classes)
        self.mistakes.show_measured(measured)
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
        if self.measured is None or not self.button.isEnabled():
            return
        count = int(self.measured.confusion.sum())
        right = int(self.measured.confusion.trace())
        text = f"{right:,} of {count:,} test pictures recognised ({self.measured.accuracy * 100:.1f} %)"
        now, then = self.needs.document.project, self._measured_project
        if then is not None and (then.weights is not now.weights or then.network != now.network):
            text += " · before the last change; measure again"
        self.caption.setText(text)

    def _follow(self, change: Change) -> None:
        if change.loaded:
            self.measured = self._measured_project = None
            self.caption.clear()
            self.pages.setCurrentIndex(0)
        elif change.touched("weights") or change.touched("network"):
            self._say_result()

    def _chosen(self, row: int, column: int) -> None:
        if self.measured is not None:
            self.mistakes.show_cell(self.measured.classes[row], self.measured.classes[column])
