"""One training as the window sees it: a small state machine between the buttons and the worker's events."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from core.graph.network import Network
from core.layers.base import Array
from core.project import Project
from core.train.events import BatchDone, EpochDone, Event, Failed, Finished, Gathering, Preparing, Started
from core.worker.messages import Checkpoint, Control, Train
from guibuilder.background import Worker
from guibuilder.document import Change, Document
from guibuilder.training.history import Figures
from guibuilder.training.state import ACTIVE, Place, State, can_go_on, same_arithmetic
from guibuilder.training.trouble import KEEP, Trouble, failure, plain, refusal, too_large
from guibuilder.words import plural

STOP_PATIENCE = 8000


class TrainingRun(QObject):
    """Starts, steers and follows a training. `state_changed` at each new state, `advanced` when figures are new.

    When it ends well the document takes weights and history in one step of undo. When it fails the document stays as
    it was, and the last good weights can be kept by a click.
    """

    state_changed = Signal(object)
    advanced = Signal()

    def __init__(self, document: Document, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document, self.worker = document, worker
        self.state = State.IDLE
        self.figures = Figures()
        self.place = Place()
        self.preparing = Preparing("")
        self.trouble: Trouble | None = None
        self.result: Finished | None = None
        self.notes: tuple[str, ...] = ()
        self.network: Network | None = None
        self.threads: int | None = None
        self._project: Project | None = None
        self._classes: tuple[str, ...] = ()
        self._number, self._first_step = 0, ""
        self._until = ""
        self._offset = 0
        self._advanced = False
        self._checkpoint: Checkpoint | None = None
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

    @property
    def active(self) -> bool:
        """Whether a training goes on, is being prepared or is paused."""
        return self.state in ACTIVE

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
        """Go on after a pause."""
        if self.state is State.PAUSED:
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
            self.document.edit("Start over", weights={}, history=(), state={}, progress={})
            self.trouble = self.result = None
            self._show_document()

    def dismiss(self) -> None:
        """Put the trouble away."""
        if self.state is State.FAILED:
            self.trouble = None
            self._show_document()

    @property
    def stale(self) -> bool:
        """Whether the shown figures belong to an earlier network than the one that is drawn."""
        return self.network is not None and not self.figures.empty and not same_arithmetic(self.network,
                                                                                           self.document.network)

    @property
    def goes_on(self) -> bool:
        """Whether Train would go on exactly where a stopped training was."""
        return can_go_on(self.document.project, self.document.inference)

    # starting ---------------------------------------------------------------------------------------------------

    def _step(self, what: str) -> None:
        if self.state in (State.RUNNING, State.PAUSED):
            self._until = what
            self.worker.send(Control(what))
            self._enter(State.RUNNING)
        elif self.state is not State.PREPARING:
            self._start(what)

    def _start(self, first_step: str) -> None:
        errors = self.document.inference.errors
        if errors:
            self._fail(Trouble(errors[0].sentence(), errors[0].layer or None))
            return
        self.trouble = self.result = self._checkpoint = None
        self._project, self.network = self.document.project, self.document.network
        self._first_step = self._until = first_step
        self.preparing = Preparing("Starting")
        self.place = Place(epochs=self._project.options.epochs)
        request = Train(0, self._project, self.threads, paused=bool(first_step), resume=self.goes_on)
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
            self._checkpoint = message

    def _started(self, event: Started) -> None:
        history = self._project.history if self._project is not None else ()
        trained = bool(self._project is not None and self._project.weights)
        before = history[-1].epoch if history and trained else 0
        self._offset = before - (event.first_epoch - 1)
        first = before + 1
        self.figures.begin(first)
        self.place = Place(first, event.epochs + self._offset, 0, event.batches, first, event.train,
                           event.test)
        self.notes, self._classes = event.notes, event.classes
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
        self._number = 0
        self.result = event
        epochs = len([epoch for epoch in self.figures.epochs if epoch.epoch >= self.place.first_epoch])
        self._keep(f"Train {plural(epochs, 'epoch')}" if epochs else "Train some batches", event.weights,
                   {"state": event.state, "progress": event.progress})
        self._enter(State.FINISHED if event.reason != "stopped" else State.IDLE)

    def _failed(self, event: Failed) -> None:
        if event.fitting_batch:
            self._fail(too_large(event, self._retry_batch))
            return
        rate = self.document.project.options.learning_rate
        self._fail(failure(event, rate, self._retry, lambda: self._keep(KEEP, event.weights, {})))

    def _refused(self, message: str, details: str) -> None:
        if not self.active:
            return
        kept = self._keep_checkpoint(self._checkpoint) if self._checkpoint is not None else ""
        self._fail(refusal(message, details, self.start, kept))

    def _keep_checkpoint(self, checkpoint: Checkpoint) -> str:
        """The worker is gone: take what it sent last into the document; gives what there is to say about it."""
        whole = checkpoint.epoch + self._offset
        self.figures.epochs = [epoch for epoch in self.figures.epochs if epoch.epoch <= whole]
        self._keep("Keep what was trained so far", checkpoint.weights, {"state": {}, "progress": {}})
        return f"What was learned up to epoch {max(whole, 1):,} is kept."

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
        self._number = 0
        self.trouble = trouble
        self._enter(State.FAILED)

    def _keep(self, title: str, weights: Mapping[str, Array], parts: dict[str, Any]) -> None:
        """One step of undo with the new weights; arrays of layers renamed meanwhile are renamed with them."""
        if self._project is None:
            return
        trained = replace(self._project, weights=weights, **parts).with_network(self.document.network)
        self.document.edit(title, weights=trained.weights, state=trained.state, progress=trained.progress,
                           history=tuple(self.figures.epochs), classes=self._classes or trained.classes)

    def _follow(self, change: Change) -> None:
        if change.loaded:
            self._forget()
            if self.document.network.nodes and self.document.inference.runs:
                self.worker.warm(self.document.network)
        elif change.touched("history") and not self.active:
            self.figures.show(change.after.history)
            self.advanced.emit()
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
        self._show_document()

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
