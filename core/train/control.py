"""Steering a training between two events: pause, single steps, stop, another learning rate."""

from core.errors import UsageError
from core.train.events import BatchDone, EpochDone, Event

ACTIONS = ("pause", "resume", "batch", "epoch", "stop", "rate")


class Control:
    """What whoever runs a training may ask of it at any time.

    `fit` reads `stopped` and `rate` between batches. Pausing needs nothing of it: who sees `paused` does not ask for
    the next event. `saw` is told each event, so that a single batch or epoch ends in a pause.
    """

    def __init__(self, *, paused: bool = False) -> None:
        self.paused = paused
        self.stopped = False
        self.rate: float | None = None
        self._until = ""

    def apply(self, action: str, value: float = 0.0) -> None:
        """Take one of `ACTIONS`; "rate" comes with its value."""
        if action not in ACTIONS:
            raise UsageError(f"A training knows no {action!r}; it knows {', '.join(ACTIONS)}.")
        if action == "rate":
            self.rate = value if value > 0 else self.rate
        elif action == "stop":
            self.stopped, self.paused = True, False
        else:
            self.paused = action == "pause"
            self._until = action if action in ("batch", "epoch") else ""

    def saw(self, event: Event) -> None:
        """Pause where this event is what was asked for."""
        reached = (self._until == "batch" and isinstance(event, BatchDone)) or \
                  (self._until == "epoch" and isinstance(event, EpochDone))
        if reached:
            self.paused, self._until = True, ""
