"""Training as a generator of events: it knows no process and no window, and whoever runs it may stop asking."""

import time
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
from msgspec.structs import asdict

from core.data.batches import Batches, epoch_order
from core.engine.engine import StepResult
from core.errors import TrainingError
from core.graph.expand import expanded
from core.layers.base import Array
from core.train.best import Best
from core.train.control import Control
from core.train.events import BatchDone, EpochDone, Event, Failed, Finished, Started
from core.train.job import Job
from core.train.optimizers import make_optimizer
from core.train.prepare import Prepared, prepare
from core.train.progress import GO_ON, Kept, made_of, read_progress, restore
from core.train.resume import need_unchanged, take_state
from core.train.schedule import Schedule
from core.train.tally import LastGood, Means, Patience, Rate
from core.train.whole import whole_step

# Larger numbers say nothing to a reader.
READABLE = 1e9


def fit(job: Job, control: Control | None = None) -> Iterator[Event]:
    """Train: Preparing*, Started, ((Gathering* BatchDone)* EpochDone)*, then exactly one Finished or Failed.

    Equal seeds give equal weights to the last bit, whatever the number of threads, and so does a training that was
    stopped and resumed. CoreError before Started where the network, the data or the memory does not allow it.
    """
    return Training(job, control or Control()).events()


