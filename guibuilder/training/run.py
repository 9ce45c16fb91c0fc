"""One training as the window sees it: a small state machine between the buttons and the worker's events."""

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from core.project import rewound
from core.train.events import BatchDone, EpochDone, Event, Failed, Finished, Gathering, Preparing, Started
from core.worker.messages import Checkpoint, Control, Train
from guibuilder.background import Worker
from guibuilder.document import Change, Document
from guibuilder.training.standing import Standing
from guibuilder.training.state import ACTIVE, Place, State
from guibuilder.training.trouble import KEEP, Trouble, failure, plain, refusal, too_large

STOP_PATIENCE = 8000


class TrainingRun(Standing):
    """Starts, steers and follows a training. `state_changed` at each new state, `advanced` when figures are new.

    At a pause and when it ends well the document takes what was learned, in one step of undo for the whole run. When it
    fails the document stays as it was, and the last good weights can be kept by a click. `checkpointed` says that a
    `snapshot` holds more than the one before.
    """

    state_changed = Signal(object)
    advanced = Signal()
    checkpointed = Signal()

    def __init__(self, document: Document, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(document, parent)
        self.worker = worker
        self.place = Place()
        self.preparing = Preparing("")
        self.trouble: Trouble | None = None
        self.result: Finished | None = None
        self.notes: tuple[str, ...] = ()
        self.threads: int | None = None
        self.why_anew = ""
        self._number, self._first_step = 0, ""
        self._wrongly_drawn = False
        self._until = ""
        self._offset = 0
        self._advanced = False
        self._patience = QTimer(self, singleShot=True, interval=STOP_PATIENCE)
        self._patience.timeout.connect(worker.restart)
        worker.trained.connect(self._trained)
        worker.told.connect(self._told)
        worker.progress.connect(self._progress)
        for signal in (worker.answered, worker.refused, worker.died):
            signal.connect(self._settled)
        worker.drained.connect(self._tell)
        document.changed.connect(self._follow)
        self.figures.show(document.project.history)

    # what a person does -----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Train; a training that was stopped goes on, one that is finished goes on for as many epochs again."""
        if not self.active:
            self._start("")

    def toggle(self) -> None:
        """Start, pause or resume: what Space does."""
        if self.state is State.RUNNING:
            self.pause()
        elif self.state is State.PAUSED:
            self.resume()
        else:
            self.start()

    def pause(self) -> None:
        """Stop between two batches, and wait."""
        if self.state is State.RUNNING:
            self.worker.send(Control("pause"))
            self._enter(State.PAUSED)

    def resume(self) -> None:
        """Go on after a pause; with the document as it is now where it was changed, or taken back, meanwhile."""
        if self.state is State.PAUSED:
            if self.apart:
                self._leave()
                self._start("")
                return
            self._until = ""
            self.worker.send(Control("resume"))
            self._enter(State.RUNNING)

    def one_batch(self) -> None:
        """Make one step, then pause; starts a training where there is none."""
        self._step("batch")

    def one_epoch(self) -> None:
        """Go to the end of the epoch, then pause; starts a training where there is none."""
        self._step("epoch")

    def stop(self) -> None:
        """End the training and keep what was learned."""
        if self.state is State.PREPARING:
            self.worker.send(Control("stop"))
            self._number = 0
            self._enter(State.IDLE)
        elif self.active:
            self.worker.send(Control("stop"))
            self._patience.start()

    def set_rate(self, rate: float) -> None:
        """Use another learning rate from the next batch on."""
        if self.active:
            self.worker.send(Control("rate", rate))

    def start_over(self) -> None:
        """Forget what was learned; the next training begins with new weights. Can be undone."""
        if not self.active:
            self.document.edit("Start over", weights={}, history=(), state={}, progress={}, beginning=None)
            self.trouble = self.result = None
            self._show_document()

    def rewind(self) -> None:
        """Back to exactly the weights before the first epoch; the next training makes the same steps. Can be undone."""
        parts = rewound(self.document.project)
        if parts and self.rewinds:
            if self.active:
                self._leave()
            self.document.edit("Rewind to the initial weights", **parts)
            self.trouble = self.result = self.network = None
            self._show_document()

    def dismiss(self) -> None:
        """Put the trouble away."""
        if self.state is State.FAILED:
            self.trouble = None
            self._show_document()

    # starting ---------------------------------------------------------------------------------------------------

    def _step(self, what: str) -> None:
        if self.state is State.PAUSED and self.apart:
            self._leave()
            self._start(what)
        elif self.state in (State.RUNNING, State.PAUSED):
            self._until = what
            self.worker.send(Control(what))
            self._enter(State.RUNNING)
        elif self.state is not State.PREPARING:
            self._start(what)

    def _start(self, first_step: str) -> None:
        errors = self.document.whole.errors
        if errors:
            self._fail(Trouble(errors[0].sentence(), errors[0].layer or None))
            self._wrongly_drawn = True
            return
        self.trouble = self.result = None
        project, self.network = self.document.project, self.document.project.network
        self.keeping.begin(project)
        self.figures.show(project.history)
        self.why_anew = self.waiting.hindrance if self.waiting is not None else ""
        self._first_step = self._until = first_step
        self.preparing = Preparing("Starting")
        self.place = Place(epochs=project.options.epochs)
        request = Train(0, project, self.threads, paused=bool(first_step), resume=self.goes_on)
        self._number = self.worker.ask(request, None, self._refused)
        self._enter(State.PREPARING)

    # following --------------------------------------------------------------------------------------------------

    def _trained(self, number: int, event: Event) -> None:
        if number != self._number:
            return
        self._advanced = True
        if isinstance(event, BatchDone):
            self._batch_done(event)
        elif isinstance(event, EpochDone):
            self._epoch_done(event)
        elif isinstance(event, Gathering):
            self.place.epoch, self.place.batch = event.epoch + self._offset, 0
            self.place.part = event.pictures / max(1, event.total)
        elif isinstance(event, Preparing):
            self.preparing = event
        elif isinstance(event, Started):
            self._started(event)
        elif isinstance(event, Finished):
            self._finished(event)
        elif isinstance(event, Failed):
            self._failed(event)

    def _progress(self, number: int, text: str, done: int, total: int) -> None:
        """The worker is still being warmed: that is what a training that was just asked for waits for."""
        if number == self.worker.warming and self.state in (State.IDLE, State.PREPARING):
            self.preparing = Preparing(text, done, total)
            self._advanced = True

    def _settled(self, *_: object) -> None:
        if not self.active and self.preparing.text and not self.worker.warming:
            self.preparing = Preparing("")
            self._advanced = True

    def _told(self, message: object) -> None:
        if isinstance(message, Checkpoint) and message.number == self._number:
            self.keeping.checkpoint = message
            if message.paused and self.state is State.PAUSED and (message.epoch or message.progress.get("batch")):
                self.keeping.take(message, self.place.first_epoch, message.number)
            self.checkpointed.emit()

    def _started(self, event: Started) -> None:
        start = self.keeping.start
        before = start.history[-1].epoch if start is not None and start.history and start.weights else 0
        self._offset = before - (event.first_epoch - 1)
        first = before + 1
        self.figures.begin(first)
        self.place = Place(first, event.epochs + self._offset, 0, event.batches, first, event.train,
                           event.test)
        self.notes, self.keeping.classes = event.notes, event.classes
        if self._first_step:
            self.worker.send(Control(self._first_step))
        self._enter(State.RUNNING)

    def _batch_done(self, event: BatchDone) -> None:
        event = replace(event, epoch=event.epoch + self._offset)
        self.figures.add_batch(event, self.place.batches)
        self.place.epoch, self.place.batch, self.place.part = event.epoch, event.batch, 0.0
        self.place.rate = event.rate
        self.place.pictures_per_second = event.images_per_second
        if self._until == "batch":
            self._reached()

    def _epoch_done(self, event: EpochDone) -> None:
        event = replace(event, epoch=event.epoch + self._offset)
        self.figures.add_epoch(event)
        self.place.epoch, self.place.batch = event.epoch, self.place.batches
        if self._until == "epoch":
            self._reached()

    def _reached(self) -> None:
        """The one batch or epoch is done: the worker has paused by itself."""
        self._until = ""
        self._enter(State.PAUSED)

    def _finished(self, event: Finished) -> None:
        number, self._number = self._number, 0
        self.result = event = replace(event, best_epoch=event.best_epoch and event.best_epoch + self._offset)
        self.keeping.take(event, self.place.first_epoch, number)
        self._enter(State.FINISHED if event.reason != "stopped" else State.IDLE)

    def _failed(self, event: Failed) -> None:
        if event.fitting_batch:
            self._fail(too_large(event, self._retry_batch))
            return
        rate = self.document.project.options.learning_rate
        self._fail(failure(event, rate, self._retry, lambda: self.keeping.take_weights(KEEP, event.weights)))

    def _refused(self, message: str, details: str) -> None:
        if not self.active:
            return
        self._fail(refusal(message, details, self.start, self.keeping.take_checkpoint(self._offset)))

    def _retry(self, rate: float) -> None:
        options = replace(self.document.project.options, learning_rate=rate)
        self.document.edit(f"Set learning rate {plain(rate)}", options=options)
        self.start()

    def use_batch(self, size: int) -> None:
        """Make steps of that many pictures."""
        options = replace(self.document.project.options, batch_size=size, mode="mini-batch")
        self.document.edit(f"Set batch size {size:,}", options=options)

    def _retry_batch(self, size: int) -> None:
        self.use_batch(size)
        self.start()

    def _fail(self, trouble: Trouble) -> None:
        self._number, self._wrongly_drawn = 0, False
        self.trouble = trouble
        self._enter(State.FAILED)

    def _follow(self, change: Change) -> None:
        if change.loaded:
            self._forget()
            if self.document.whole.network.nodes and self.document.whole.runs:
                self.worker.warm(self.document.whole.network)
        elif change.touched("history") and not self.active:
            self.figures.show(change.after.history)
            self.advanced.emit()
        if change.touched("network") and self._wrongly_drawn:
            self._wrongly_drawn = False
            self.dismiss()  # it is about the drawing before; the problems tell what is still wrong
        if change.touched("options") and self.active:
            rate = change.after.options.learning_rate
            if rate != change.before.options.learning_rate:
                self.set_rate(rate)
        if change.touched("network") and not self.figures.empty:
            self.advanced.emit()

    def _forget(self) -> None:
        """Another document: a run of the old one ends."""
        if self.active:
            self.worker.send(Control("stop"))
        self._number = 0
        self.network = self.trouble = self.result = None
        self.keeping.begin(self.document.project)
        self._show_document()

    def _leave(self) -> None:
        """End a paused run whose document goes another way: what it learned until then is a step of undo already."""
        self.worker.send(Control("stop"))
        self._number = 0
        self._enter(State.IDLE)

    def _show_document(self) -> None:
        """Only the figures that the document holds."""
        self.figures.clear()
        self.figures.show(self.document.project.history)
        self._enter(State.IDLE)
        self.advanced.emit()

    def _tell(self) -> None:
        if self._advanced:
            self._advanced = False
            self.advanced.emit()

    def _enter(self, state: State) -> None:
        if state not in ACTIVE:
            self._patience.stop()
        self.state = state
        self.state_changed.emit(state)
