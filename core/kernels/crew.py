"""Who compiles kernels: this process, and helpers beside it that are started when there is much to do.

A helper is a process of its own. It gets one kernel after the other, leaves the machine code in the common cache on
disk, and says so with an empty line. It ends when its input does, and so never stays behind.
"""

import base64
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from core.kernels.jit import CACHE_IS_SHARED, COMPILED, is_new
from core.kernels.processor import processor_count

Kinds = tuple[Any, ...]

# More helpers would need more memory, a seventh of a gigabyte each, and the longest kernel takes its time anyhow.
_MOST_HELPERS = 3
# Seconds that a helper without work stays: who leaves one network for another wants that one compiled next.
_PATIENCE = 20.0
_START = "import sys; sys.path.insert(0, {!r}); from core.kernels.beside import main; main()"
_ROOT = str(Path(__file__).resolve().parents[2])


@dataclass(eq=False)
class Job:
    """A kernel, and the types of arguments for which it is to be compiled."""

    compiled: Any
    kinds: list[Kinds]

    def do(self) -> None:
        """Compile it, or load it from disk."""
        for kinds in self.kinds:
            self.compiled.compile(kinds)

    def letter(self) -> bytes | None:
        """The job as a line for another process; None where that would not find the kernel."""
        function = self.compiled.py_func
        found = getattr(import_module(function.__module__), function.__qualname__, None)
        if getattr(found, "compiled", None) is not self.compiled:
            return None
        return base64.b64encode(pickle.dumps((function.__module__, function.__qualname__, self.kinds))) + b"\n"


class Crew:
    """The helpers of this process. A job is waiting, under way in a helper, or done there and not yet loaded here."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._under_way: dict[Any, Job | None] = {}
        self._done: deque[Job] = deque()
        self._helpers, self._leaving = 0, False
        self._turn = threading.Lock()

    def expect_work(self) -> None:
        """Start helpers where nothing at all is compiled yet: they get ready while this process does."""
        if COMPILED and is_new():
            self._start(_MOST_HELPERS)

    @contextmanager
    def at_work(self, jobs: Sequence[Job], helpers: int) -> Iterator[None]:
        """Let so many helpers at most take jobs, in this order; the same jobs are to be taken here by `next`.

        Another thread waits until these are done. Left by an error, helpers end what they are at and stay a while.
        """
        with self._turn, self._wanted(jobs):
            self._start(helpers)
            yield

    @contextmanager
    def _wanted(self, jobs: Sequence[Job]) -> Iterator[None]:
        with self._news:
            self._done.clear()
            self._under_way.update({job.compiled: job for job in jobs if job.compiled in self._under_way})
            self._waiting = deque(job for job in jobs if job.compiled not in self._under_way)
            self._leaving = False
            self._news.notify_all()
        try:
            yield
            self._leaving = True
        finally:
            with self._news:
                self._waiting.clear()
                self._under_way = dict.fromkeys(self._under_way)
                self._news.notify_all()

    def next(self) -> Job:
        """What this process is to do next: load what a helper has compiled, or compile what nobody has begun.

        The longest job is left to a helper, where there is one: meanwhile others are done here, and progress is seen.
        """
        with self._news:
            self._news.wait_for(lambda: self._done or self._waiting)
            if self._done:
                return self._done.popleft()
            job = self._waiting[1 if self._helpers and len(self._waiting) > 1 else 0]
            self._waiting.remove(job)
            return job

    # helpers ------------------------------------------------------------------------------------------------------

    def _start(self, wanted: int) -> None:
        """Start helpers up to that number, where another process finds our kernels and the cache."""
        if not CACHE_IS_SHARED or getattr(sys, "frozen", False) or not sys.executable:
            return
        with self._news:
            missing = min(wanted, _MOST_HELPERS, processor_count() - 1) - self._helpers
            self._helpers += max(0, missing)
        for _ in range(missing):
            threading.Thread(target=self._lead, name="compiling", daemon=True).start()

    def _lead(self) -> None:
        """Start one helper, and hand jobs to it for as long as there are any."""
        try:
            with _helper() as helper:
                while (job := self._take()) is not None:
                    try:
                        well = _asked(helper, job)
                    finally:
                        self._settle(job)
                    if not well:
                        return
        except OSError:
            return  # it could not be started, or is gone: this process does it all
        finally:
            with self._news:
                self._helpers -= 1

    def _take(self) -> Job | None:
        """The next job for a helper; None where it is to go."""
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._leaving, _PATIENCE)
            if not self._waiting:
                return None
            job = self._waiting.popleft()
            self._under_way[job.compiled] = job
            return job

    def _settle(self, job: Job) -> None:
        """A helper has done a job, or given it up: whoever still waits for it loads it, or compiles it."""
        with self._news:
            wanted = self._under_way.pop(job.compiled, None)
            if wanted is not None:
                self._done.append(wanted)
                self._news.notify_all()


CREW = Crew()


def _helper() -> "subprocess.Popen[bytes]":
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return subprocess.Popen([sys.executable, "-P", "-c", _START.format(_ROOT)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, creationflags=hidden)


def _asked(helper: "subprocess.Popen[bytes]", job: Job) -> bool:
    """Have a helper do a job; whether it lives and has done it."""
    letter = job.letter()
    if letter is None:
        return True
    assert helper.stdin is not None
    assert helper.stdout is not None
    helper.stdin.write(letter)
    helper.stdin.flush()
    return bool(helper.stdout.readline())
