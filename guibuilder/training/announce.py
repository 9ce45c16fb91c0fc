"""What a screen reader says of a training: epochs now and then, its end, what went wrong."""

import time

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

from guibuilder.training.run import TrainingRun
from guibuilder.training.state import State
from guibuilder.training.words import loss_words, share_words

# Epochs are spoken at most so often, in seconds.
QUIET = 10.0


class Announcer(QObject):
    """Listens to a run and speaks through `speaker`, a widget that is shown."""

    def __init__(self, run: TrainingRun, speaker: QObject) -> None:
        super().__init__(speaker)
        self._run, self._speaker = run, speaker
        self._epochs, self._spoken = 0, 0.0
        run.state_changed.connect(self._state)
        run.advanced.connect(self._advanced)

    def _state(self, state: State) -> None:
        text = state_words(self._run)
        if state in (State.FINISHED, State.FAILED) and text:
            self._say(text, urgent=state is State.FAILED)

    def _advanced(self) -> None:
        epochs = len(self._run.figures.epochs)
        if epochs > self._epochs and self._run.active and time.monotonic() > self._spoken + QUIET:
            self._spoken = time.monotonic()
            last = self._run.figures.epochs[-1]
            where = f"Epoch {last.epoch:,} of {self._run.place.epochs:,}"
            self._say(f"{where}: loss {loss_words(last.train_loss)}", urgent=False)
        self._epochs = epochs

    def _say(self, text: str, *, urgent: bool) -> None:
        event = QAccessibleAnnouncementEvent(self._speaker, text)
        if urgent:
            event.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
        QAccessible.updateAccessibility(event)


def state_words(run: TrainingRun) -> str:
    """The end of a run in a sentence."""
    if run.state is State.FAILED and run.trouble is not None:
        return run.trouble.message
    if run.result is not None and run.result.test_accuracy is not None:
        return f"Training finished: {share_words(run.result.test_accuracy)} of the test pictures are recognised."
    return "Training finished." if run.result is not None else ""
