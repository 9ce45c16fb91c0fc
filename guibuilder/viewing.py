"""What is looked at: one layer on one picture, asked of the worker and shared by every view that shows it.

Views say whether they can be seen (`want`); while nobody can, nothing is asked and the worker computes nothing for us.
"""

from PySide6.QtCore import QObject, QTimer, Signal

from core.graph.expand import expanded
from core.layers.base import Array
from core.project import Project, fitting
from core.train.events import Failed, Finished, Started
from core.train.options import how_to_start
from core.worker.messages import Seen, Watch
from guibuilder.background import Worker
from guibuilder.document import Change, Document, Selection

TEST, FILE, DRAWN = "test", "file", "drawn"
READY_SOON = "One moment: the engine gets ready …"
_SETTLE = 30


class Viewing(QObject):
    """Layer, picture, and what was seen last. `seen(Seen)` at each answer; `said(sentence)` where there is none.

    At most one question is on its way when nothing trains, so drawing on the pad never piles up work.
    """

    seen = Signal(object)
    said = Signal(str)
    picture_changed = Signal()
    layer_changed = Signal()

    def __init__(self, document: Document, selection: Selection, worker: Worker) -> None:
        super().__init__(worker)
        self._document, self._selection, self._worker = document, selection, worker
        self.origin, self.index, self.picture = TEST, 0, None
        self.layer: str | None = None
        self.last: Seen | None = None
        self.sentence = ""
        self.training = False
        self._wanted: set[int] = set()
        self._number = 0
        self._waiting = self._again = False
        self._timer = QTimer(self, singleShot=True, interval=_SETTLE)
        self._timer.timeout.connect(self._ask)
        document.changed.connect(self._follow)
        selection.changed.connect(self._choose_layer)
        worker.trained.connect(self._trained)
        worker.seen.connect(self._seen)
        worker.progress.connect(self._progress)
        worker.died.connect(self._died)
        self._choose_layer()

    picture: Array | None

    # what the views do ------------------------------------------------------------------------------------------

    def want(self, viewer: QObject, wanted: bool) -> None:
        """A view can be seen now, or not any more."""
        before = bool(self._wanted)
        (self._wanted.add if wanted else self._wanted.discard)(id(viewer))
        if wanted and not before:
            self.ask_soon()
        elif before and not self._wanted and self._number:
            self._waiting = False
            self._number = self._worker.ask(Watch(0, None))

    def choose_test_picture(self, index: int) -> None:
        """Look at a picture of the test part."""
        self._choose(TEST, max(0, index), None)

    def choose_picture(self, picture: Array, origin: str) -> None:
        """Look at a picture from a file or the drawing pad: float32 C×H×W as the network takes it."""
        self._choose(origin, self.index, picture)

    def _choose(self, origin: str, index: int, picture: Array | None) -> None:
        told = origin != TEST or (origin, index) != (self.origin, self.index)
        self.origin, self.index, self.picture = origin, index, picture
        if told:
            self.picture_changed.emit()
            self.ask_soon()

    def ask_soon(self) -> None:
        """Ask again after a moment, once for many reasons."""
        if self._wanted and not self._timer.isActive():
            self._timer.start()

    # what happens elsewhere -------------------------------------------------------------------------------------

    def _choose_layer(self, *_: object) -> None:
        """The selected layer; without one the layer as before, or the first convolution."""
        network = self._document.network
        key = self._selection.only
        if key is None and self.layer in expanded(self._document.project.network).names:
            return
        if key is None:
            filtering = [node for node in network.order if network.nodes[node].type == "Conv2D"]
            key = next(iter([*filtering, *network.order]), None)
        name = self._document.speaker(key) if key is not None else None
        if name != self.layer:
            self.layer = name
            self.layer_changed.emit()
            self.ask_soon()

    def _follow(self, change: Change) -> None:
        if change.loaded and self.last is not None:
            self._say(READY_SOON)  # what is shown is of another network
        if change.touched("network"):
            self._choose_layer()
        if any(change.touched(part) for part in ("network", "weights", "data")) or _starts_otherwise(change):
            self.ask_soon()

    def _trained(self, number: int, event: object) -> None:
        if isinstance(event, Started):
            self.training, self._waiting = True, False
            self.ask_soon()
        elif isinstance(event, Finished | Failed):
            self.training = False
            self.ask_soon()

    def _died(self, message: str) -> None:
        self.training = self._waiting = False
        self.ask_soon()

    # question and answer ----------------------------------------------------------------------------------------

    def _ask(self) -> None:
        sentence = self._why_not()
        if sentence:
            self._say(sentence)
            return
        if self._waiting and not self.training:
            self._again = True
            return
        self._waiting, self._again = True, False
        project = None if self.training else self._project()
        request = Watch(0, self.layer, self.picture, self.index, project)
        number = self._worker.ask(request, None, lambda message, details: self._refused(number, message))
        self._number = number
        if self.last is None:
            # What was said before (an empty canvas, a problem) is over; the first answer may wait for the engine.
            self._say(READY_SOON)

    def _project(self) -> Project:
        project = self._document.project
        return Project(network=project.network, data=project.data, options=project.options,
                       weights=fitting(project.network, project.weights, self._document.whole))

    def _why_not(self) -> str:
        """Why there is nothing to see, in a sentence, or nothing."""
        if not self._document.project.network.nodes:
            return "Put a network together first: drag layers from the palette, or start from a template."
        if self.layer is None:
            return "Select a layer to see what it puts out."
        if not self.training and not self._document.whole.runs:
            first = self._document.whole.errors[0]
            return f"{first.message.rstrip('.')}. Then this shows what {self.layer} puts out."
        return ""

    def _seen(self, seen: Seen) -> None:
        if seen.number != self._number:
            return
        self._waiting = False
        self.last, self.sentence = seen, ""
        self.seen.emit(seen)
        if self._again:
            self.ask_soon()

    def _refused(self, number: int, message: str) -> None:
        if number != self._number:
            return
        self._waiting = False
        self._say(message)
        if self._again:
            self.ask_soon()

    def _progress(self, number: int, text: str, done: int, total: int) -> None:
        if number == self._number and self._waiting:
            self._say(f"{text}: {done:,} of {total:,}" if total else f"{text} …")

    def _say(self, sentence: str) -> None:
        self.last, self.sentence = None, sentence
        self.said.emit(sentence)


def viewing_of(document: Document, selection: Selection, worker: Worker) -> Viewing:
    """The one Viewing of a worker: it looks at one layer at a time, so all views share it."""
    known = worker.findChild(Viewing)
    return known if known is not None else Viewing(document, selection, worker)


def is_trained(project: Project) -> bool:
    """Whether any weights are there; without them the network is shown with the random ones it would start from."""
    return bool(project.weights)


def _starts_otherwise(change: Change) -> bool:
    """Whether weights that are not trained are other ones now."""
    before, after = change.before.options, change.after.options
    return (before.seed, how_to_start(before)) != (after.seed, how_to_start(after))
