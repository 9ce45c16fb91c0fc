"""What a training counts along the way: running means, pictures per second, and the weights to fall back on."""

import math
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from core.layers.base import Array
from core.train.progress import count, number

SECONDS_LOOKED_BACK = 1.0
# Copying the weights this seldom costs well under a hundredth of the training.
STEPS_BETWEEN_COPIES = 32
# A loss this many times the first one (or 1) is no state to go back to; far beyond that there is no way back at all.
WORSE = 10.0
HOPELESS = 10_000.0


class Means:
    """Running means of loss and accuracy over the pictures of an epoch or a part."""

    def __init__(self, pictures: int = 0, loss: float = 0.0, correct: int = 0) -> None:
        self.pictures, self.loss_sum, self.correct = pictures, loss, correct

    def add(self, pictures: int, loss_sum: float, correct: int) -> None:
        """Count some more pictures."""
        self.pictures += pictures
        self.loss_sum += loss_sum
        self.correct += correct

    @property
    def loss(self) -> float:
        """Mean loss per picture."""
        return self.loss_sum / max(1, self.pictures)

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return self.correct / max(1, self.pictures)


class Rate:
    """Pictures per second of work: over the last second, and over all."""

    def __init__(self) -> None:
        self.pictures, self.seconds = 0, 0.0
        self._recent: deque[tuple[int, float]] = deque()
        self._recent_pictures, self._recent_seconds = 0, 0.0

    def add(self, pictures: int, seconds: float) -> float:
        """Count a batch; gives the rate of the last second."""
        self.pictures += pictures
        self.seconds += seconds
        self._recent.append((pictures, seconds))
        self._recent_pictures += pictures
        self._recent_seconds += seconds
        while len(self._recent) > 1 and self._recent_seconds - self._recent[0][1] > SECONDS_LOOKED_BACK:
            gone_pictures, gone_seconds = self._recent.popleft()
            self._recent_pictures -= gone_pictures
            self._recent_seconds -= gone_seconds
        return self._recent_pictures / max(1e-9, self._recent_seconds)

    @property
    def whole(self) -> float:
        """The rate over everything counted."""
        return self.pictures / max(1e-9, self.seconds)


class LastGood:
    """The latest weights that are known to work: a copy counts once a step from it gave a sane loss."""

    def __init__(self, weights: Mapping[str, Array], copy: Callable[[], dict[str, Array]]) -> None:
        self.weights = weights
        self._copy = copy
        self._candidate: dict[str, Array] | None = None
        self._first: float | None = None
        self._step = 0

    def before_step(self) -> None:
        """Every few steps, take a copy of the weights."""
        if self._step % STEPS_BETWEEN_COPIES == 0:
            self._candidate = self._copy()
        self._step += 1

    def after_step(self, loss: float) -> bool:
        """The finite loss that the weights gave decides whether the copy is kept; gives false where all is lost."""
        if self._first is None:
            self._first = max(1.0, loss)
        if self._candidate is not None and loss <= WORSE * self._first:
            self.weights = self._candidate
        self._candidate = None
        return loss <= HOPELESS * self._first

    def state(self) -> dict[str, Any]:
        """The first loss, against which others are judged."""
        return {} if self._first is None else {"first": self._first}

    def take(self, state: Mapping[str, Any]) -> None:
        """Judge by the first loss of the training that goes on."""
        self._first = number(state, "first")

    def most_grown(self) -> tuple[str, float]:
        """The layer whose largest weight has grown most since the good ones, and how many times."""
        now = self._copy()
        found = {name: float(np.abs(now[name]).max() / max(1e-6, np.abs(array).max()))
                 for name, array in self.weights.items() if array.size}
        name = max(found, key=lambda each: found[each], default="")
        return name.rpartition(".")[0], found.get(name, 1.0)


class Patience:
    """Counts epochs without a better validation loss; `gained` tells whether the latest was better than all before."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.best: float | None = None
        self.waited = 0
        self.gained = False

    @property
    def ended(self) -> bool:
        """Whether there were as many epochs without gain as may be; never where the limit is 0."""
        return bool(self._limit) and self.waited >= self._limit

    def state(self) -> dict[str, Any]:
        """The best loss, where there is one, and how many epochs were not better."""
        return {"waited": self.waited} | ({} if self.best is None else {"best": self.best})

    def take(self, state: Mapping[str, Any]) -> None:
        """Go on counting."""
        self.best, self.waited = number(state, "best"), count(state, "waited")

    def over(self, loss: float | None) -> bool:
        """Whether this epoch's loss ends the training; never where the limit is 0 or nothing validates."""
        self.gained = loss is not None and math.isfinite(loss) and (self.best is None or loss < self.best)
        if loss is None:
            return False
        if self.gained:
            self.best, self.waited = loss, 0
        else:
            self.waited += 1
        return self.ended
