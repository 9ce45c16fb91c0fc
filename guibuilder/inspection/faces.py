"""Three faces of the selected layer, linked: whatever output is pointed at lights up in all of them."""

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.graph.faces import Count, Faces, example, faces, why_none
from core.graph.network import Node
from core.layers.base import describe
from core.worker.messages import Seen
from guibuilder.inspection.base import InspectionView, Needs
from guibuilder.inspection.faces_base import Pointer
from guibuilder.inspection.faces_drawings import Connected, SlidingWindow, SparseMatrix

STEP = 450
_LARGE = 400


class ThreeFaces(InspectionView):
    """A window, a matrix and a graph side by side, with how many weights each way of seeing it needs."""

    title = "Three faces"
    alone = True

    def __init__(self, needs: Needs) -> None:
        super().__init__(needs)
        self.pointer = Pointer(self)
        self.caption, self.sentence = QLabel(), QLabel()
        for label in (self.caption, self.sentence):
            label.setProperty("soft", True)
            label.setWordWrap(True)
        self.small = QCheckBox("Small picture")
        self.small.setToolTip("Draw the same window on a picture so small that every number of it is seen")
        self.small.setChecked(True)
        self.small.toggled.connect(self.refresh)
        self.play = QToolButton()
        self.play.setCheckable(True)
        self.play.setIconSize(QSize(16, 16))
        self.play.toggled.connect(self._play)
        theme = needs.theme
        self.drawings = (SlidingWindow(theme, self.pointer), SparseMatrix(theme, self.pointer),
                         Connected(theme, self.pointer))
        self.heads, self.counts = (QLabel(), QLabel(), QLabel()), (QLabel(), QLabel(), QLabel())
        self.pages = QStackedWidget()
        self.pages.addWidget(self.sentence)
        self.pages.addWidget(self._faces())
        self._timer = QTimer(self, interval=STEP)
        self._timer.timeout.connect(self.pointer.advance)
        self._lay_out()
        self.pointer.changed.connect(self._tell)
        needs.viewing.layer_changed.connect(self.refresh)
        needs.document.changed.connect(self.refresh)
        theme.changed.connect(self.refresh)
        self._play(False)

    @property
    def note(self) -> str:
        """What is pointed at, or how to move."""
        return self.pointer.words()

    def _faces(self) -> QWidget:
        page = QWidget()
        table = QGridLayout(page)
        table.setContentsMargins(0, 0, 0, 0)
        table.setHorizontalSpacing(14)
        table.setVerticalSpacing(2)
        for place, (drawing, count) in enumerate(zip(self.drawings, self.counts, strict=True)):
            head = self.heads[place]
            head.setProperty("caption", True)
            head.setMinimumWidth(60)
            count.setWordWrap(True)
            count.setToolTip("Biases are not counted here: each filter, or each unit, has one more number")
            count.setTextFormat(Qt.TextFormat.RichText)
            count.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            table.addWidget(head, 0, place)
            table.addWidget(drawing, 1, place)
            table.addWidget(count, 2, place)
            table.setColumnStretch(place, 4 if place == 1 else 3)
        table.setRowStretch(1, 1)
        return page

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.caption, 1)
        head.addWidget(self.small)
        head.addWidget(self.play)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.addLayout(head)
        column.addWidget(self.pages, 1)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignTop)

    # what is shown ----------------------------------------------------------------------------------------------

    def show_seen(self, seen: Seen) -> None:
        """The picture under the window, where this layer reads it."""
        self.drawings[0].picture = seen.picture
        self.refresh()

    def say(self, sentence: str) -> None:
        """Nothing here waits for an answer: the structure follows from the settings."""
        self.refresh()

    def refresh(self, *_: object) -> None:
        """The faces of the layer that is looked at, or why it has none."""
        if not self.isVisible():
            return
        found, sentence = self._found()
        node = self._node()
        self.pages.setCurrentIndex(0 if found is None else 1)
        self.small.setVisible(found is not None)
        self.play.setVisible(found is not None)
        self.sentence.setText(sentence)
        self.caption.clear()
        if found is None or node is None:
            self.play.setChecked(False)
            self.pointer.show(None)
            return
        little = example(node.layer, found.inputs)
        self.small.setVisible(little is not None and max(found.rows, found.columns) > _LARGE)
        drawn = little if little is not None and self._wants_small(found) else found
        self.caption.setText(self._words(node, found, drawn))
        self._show_counts(found)
        self.pointer.show(drawn)
        for drawing in self.drawings:
            drawing.update()

    def _wants_small(self, found: Faces) -> bool:
        return self.small.isChecked() and max(found.rows, found.columns) > _LARGE

    def _node(self) -> Node | None:
        network, layer = self.needs.document.whole.flat.network, self.needs.viewing.layer
        return network.nodes[network.names[layer]] if layer in network.names else None

    def _found(self) -> tuple[Faces | None, str]:
        """The faces, or a sentence."""
        node = self._node()
        if node is None:
            return None, "Select a layer to see what it is made of."
        shapes = self.needs.document.whole.flat.inputs.get(node.id)
        if not shapes or self.needs.document.whole.flat.shapes.get(node.id) is None:
            return None, f"{node.name} does not fit yet. Its faces are drawn as soon as its shapes are known."
        found = faces(node.layer, shapes[0])
        return found, "" if found is not None else why_none(node.layer)

    def _words(self, node: Node, found: Faces, drawn: Faces) -> str:
        whole = f"{node.name}: {node.layer.short()} on {describe(found.inputs)}"
        if drawn is found:
            return whole
        return f"{whole}. Drawn on {describe(drawn.inputs)}; the counts are those of {node.name}."

    def _show_counts(self, found: Faces) -> None:
        soft = self.needs.theme.colours.soft
        size = round(11 * self.needs.theme.scale)
        whole = found.window is None
        for head, drawing in zip(self.heads, self.drawings, strict=True):
            head.setText(drawing.title_without_window if whole else drawing.title)
        if whole:
            texts = ["Every output reads every input.", "No entry is held at 0, and none is shared.",
                     count_text(found.fully_connected, "fully connected", soft, size)]
        else:
            texts = [count_text(found.shared, "shared", soft, size),
                     count_text(found.locally_connected, "locally connected", soft, size),
                     count_text(found.fully_connected, "fully connected", soft, size)]
        for label, text in zip(self.counts, texts, strict=True):
            label.setText(text)

    # moving -----------------------------------------------------------------------------------------------------

    def _play(self, on: bool) -> None:
        (self._timer.start if on else self._timer.stop)()
        text = "Stop the window" if on else "Let the window slide"
        self.play.setIcon(self.needs.theme.icon("pause" if on else "play", "text"))
        self.play.setAccessibleName(text)
        self.play.setToolTip(text)

    def _tell(self) -> None:
        self.hovered.emit("")

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what was chosen while nobody looked."""
        super().showEvent(event)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing moves unseen."""
        self.play.setChecked(False)
        super().hideEvent(event)


def count_text(count: Count, how: str, soft: str, size: int) -> str:
    """"150 weights, shared" with the arithmetic under it."""
    word = "weight" if count.weights == 1 else "weights"
    head = f"<b>{count.weights:,}</b> {word}, {how}" if count.weights else "No weights to learn"
    formula = count.formula.rpartition(" = ")[0] or count.formula
    return f"{head}<br><span style='color: {soft}; font-size: {size}px'>{formula}</span>"