class Training:
    """One run of `fit`, for those who want to look at the engine between two events.

    `prepared` is there from Started on, until the generator ends.
    """

    def __init__(self, job: Job, control: Control) -> None:
        self.job, self.control = job, control
        self.options = job.project.options
        self.prepared: Prepared | None = None
        self.rate = self.options.learning_rate
        self.epoch, self._batch = 1, 0
        self._seen, self._speed, self._patience = Means(), Rate(), Patience(self.options.patience)
        self._best = Best(wanted=self.options.patience > 0)
        self.schedule = Schedule(self.options)
        # What remembers something over batches or epochs, by its name in `progress`.
        self._kept: dict[str, Kept] = {"patience": self._patience, "best": self._best, "schedule": self.schedule}
        self._began = 0.0
        self._optimizer = make_optimizer(self.options)

    def events(self) -> Generator[Event, None, None]:
        """The events; closing the generator ends the engine's threads."""
        prepared = yield from prepare(self.job)
        good = LastGood(prepared.weights, prepared.current_weights)
        self._kept["good"] = good
        try:
            notes = self._resume(prepared) if self.job.resume else ()
            self.prepared = prepared
            train, test = prepared.parts.train, prepared.dataset.test_y
            yield Started(self.options.epochs, prepared.updates, len(train),
                          len(prepared.parts.validation), len(test), prepared.dataset.classes, self.epoch,
                          prepared.notes + notes)
            yield from self._epochs(prepared, good)
        finally:
            self.prepared = None
            prepared.engine.close()

    def _epochs(self, prepared: Prepared, good: LastGood) -> Iterator[Event]:
        reason = "patience" if self._patience.ended else "done"
        while reason == "done" and self.epoch <= self.options.epochs:
            failed = yield from self._batches(prepared, good)
            if failed is not None:
                yield failed
                return
            if self._seen.pictures >= len(prepared.parts.train):
                done = self._end_of_epoch(prepared, self._speed.seconds - self._began)
                reason = "patience" if self._patience.over(done.validation_loss) else reason
                if self._patience.gained:
                    self._best.saw(done.epoch, prepared)
                yield done
            if self.control.stopped and self.epoch <= self.options.epochs:
                reason = "stopped"
        yield self._finished(prepared, reason)

    def _batches(self, prepared: Prepared, good: LastGood) -> Generator[Event, None, Failed | None]:
        """The rest of this epoch, or until it is stopped; gives a Failed where a number is not finite."""
        order = epoch_order(prepared.parts.train, self.options.seed, self.epoch)[self._seen.pictures:]
        if prepared.in_pieces:
            return (yield from self._whole(prepared, good, order))
        began = time.perf_counter()
        for x, y in prepared.train.run(order, self.epoch):
            if self.control.stopped:
                break
            rate = self._before_step(prepared, good)
            result = prepared.engine.train_step(x, y, rate, self._optimizer)
            event = self._after_step(good, result, len(y), rate, time.perf_counter() - began)
            if isinstance(event, Failed):
                return event
            yield event
            began = time.perf_counter()
        return None

    def _whole(self, prepared: Prepared, good: LastGood, order: Array) -> Generator[Event, None, Failed | None]:
        """An epoch of one step over all pictures, which do not go through the network at once."""
        if self.control.stopped:
            return None
        rate = self._before_step(prepared, good)
        made = yield from whole_step(prepared, order, self.epoch, rate, self._optimizer, self.control)
        if made is None:
            return None
        event = self._after_step(good, made.result, len(order), rate, made.seconds)
        if isinstance(event, Failed):
            return event
        yield event
        return None

    def _before_step(self, prepared: Prepared, good: LastGood) -> float:
        """The learning rate of the next step."""
        good.before_step()
        self.rate = self.control.rate or self.rate
        return self.rate * self.schedule.factor(self._epochs_done(prepared))

    def _after_step(self, good: LastGood, result: StepResult, pictures: int, rate: float,
                    seconds: float) -> BatchDone | Failed:
        """Count the step, or say why it was the last."""
        self._batch += 1
        if not result.finite:
            return self._failed(good, result.bad_layer)
        if not good.after_step(result.loss):
            return self._exploded(good, result.loss)
        self._seen.add(pictures, result.loss * pictures, result.correct)
        speed = self._speed.add(pictures, seconds)
        return BatchDone(self.epoch, self._batch, result.loss, result.correct / pictures, speed, rate=rate)

    def _epochs_done(self, prepared: Prepared) -> float:
        """How many epochs are done, with the share of this one."""
        return self.epoch - 1 + self._seen.pictures / len(prepared.parts.train)

    def _end_of_epoch(self, prepared: Prepared, seconds: float) -> EpochDone:
        """Measure on the validation part, and count anew."""
        began = time.perf_counter()
        found = measure(prepared, prepared.measure, prepared.parts.validation, whole=True)
        seconds += time.perf_counter() - began
        done = EpochDone(self.epoch, self._seen.loss, self._seen.accuracy, found.loss if found else None,
                         found.accuracy if found else None, seconds)
        self.schedule.saw(done.train_loss if done.validation_loss is None else done.validation_loss)
        self.epoch, self._seen, self._batch, self._began = self.epoch + 1, Means(), 0, self._speed.seconds
        return done

    def so_far(self) -> Finished:
        """What there is between two events, as if the training were stopped here; only while `prepared` is there."""
        if self.prepared is None:
            raise TrainingError("Nothing is being trained.")
        return self._finished(self.prepared, "stopped")

    def _finished(self, prepared: Prepared, reason: str) -> Finished:
        """The end: the best epoch's weights, and the test part measured, unless someone waits for a stop."""
        stopped = reason == "stopped"
        state = self.state(prepared) if stopped else {**prepared.engine.state(),
                                                      **self._best.give_back(prepared, self.epoch - 1)}
        every = np.arange(len(prepared.dataset.test_y))
        test = None if stopped else measure(prepared, prepared.test, every)
        return Finished(reason, prepared.current_weights(), self.epoch - 1, self._speed.whole,
                        test.loss if test else None, test.accuracy if test else None, state, self.progress(prepared),
                        0 if stopped else self._best.epoch)

    def state(self, prepared: Prepared) -> dict[str, Array]:
        """All arrays that, with the weights as they are now, let a later training go on exactly from here."""
        return {**prepared.engine.state(), **self._best.arrays()}

    def _failed(self, good: LastGood, layer: str | None) -> Failed:
        """A number was not finite."""
        nodes = expanded(self.job.project.network).nodes.values()
        if layer in [node.name for node in nodes if node.layer.ports[1] == 0]:
            text = "A picture holds a pixel that is no number. Correct the data."
            return Failed(text, layer, self.epoch, self._batch, good.weights)
        what = f"The numbers in {layer or 'the loss'} grew beyond all bounds (NaN or infinite)"
        return self._diverged(good, layer, what)

    def _exploded(self, good: LastGood, loss: float) -> Failed:
        """The loss is a number still, but there is no way back."""
        layer, times = good.most_grown()
        what = (f"The loss grew to {_readable(loss)}, and the weights of {layer} to {_readable(times)} times what they "
                f"were,")
        return self._diverged(good, layer, what)

    def _diverged(self, good: LastGood, layer: str | None, what: str) -> Failed:
        text = (f"{what} at epoch {self.epoch}, batch {self._batch:,}. The weights from before that are kept. "
                f"Try a learning rate of {self.rate / 10:,.10g} instead of {self.rate:,.10g}.")
        return Failed(text, layer, self.epoch, self._batch, good.weights)

    # going on where it stopped ------------------------------------------------------------------------------------

    def progress(self, prepared: Prepared) -> dict[str, Any]:
        """Counters that, with weights and state, let a later training go on exactly from here; plain JSON."""
        found: dict[str, Any] = {
            "epoch": self.epoch, "batch": self._batch, "batches": prepared.updates,
            "pictures": self._seen.pictures, "loss": self._seen.loss_sum, "correct": self._seen.correct,
            "seconds": self._speed.seconds - self._began, "made": asdict(made_of(self.job.project, prepared.mark))}
        found |= {name: part.state() for name, part in self._kept.items() if part.state()}
        if prepared.normalisation:
            found |= {"mean": list(prepared.normalisation.mean), "spread": list(prepared.normalisation.spread)}
        return found

    def _resume(self, prepared: Prepared) -> tuple[str, ...]:
        """Take up the counters and the optimizer's slots; gives what there is to say about it."""
        project = self.job.project
        known = read_progress(project.progress)
        if known.epoch > self.options.epochs:
            raise TrainingError(f"All {self.options.epochs:,} epochs are done already; ask for more epochs to go on.")
        notes = need_unchanged(project, prepared.mark)
        if known.pictures > len(prepared.parts.train):
            raise TrainingError(f"The data have changed since this training was paused: {GO_ON}.")
        notes += take_state(prepared.engine, project, self._optimizer)
        self.epoch, self._batch = known.epoch, -(-known.pictures // prepared.batch)
        self._seen, self._began = Means(known.pictures, known.loss, known.correct), -known.seconds
        restore(self._kept, project.progress)
        self._best.go_on(prepared, project.state)
        return notes


def _readable(number: float) -> str:
    """A large number, as far as it says something."""
    return f"{number:,.0f}" if number < READABLE else f"more than {READABLE:,.0f}"


def measure(prepared: Prepared, batches: Batches, positions: Array, *, whole: bool = False) -> Means | None:
    """Mean loss and accuracy of the main output over some pictures of a part; None where there are none.

    With `whole` the loss is that of all outputs, weighted, as the training has it.
    """
    found = Means()
    for x, y in batches.run(positions):
        loss, correct, _ = prepared.engine.evaluate(x, y, whole=whole)
        found.add(len(y), loss, correct)
    return found if found.pictures else None
