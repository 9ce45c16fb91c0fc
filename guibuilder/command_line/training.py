"""A training in the terminal: the rows of its epochs, a progress bar, and a clean end on Ctrl+C."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from core.formats.atomic import write_atomically
from core.formats.history_csv import history_to_text
from core.project import Project, beginning_of
from core.train.events import BatchDone, EpochDone, Event, Failed, Finished, Gathering, Preparing, Started
from guibuilder.command_line.bars import Bar
from guibuilder.command_line.common import count_of, percent, say

if TYPE_CHECKING:
    from core.train.fit import Training

_HEADS = ("Epoch", "    Loss", " Accuracy", "Validation loss", "Validation accuracy", "    Time")


# After an epoch that ends so long after the last time, what was learned is saved.
_SAVE_EVERY = 60.0  # seconds


class Run:
    """One training from the first event to the last.

    `keep` saves a project; it is called after an epoch about once a minute, so that a power cut costs little.
    """

    def __init__(self, project: Project, threads: int | None, *, log: Path | None = None, resume: bool = False,
                 quiet: bool = False, keep: Callable[[Project], None] | None = None) -> None:
        from core.train.control import Control

        self._project, self._threads, self._log, self._resume, self._quiet = project, threads, log, resume, quiet
        self._control, self._keep, self._kept = Control(), keep, time.monotonic()
        self._started: Started | None = None
        self._figures: dict[str, Any] = {}
        self._bar: Bar | None = None
        self._epochs: list[EpochDone] = []

    def run(self) -> Finished | Failed:
        """Train to the end, or until Ctrl+C; a second Ctrl+C, or one before the first batch, ends at once."""
        from core.train.fit import Training
        from core.train.job import Job

        training = Training(Job(self._project, threads=self._threads, resume=self._resume), self._control)
        self._bar = Bar("Preparing", 0, "steps")
        try:
            with self._stoppable(), contextlib.closing(training.events()) as events:
                for event in events:
                    self._take(event, training)
        finally:
            self._bar.close()
        assert isinstance(event, Finished | Failed), "a training ends with one of them"
        return event

    def _take(self, event: Event, training: "Training") -> None:
        if isinstance(event, Started):
            self._figures = _figures(training)
        self._show(event)
        if isinstance(event, EpochDone):
            self._keep_now_and_then(training)

    def result(self, end: Finished | Failed) -> Project:
        """The project with what was learned; after a failure with the last good weights."""
        classes = self._started.classes if self._started else self._project.classes
        state, progress = (end.state, end.progress) if isinstance(end, Finished) else ({}, self._figures)
        began = beginning_of(self._project if self._resume else replace(self._project, beginning=None))
        return replace(self._project, weights=end.weights or self._project.weights, classes=classes, state=state,
                       progress=progress, history=self.history(), beginning=began)

    def _keep_now_and_then(self, training: "Training") -> None:
        if self._keep is None or time.monotonic() - self._kept < _SAVE_EVERY:
            return
        self._keep(self.result(training.so_far()))
        self._kept = time.monotonic()

    @contextlib.contextmanager
    def _stoppable(self) -> Iterator[None]:
        """Ctrl+C asks the training to stop; signals reach the main thread only."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(number: int, frame: FrameType | None) -> None:
            if self._started is None or self._control.stopped:
                raise KeyboardInterrupt
            self._control.apply("stop")

        before = signal.signal(signal.SIGINT, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _show(self, event: Event) -> None:
        if isinstance(event, Preparing) and self._bar:
            self._bar.at(event.done, event.total, event.text)
        elif isinstance(event, Started):
            self._begin(event)
        elif isinstance(event, BatchDone):
            self._advance(event)
        elif isinstance(event, Gathering) and self._bar and self._started:
            before = (event.epoch - self._started.first_epoch) * self._started.train
            self._bar.at(before + event.pictures, text=f"Epoch {event.epoch} of {self._started.epochs}")
        elif isinstance(event, EpochDone):
            self._epochs.append(event)
            self._write_log()
            self._row(event)

    def _begin(self, event: Started) -> None:
        self._started = event
        if self._bar:
            self._bar.close()
        say(*event.notes)
        self._write_log()
        if not self._quiet:
            validation = f", {event.validation:,} for validation" if event.validation else ""
            print(f"{self._project.network.name} on {self._project.data.source}: "
                  f"{count_of(event.train, 'picture')}{validation}, {event.test:,} for the test\n")
            print("  ".join(_HEADS))
            print("  ".join("─" * len(head) for head in _HEADS), flush=True)
        left = event.epochs - event.first_epoch + 1
        self._bar = Bar(f"Epoch {event.first_epoch} of {event.epochs}", left * event.train, "pictures")

    def _advance(self, event: BatchDone) -> None:
        """Move the bar, which counts the pictures of all epochs of this run."""
        if self._bar is None or self._started is None:
            return
        size = -(-self._started.train // self._started.batches)
        before = (event.epoch - self._started.first_epoch) * self._started.train
        self._bar.note(f"loss {event.loss:.3f}")
        self._bar.at(before + min(self._started.train, event.batch * size),
                     text=f"Epoch {event.epoch} of {self._started.epochs}")

    def _row(self, event: EpochDone) -> None:
        if self._quiet or self._bar is None:
            return
        validation = "–" if event.validation_loss is None else f"{event.validation_loss:.4f}"
        cells = (str(event.epoch), f"{event.train_loss:.4f}", percent(event.train_accuracy), validation,
                 percent(event.validation_accuracy), f"{event.seconds:,.2f} s")
        self._bar.print("  ".join(f"{cell:>{len(head)}}" for cell, head in zip(cells, _HEADS, strict=True)))

    def history(self) -> tuple[EpochDone, ...]:
        """All epochs: those before where the training goes on from them, and those of this run."""
        first = self._started.first_epoch if self._started else 1
        before = [epoch for epoch in self._project.history if epoch.epoch < first] if self._resume else []
        return (*before, *self._epochs)

    def _write_log(self) -> None:
        """Write the log anew after each epoch, so that it is whole at any time."""
        if self._log is None:
            return
        text = history_to_text(self.history()).encode()
        write_atomically(self._log, lambda file: file.write(text))


def _figures(training: "Training") -> dict[str, Any]:
    """Mean and spread of the pictures, without which weights that were trained on normalised ones mean nothing."""
    if training.prepared is None or not training.prepared.normalisation:
        return {}
    normal = training.prepared.normalisation
    return {"mean": list(normal.mean), "spread": list(normal.spread)}
