"""The figures of a run, kept small enough to draw: however long it lasts, at most a few hundred points a curve."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.train.events import BatchDone, EpochDone

Points = NDArray[np.float64]
MOST_BINS = 500


class Band:
    """A noisy curve as neighbouring bins of equal width in x, each with least, greatest and mean value.

    When there are too many bins, two become one: adding costs the same for the first and the millionth value.
    """

    def __init__(self, most: int = MOST_BINS, width: float = 1e-3) -> None:
        self._most, self._width, self._first_width = most, width, width
        self.clear()

    def clear(self) -> None:
        """Forget all values."""
        self._width = self._first_width
        self._bins: list[list[float]] = []  # x bin, count, sum of x, sum, least, greatest

    def __len__(self) -> int:
        return len(self._bins)

    def add(self, x: float, value: float) -> None:
        """Add a value; where x goes back, what lay behind it is forgotten. What is not finite is left out."""
        if not np.isfinite(value):
            return
        place = x // self._width
        while self._bins and x < self._bins[-1][2] / self._bins[-1][1] - 1e-9:
            self._bins.pop()
        if self._bins and place <= self._bins[-1][0]:
            last = self._bins[-1]
            last[1:] = [last[1] + 1, last[2] + x, last[3] + value, min(last[4], value), max(last[5], value)]
        else:
            self._bins.append([place, 1.0, x, value, value, value])
            while len(self._bins) > self._most:
                self._halve()

    def _halve(self) -> None:
        self._width *= 2
        merged: list[list[float]] = []
        for place, count, xs, total, least, most in self._bins:
            if merged and place // 2 == merged[-1][0]:
                last = merged[-1]
                last[1:] = [last[1] + count, last[2] + xs, last[3] + total, min(last[4], least), max(last[5], most)]
            else:
                merged.append([place // 2, count, xs, total, least, most])
        self._bins = merged

    def points(self) -> tuple[Points, Points, Points, Points]:
        """(x, mean, least, greatest), one entry a bin."""
        table = np.array(self._bins, np.float64).reshape(-1, 6)
        return table[:, 2] / table[:, 1], table[:, 3] / table[:, 1], table[:, 4], table[:, 5]

    def smooth(self, share: float = 0.04) -> tuple[Points, Points]:
        """(x, running mean over a window of `share` of the curve).

        Towards the start the window shrinks, so that the steep beginning stays; at the end it looks back only, so that
        the newest value does not jump with every batch.
        """
        x, mean, _, _ = self.points()
        at = np.arange(len(x))
        half = np.minimum(max(4, int(len(x) * share / 2)), at)
        first, last = at - half, np.minimum(at + half, len(x) - 1)
        sums = np.concatenate(([0.0], np.cumsum(mean)))
        return x, (sums[last + 1] - sums[first]) / (last + 1 - first)


@dataclass(frozen=True)
class Curve:
    """Points of one line."""

    x: Points
    y: Points

    @property
    def last(self) -> float | None:
        """The newest value."""
        return float(self.y[-1]) if len(self.y) else None


class Figures:
    """Everything the curves show: epochs of the document, batches of the run that made the last ones."""

    def __init__(self) -> None:
        self.epochs: list[EpochDone] = []
        self.loss, self.accuracy = Band(), Band()
        self.first_epoch = 1

    def show(self, history: Iterable[EpochDone]) -> None:
        """The figures of a document; batches are forgotten unless the epochs are those shown already."""
        epochs = list(history)
        if epochs != self.epochs:
            self.clear()
            self.epochs = epochs

    def clear(self) -> None:
        """Forget everything."""
        self.epochs = []
        self.loss.clear()
        self.accuracy.clear()

    def begin(self, first_epoch: int) -> None:
        """A run starts: what was there after `first_epoch` belongs to an earlier one."""
        self.epochs = [epoch for epoch in self.epochs if epoch.epoch < first_epoch]
        if not self.epochs or not len(self.loss):
            self.loss.clear()
            self.accuracy.clear()
            self.first_epoch = first_epoch

    def add_batch(self, event: BatchDone, batches: int) -> None:
        """One batch, or all since the last message; x counts epochs."""
        shift = event.epoch - event.points[-1][0] if event.points else 0
        for epoch, number, loss, accuracy in event.points or ((event.epoch, event.batch, event.loss, event.accuracy),):
            x = epoch + shift - 1 + number / max(1, batches)
            self.loss.add(x, loss)
            if accuracy is not None:
                self.accuracy.add(x, accuracy)

    def add_epoch(self, event: EpochDone) -> None:
        """One epoch is over."""
        self.epochs.append(event)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw yet."""
        return not self.epochs and not len(self.loss)

    def train(self, name: str) -> Curve:
        """`loss` or `accuracy` on the training part: means of earlier epochs, then the smoothed batches."""
        band: Band = getattr(self, name)
        values = [(epoch.epoch - 0.5, getattr(epoch, f"train_{name}")) for epoch in self.epochs
                  if not len(band) or epoch.epoch < self.first_epoch]
        x, y = _curve(values)
        if len(band):
            batch_x, batch_y = band.smooth()
            x, y = np.concatenate((x, batch_x)), np.concatenate((y, batch_y))
        return Curve(x, y)

    def validation(self, name: str) -> Curve:
        """`loss` or `accuracy` on the validation part, at the end of each epoch."""
        return Curve(*_curve([(float(epoch.epoch), getattr(epoch, f"validation_{name}")) for epoch in self.epochs]))


def _curve(values: list[tuple[float, float | None]]) -> tuple[Points, Points]:
    kept = [(x, y) for x, y in values if y is not None and np.isfinite(y)]
    table = np.array(kept, np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]
