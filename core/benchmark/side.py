"""A measuring process from outside: start it, ask it, and know how much of the processor it used."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from core.benchmark.job import Job
from core.errors import TrainingError

# The allocator of Linux never gives memory back, so that no side pays for getting it anew at each step.
KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(10**12), "MALLOC_MMAP_THRESHOLD_": str(10**12)}
_ROOT = Path(__file__).resolve().parents[2]
_LIMIT = 600.0
_TAIL = 2000


class SideFailed(TrainingError):
    """A measuring process ended or took too long."""


class Side:
    """A process that serves requests; use it in a `with`. `module` is run as a program with `arguments`."""

    def __init__(self, name: str, module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self.name = name
        paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **(environment or {})}
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        self._process = subprocess.Popen([sys.executable, "-m", module, *arguments], env=environment,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors)
        self._answers: SimpleQueue[bytes] = SimpleQueue()
        self._reader = threading.Thread(target=self._read, name=f"reads {name}", daemon=True)
        self._reader.start()

    def open(self, path: Path, threads: int, **options: bool) -> dict[str, Any]:
        """Make the network of a job file ready."""
        return self.ask("open", path=str(path), threads=threads, **options)

    def ask(self, what: str, *, limit: float = _LIMIT, **arguments: Any) -> dict[str, Any]:
        """The answer to a request; SideFailed where the process ends or needs more than `limit` seconds."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": what, **arguments}).encode() + b"\n")
            self._process.stdin.flush()
            line = self._answers.get(timeout=limit)
        except Empty:
            self.close()
            raise SideFailed(f"{self.name} took longer than {limit:.0f} s.") from None
        except OSError:
            line = b""
        if not line:
            raise SideFailed(f"{self.name} stopped: {self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    @property
    def process(self) -> int:
        """The number of the process."""
        return self._process.pid

    def close(self) -> None:
        """End the process; closing twice is harmless."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None and not stream.closed:
                _quietly_close(stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(b"")

    def _last_words(self) -> str:
        """The last line that the process wrote to standard error."""
        self._process.wait()
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - _TAIL))
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit status {self._process.returncode}."


def _quietly_close(stream: Any) -> None:
    try:
        stream.close()
    except OSError:
        # What was not yet written to a process that is gone is of no use to anybody.
        return


def our_side(*, keep_memory: bool = True) -> Side:
    """This program's engine."""
    return Side("guibuilder", "core.benchmark.our_side", environment=KEEP_MEMORY if keep_memory else None)


def torch_side(variant: str, *, keep_memory: bool = True) -> Side:
    """PyTorch in one of its variants, see `core.benchmark.torch_side`."""
    return Side(f"PyTorch ({variant})", "core.benchmark.torch_side", variant,
                environment=KEEP_MEMORY if keep_memory else None)


def first_losses(job: Job, path: Path, sides: list[Side], threads: int) -> list[float]:
    """Hand a job to all sides, saved at `path`, and give the loss that each finds for its batch before any training."""
    job.save(path)
    losses = []
    for side in sides:
        side.open(path, threads)
        losses.append(float(side.ask("loss")["loss"]))
    return losses
