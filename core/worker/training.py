"""The running training as the worker sees it: events upwards at a bearable rate, checkpoints, and what is watched."""

import time
from collections.abc import Callable
from dataclasses import replace

from core.errors import CoreError
from core.graph.expand import expanded
from core.train.control import Control
from core.train.events import BatchDone, EpochDone, Event, Failed, Finished, Gathering, Preparing, Started
from core.train.fit import Training
from core.train.job import Job
from core.train.prepare import Prepared
from core.worker.library import Library
from core.worker.looking import Scene, see
from core.worker.messages import Checkpoint, Refused, Train, Trained
from core.worker.outbox import MESSAGE_SECONDS, Outbox
from core.worker.watching import Watching

# Five pictures of the training a second look alive. Painting them stops a thread of the training, and the others wait
# for it: twice as many cost the training another twentieth of its pace.
LOOK_SECONDS = BATCH_SECONDS = 0.2
# Looking may take a twentieth of the time, and copying the weights a fiftieth: the training keeps its pace.
LOOK_SHARE, CHECKPOINT_SHARE = 20, 50
EPOCH_CHECKPOINT_SECONDS, CHECKPOINT_SECONDS = 2.0, 10.0


class RunningTraining:
    """One Train request, from its start to its Finished or Failed.

    `serve(block)` is called between two batches: it handles what has come meanwhile, waiting for it where it is paused.
    """

    def __init__(self, request: Train, outbox: Outbox, library: Library, watching: Watching,
                 serve: Callable[[bool], None]) -> None:
        self.number = request.number
        self.control = Control(paused=request.paused)
        self._watching = watching
        self._project, self._outbox, self._serve = request.project, outbox, serve
        job = Job(request.project, None, request.threads, request.resume, library.load)
        self._training = Training(job, self.control)
        self._points: list[tuple[int, int, float, float | None]] = []
        self._latest: BatchDone | None = None
        self._said = Preparing("")
        self._next_message = self._next_look = self._last_checkpoint = 0.0
        self._started = False

    def run(self) -> None:
        """Train to the end; CoreError where the training cannot be."""
        events = self._training.events()
        try:
            for event in events:
                self._hand_up(event)
                if isinstance(event, Finished | Failed):
                    return
                self.control.saw(event)
                self._between()
                if self.control.stopped and not self._started:
                    self._tell(Finished("stopped", self._project.weights, 0, 0.0, state=self._project.state,
                                        progress=self._project.progress))
                    return
        finally:
            events.close()

    def _between(self) -> None:
        """Between two events: take requests, show what is watched, keep the weights safe, and wait out a pause."""
        self._serve(False)
        prepared = self._training.prepared
        if prepared is not None:
            self._look(prepared)
            self._keep(prepared, CHECKPOINT_SECONDS)
        if self._started and self.control.paused:
            self._flush()
            if prepared is not None:
                self._look(prepared, at_once=True)
                self._outbox.put(self._checkpoint(prepared, paused=True))
            while self.control.paused:
                self._serve(True)
                if prepared is not None:
                    self._look(prepared)

    # events -------------------------------------------------------------------------------------------------------

    def _hand_up(self, event: Event) -> None:
        if isinstance(event, BatchDone):
            self._gather(event)
            return
        if isinstance(event, Gathering):
            if time.monotonic() >= self._next_message:
                self._next_message = time.monotonic() + BATCH_SECONDS
                self._tell(event)
            return
        self._flush()
        if isinstance(event, Preparing):
            if event.text != self._said.text or (event != self._said and time.monotonic() >= self._next_message):
                self._said, self._next_message = event, time.monotonic() + MESSAGE_SECONDS
                self._tell(event)
            return
        prepared = self._training.prepared
        if isinstance(event, Started):
            self._started, self._last_checkpoint = True, time.monotonic()
            self._next_message = 0.0  # the first batch is awaited
        elif prepared is not None and isinstance(event, EpochDone):
            self._keep(prepared, EPOCH_CHECKPOINT_SECONDS)
        elif prepared is not None and isinstance(event, Finished):
            self._look(prepared, at_once=True)
        self._tell(event)

    def _gather(self, event: BatchDone) -> None:
        """Keep a batch until the next message is due."""
        self._points.append((event.epoch, event.batch, event.loss, event.accuracy))
        self._latest = event
        if time.monotonic() >= self._next_message:
            self._flush()

    def _flush(self) -> None:
        if self._latest is not None:
            points = tuple(self._points) if len(self._points) > 1 else ()
            self._tell(replace(self._latest, points=points))
            self._points, self._latest = [], None
            self._next_message = time.monotonic() + BATCH_SECONDS

    def _tell(self, event: Event) -> None:
        self._outbox.put(Trained(self.number, event))

    # what is watched and kept ---------------------------------------------------------------------------------------

    def _look(self, prepared: Prepared, *, at_once: bool = False) -> None:
        """Show what is watched, where it is time for it or something else is watched now."""
        began, watch = time.monotonic(), self._watching.current
        if watch is None or not (at_once or self._watching.changed or began >= self._next_look):
            return
        self._watching.changed = False
        scene = Scene(expanded(self._project.network), prepared.engine, prepared.dataset, prepared.normalisation,
                      prepared.dataset.classes)
        try:
            self._outbox.latest(see(watch, scene, training=True))
        except CoreError as error:
            self._watching.take(None)
            self._outbox.put(Refused(watch.number, error.message))
        now = time.monotonic()
        self._next_look = now + max(LOOK_SECONDS, LOOK_SHARE * (now - began))

    def _keep(self, prepared: Prepared, seconds: float) -> None:
        """Send the training up as it stands, so that little is lost should a process die."""
        began = time.monotonic()
        if began < self._last_checkpoint + seconds:
            return
        self._outbox.latest(self._checkpoint(prepared))
        now = time.monotonic()
        self._last_checkpoint = now + max(0.0, CHECKPOINT_SHARE * (now - began) - CHECKPOINT_SECONDS)

    def _checkpoint(self, prepared: Prepared, *, paused: bool = False) -> Checkpoint:
        training = self._training
        return Checkpoint(self.number, training.epoch - 1, prepared.current_weights(), training.state(prepared),
                          training.progress(prepared), paused)
