"""The buttons that steer a training, and the bar and the words that say how far it is."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QToolButton, QWidget

from guibuilder.theme import Theme
from guibuilder.training.run import TrainingRun
from guibuilder.training.state import State
from guibuilder.training.words import rate_words, time_words
from guibuilder.words import plural

_STEPS = 500
_HELP = {
    "play": "Train (Ctrl+Enter; Space here)", "batch": "One batch, then pause (→)",
    "epoch": "One epoch, then pause (Shift+→)", "stop": "Stop; what was learned so far is kept (Ctrl+Alt+Enter)",
}


class Transport(QWidget):
    """Start or pause, one batch, one epoch, stop; progress, pictures a second, time left."""

    def __init__(self, theme: Theme, run: TrainingRun, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._run = theme, run
        self.buttons = {name: self._button(text) for name, text in _HELP.items()}
        for name, act in (("play", run.toggle), ("batch", run.one_batch), ("epoch", run.one_epoch), ("stop", run.stop)):
            self.buttons[name].clicked.connect(act)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the training")
        self.bar.setMinimumWidth(60)
        self.words = QLabel()
        self.words.setProperty("soft", True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.words.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for button in self.buttons.values():
            row.addWidget(button)
        row.addSpacing(8)
        row.addWidget(self.bar, 1)
        row.addSpacing(8)
        row.addWidget(self.words)
        theme.changed.connect(self._paint)
        run.state_changed.connect(self.show_state)
        self.show_state()

    def _button(self, text: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("filled", True)
        button.setIconSize(QSize(14, 14))
        button.setToolTip(text)
        button.setAccessibleName(text.partition(" (")[0])
        return button

    def show_state(self, *_: object) -> None:
        """Which buttons can be pressed now."""
        state = self._run.state
        self.buttons["play"].setEnabled(state is not State.PREPARING)
        for name in ("batch", "epoch"):
            self.buttons[name].setEnabled(state is not State.PREPARING)
        self.buttons["stop"].setEnabled(self._run.active)
        running = state is State.RUNNING
        text = "Pause (Space)" if running else ("Go on (Space)" if state is State.PAUSED else _HELP["play"])
        self.buttons["play"].setToolTip(text)
        self.buttons["play"].setAccessibleName(text.partition(" (")[0])
        self._paint()
        self.show_progress()

    def show_progress(self) -> None:
        """How far it is, in the bar and in words."""
        run, state = self._run, self._run.state
        if state is State.PREPARING or (state is State.IDLE and run.preparing.total):
            self.bar.setRange(0, run.preparing.total)
            self.bar.setValue(run.preparing.done)
        else:
            share = 1.0 if state is State.FINISHED else (run.place.share if run.active else 0.0)
            self.bar.setRange(0, _STEPS)
            self.bar.setValue(round(share * _STEPS))
        self.words.setText(progress_words(run))
        self.bar.setAccessibleDescription(self.words.text())

    def _paint(self) -> None:
        running = self._run.state is State.RUNNING
        icons = {"play": "pause" if running else "play", "batch": "batch", "epoch": "epoch", "stop": "stop"}
        for name, button in self.buttons.items():
            button.setIcon(self._theme.icon(icons[name], "text"))


def progress_words(run: TrainingRun) -> str:
    """"epoch 4 of 5 · 62,000 pictures/s · 1 s left", or what else is going on."""
    place = run.place
    if run.state is State.PREPARING:
        done = run.preparing
        return f"{done.done:,} of {done.total:,}" if done.total else "preparing"
    if run.state is State.IDLE and run.preparing.total:
        return f"{run.preparing.text}: {run.preparing.done:,} of {run.preparing.total:,}"
    where = f"epoch {min(max(place.epoch, place.first_epoch), place.epochs):,} of {place.epochs:,}"
    if run.state is State.RUNNING:
        left = place.seconds_left
        parts = [where, rate_words(place.pictures_per_second), f"{time_words(left)} left" if left is not None else ""]
        return " · ".join(part for part in parts if part)
    if run.state is State.PAUSED:
        return f"{where} · batch {place.batch:,} of {place.batches:,} · paused"
    if run.state is State.FINISHED and run.result is not None:
        whole = f"{plural(place.epoch, 'epoch')} done"
        return " · ".join(part for part in (whole, rate_words(run.result.images_per_second)) if part)
    return ""
