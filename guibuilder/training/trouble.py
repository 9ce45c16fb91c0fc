"""What went wrong with a training, and what to do about it with one click."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from core.train.events import Failed


@dataclass(frozen=True)
class Remedy:
    """One thing to do: its words on the button, what it does, and a tool tip where the words do not say it all."""

    text: str
    act: Callable[[], None]
    help: str = ""


@dataclass(frozen=True)
class Trouble:
    """One sentence, the layer where it began if there is one, and remedies, best first. `details` only for bugs."""

    message: str
    layer: str | None = None
    remedies: tuple[Remedy, ...] = ()
    details: str = ""


KEEP = "Keep the last good weights"


def failure(event: Failed, rate: float, retry: Callable[[float], None], keep: Callable[[], None]) -> Trouble:
    """What a training said that could not go on; beyond bounds, a smaller learning rate helps."""
    remedies = []
    if event.layer is not None or event.batch:
        smaller = smaller_rate(rate)
        remedies.append(Remedy(f"Use learning rate {plain(smaller)} and try again", partial(retry, smaller)))
    if event.weights:
        remedies.append(Remedy(KEEP, keep))
    return Trouble(event.message, event.layer, tuple(remedies), event.details)


def too_large(event: Failed, use_batch: Callable[[int], None]) -> Trouble:
    """A batch that memory would not hold, and the one that it would."""
    batch = event.fitting_batch
    return Trouble(event.message, None, (Remedy(f"Use batch {batch:,}", partial(use_batch, batch)),))


def refusal(message: str, details: str, again: Callable[[], None], kept: str) -> Trouble:
    """A training that was refused, or whose process died; `kept` says what is left of it."""
    if kept:
        return Trouble(f"{message} {kept}", None, (Remedy("Go on", again),), details)
    return Trouble(message, None, () if details else (Remedy("Try again", again),), details)


def smaller_rate(rate: float) -> float:
    """A tenth of a learning rate, with two digits."""
    return float(f"{rate / 10:.2g}")


def plain(number: float) -> str:
    """A number without an exponent where that is readable: 0.0002, 1,000."""
    text = f"{number:,.10f}".rstrip("0").rstrip(".") if 1e-6 <= number < 1e9 else f"{number:.2g}"
    return text or "0"
