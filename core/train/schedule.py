"""How the learning rate changes over a training."""

import math
from collections.abc import Callable

from core.errors import UsageError


def constant(done: float) -> float:
    """The rate stays as it is."""
    return 1.0


def linear(done: float) -> float:
    """The rate falls evenly to 0."""
    return 1.0 - done


def cosine(done: float) -> float:
    """The rate falls along half a cosine to 0: slowly, then fast, then slowly (Loshchilov and Hutter, 2017)."""
    return 0.5 * (1.0 + math.cos(math.pi * done))


def step(done: float) -> float:
    """A tenth after half of the training, a hundredth after three quarters (He and others, 2015)."""
    return 1.0 if done < 0.5 else 0.1 if done < 0.75 else 0.01


SCHEDULES: dict[str, Callable[[float], float]] = {"constant": constant, "linear": linear, "cosine": cosine,
                                                  "step": step}


def rate_factor(schedule: str, done: float) -> float:
    """What the learning rate is multiplied by when a share `done` (0 … 1) of all pictures of all epochs was seen."""
    if schedule not in SCHEDULES:
        raise UsageError(f"There is no schedule {schedule!r}; there are {', '.join(SCHEDULES)}.")
    return SCHEDULES[schedule](min(max(done, 0.0), 1.0))
