"""How the learning rate changes over a training.

All schedules but `plateau` follow from the options and from how many epochs are done; `plateau` follows the loss, so
`Schedule` remembers what it saw and hands it out as a plain dict.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from core.errors import UsageError
from core.train.options import TrainOptions
from core.train.progress import count, damaged, number

# What the share of the training that is done may lack by rounding: 3 epochs of 10 are done at 0.3, or just below.
_ROUNDING = 1e-9


def constant(options: TrainOptions, epochs: float) -> float:
    """The rate stays as it is."""
    return 1.0


def linear(options: TrainOptions, epochs: float) -> float:
    """The rate falls evenly to 0."""
    return 1.0 - _share(options, epochs)


def cosine(options: TrainOptions, epochs: float) -> float:
    """The rate falls along half a cosine to 0: slowly, then fast, then slowly (Loshchilov and Hutter, 2017)."""
    return 0.5 * (1.0 + math.cos(math.pi * _share(options, epochs)))


def step(options: TrainOptions, epochs: float) -> float:
    """Times the factor after every so many epochs; every 0: after half of the training and after three quarters.

    The latter with factor 0.1 is the course of He and others (2015).
    """
    if options.schedule_every:
        return float(options.schedule_factor ** _whole(epochs / options.schedule_every))
    done = _share(options, epochs)
    # Twice 0.1 is 0.01, not 0.010000000000000002.
    twice = float(f"{options.schedule_factor ** 2:.15g}")
    return 1.0 if done < 0.5 else options.schedule_factor if done < 0.75 else twice


def exponential(options: TrainOptions, epochs: float) -> float:
    """Times the decay after each epoch: decayᵉ after e epochs."""
    return float(options.schedule_decay ** _whole(epochs))


def plateau(options: TrainOptions, epochs: float) -> float:
    """Nothing can be said before the training; `Schedule` does it while it runs."""
    return 1.0


SCHEDULES: dict[str, Callable[[TrainOptions, float], float]] = {
    "constant": constant, "linear": linear, "cosine": cosine, "step": step, "exponential": exponential,
    "plateau": plateau}


def rate_factor(options: TrainOptions, epochs: float) -> float:
    """What the learning rate is multiplied by when so many epochs are done (3.5: half of the fourth one, too)."""
    if options.schedule not in SCHEDULES:
        raise UsageError(f"There is no schedule {options.schedule!r}; there are {', '.join(SCHEDULES)}.")
    return SCHEDULES[options.schedule](options, max(epochs, 0.0))


def _share(options: TrainOptions, epochs: float) -> float:
    return min(epochs / options.epochs, 1.0)


def _whole(number: float) -> int:
    return math.floor(number + _ROUNDING)


class Schedule:
    """The schedule of one training. Only `plateau` remembers anything: `state` and `take` are for going on later.

    `plateau` multiplies the rate by the factor whenever so many epochs in a row brought no loss below the best one,
    and counts anew from there (PyTorch's ReduceLROnPlateau with patience one less, threshold 0 and no cooldown).
    """

    def __init__(self, options: TrainOptions, state: Mapping[str, Any] | None = None) -> None:
        self._options = options
        self._factor, self._waited = 1.0, 0
        self._best: float | None = None
        self.take(state or {})

    def factor(self, epochs: float) -> float:
        """What the learning rate is multiplied by when so many epochs are done."""
        return self._factor * rate_factor(self._options, epochs)

    def saw(self, loss: float) -> bool:
        """An epoch ended with this loss: of validation, or of training where nothing validates.

        Whether the rate falls because of it.
        """
        if self._options.schedule != "plateau":
            return False
        if math.isfinite(loss) and (self._best is None or loss < self._best):
            self._best, self._waited = loss, 0
            return False
        self._waited += 1
        if self._waited < self._options.schedule_patience:
            return False
        self._factor, self._waited = self._factor * self._options.schedule_factor, 0
        return True

    def state(self) -> dict[str, Any]:
        """All that a schedule remembers, as JSON can hold it: factor, best loss (None: none yet), epochs waited.

        Empty where nothing need be remembered.
        """
        if self._options.schedule != "plateau":
            return {}
        return {"factor": self._factor, "best": self._best, "waited": self._waited}

    def take(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave; what is missing begins anew, and other schedules than plateau need nothing."""
        if self._options.schedule == "plateau":
            factor = number(state, "factor", 1.0)
            if factor is None or not 0 < factor <= 1:
                raise damaged("the factor of the learning rate is not from 0 to 1")
            self._factor, self._best, self._waited = float(factor), number(state, "best"), count(state, "waited")
