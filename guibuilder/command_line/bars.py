"""Progress on standard error, where that is a terminal: how far, how fast, and how long it will still take."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_KNOWN = "{desc} {percentage:3.0f} % {bar} {speed} · {left} left{details}"
_UNKNOWN = "{desc} … {elapsed}"


class Bar:
    """A progress bar with rate and remaining time on standard error, or nothing where that is no terminal.

    `total` 0 means unknown: then only the text and the time that went by are shown.
    """

    def __init__(self, text: str, total: int, unit: str) -> None:
        self._bar = _bar_type()(total=total or None, desc=text, unit=unit, disable=None, file=sys.stderr, leave=False,
                                dynamic_ncols=True, mininterval=0.1, bar_format=_KNOWN if total else _UNKNOWN)

    def at(self, done: int, total: int = 0, text: str = "") -> None:
        """Show how far it is."""
        if self._bar.disable:
            return
        if total and total != self._bar.total:
            self._bar.total = total
        self._bar.bar_format = _KNOWN if self._bar.total else _UNKNOWN
        if text:
            self._bar.set_description_str(text, refresh=False)
        if not self._bar.update(done - self._bar.n) and not self._bar.total:
            self._bar.refresh()

    def note(self, text: str) -> None:
        """Details behind the bar."""
        self._bar.details = f" · {text}"

    def print(self, text: str) -> None:
        """A line on standard output, above the bar."""
        with self._bar.external_write_mode(file=sys.stdout):
            print(text, flush=True)

    def close(self) -> None:
        """Take it away."""
        self._bar.close()


@contextmanager
def progress(text: str, total: int = 0, unit: str = "pictures") -> Iterator[Callable[[int, int], None]]:
    """A bar for the time of a block; the block reports (done, total)."""
    bar = Bar(text, total, unit)
    try:
        yield bar.at
    finally:
        bar.close()


def _bar_type() -> type[Any]:
    """The bar of tqdm, which knows terminals, with our own words for rate and time."""
    from tqdm import tqdm

    # Its own lock is one between processes, which starts one more process on some systems.
    tqdm.set_lock(threading.RLock())

    class Worded(tqdm):
        """A bar that can say "41,590 pictures/s · 0:12 left · loss 0.031"."""

        details = ""

        @property
        def format_dict(self) -> dict[str, Any]:
            known = super().format_dict
            rate = known.get("rate") or known["n"] / max(known["elapsed"], 1e-9)
            missing = (known["total"] or 0) - known["n"]
            return {**known, "speed": speed(rate, known["unit"]), "left": duration(missing / rate if rate else None),
                    "details": self.details}

    return Worded


def speed(rate: float, unit: str) -> str:
    """How fast it goes: "41,590 pictures/s", "2.5 arrays/s", "12.3 MB/s"."""
    if unit == "bytes":
        return f"{rate / 1e6:,.1f} MB/s"
    return f"{rate:,.0f} {unit}/s" if rate >= 10 else f"{rate:.1f} {unit}/s"


def duration(seconds: float | None) -> str:
    """A time as minutes and seconds, with hours where there are any: "0:12", "1:02:03"."""
    if seconds is None or seconds > 360_000:
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
