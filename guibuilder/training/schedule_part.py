"""The schedule of the learning rate: its settings, what it will do in words, and its curve."""

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from core.settings import settings_of
from core.train.options import TrainOptions, why_idle
from guibuilder.forms import Form
from guibuilder.theme import Theme
from guibuilder.training.rate_curve import RateCurve
from guibuilder.training.run import TrainingRun
from guibuilder.training.words import schedule_words

NAMES = ("schedule", "schedule_factor", "schedule_every", "schedule_decay", "schedule_patience")
MOST_SEEN = 2_000


class SchedulePart(QWidget):
    """A form with the settings that the chosen schedule has, and under it the curve of the rate."""

    def __init__(self, theme: Theme, run: TrainingRun, label_width: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run = run
        self._seen: list[tuple[float, float]] = []
        declared = settings_of(TrainOptions)
        self.form = Form([declared[name] for name in NAMES], label_width=label_width)
        self.curve = RateCurve(theme)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setProperty("soft", True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for widget in (self.form, self.curve, self.words):
            column.addWidget(widget)
        for signal in (run.state_changed, run.advanced):
            signal.connect(self._follow)

    def show_options(self, options: TrainOptions) -> None:
        """Show these settings and their course."""
        self.form.show_values({name: getattr(options, name) for name in NAMES})
        for name in NAMES:
            self.form.set_row_visible(name, not why_idle(options, name))
        self.curve.show_options(options)
        self.words.setText(schedule_words(options))

    def _follow(self, *_: object) -> None:
        """Mark how far the training is; what it saw is forgotten when another one begins."""
        place = self._run.place
        if not self._run.active or place.rate is None or not place.epoch:
            self._seen = []
        else:
            # The curve counts the epochs of this training, the place those of the document.
            before = place.epochs - self.curve.epochs
            done = place.epoch - before - 1 + (place.batch + place.part) / max(1, place.batches)
            while self._seen and (self._seen[-1][0] >= done or len(self._seen) > MOST_SEEN):
                self._seen.pop()
            self._seen.append((done, place.rate))
        self.curve.show_rates(tuple(self._seen))
