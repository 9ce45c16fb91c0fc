"""The same training through PyTorch, where that is installed: the exported program runs in a process of its own."""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import FileError, TrainingError, UsageError
from core.export.pytorch.check import PIP, torch_is_here
from core.export.pytorch.folder import pytorch_folder
from core.formats.atomic import write_atomically
from core.formats.history_csv import history_to_text
from core.formats.pytorch import folder_files
from core.formats.weights_into import weights_into
from core.project import Project, beginning_of
from core.train.events import EpochDone, Failed, Finished
from guibuilder.command_line.bars import Bar
from guibuilder.command_line.common import checked_single, say

NEEDED = f"--engine torch trains through PyTorch, which is not installed in this Python. Install it with: {PIP}"


class TorchRun:
    """One training through PyTorch, on the GPU where PyTorch finds one; like `Run` for those who start it."""

    def __init__(self, project: Project, threads: int | None, *, log: Path | None = None, resume: bool = False,
                 quiet: bool = False) -> None:
        if not torch_is_here():
            raise FileError(NEEDED)
        if resume:
            raise UsageError("--resume goes on with the next batch, which only the engine numba can. Without --resume "
                             "the training goes on from the weights.")
        self._project, self._threads, self._log, self._quiet = project, threads, log, quiet
        self._classes: tuple[str, ...] = project.classes
        self._metrics: dict[str, Any] = {}

    def run(self) -> Finished | Failed:
        """Train to the end, or until Ctrl+C, after which the epochs that are whole are kept."""
        from core.data.load import load
        from core.train.job import checked_outputs, notes

        project = self._project
        inference = checked_single(project.network)
        with _bar() as report:
            dataset = load(project.data.source, seed=project.options.seed, progress=report)
        checked_outputs(inference, len(dataset.classes), trains=True)
        self._classes = dataset.classes
        say(*dataset.notes, *(note for note in notes(project, dataset) if note not in dataset.notes))
        with tempfile.TemporaryDirectory(prefix="guibuilder-") as text:
            place = Path(text)
            for name, write in folder_files(pytorch_folder(project, dataset)).items():
                with (place / name).open("wb") as file:
                    write(file)
            reason = self._train(place)
            return self._end(place, reason)

    def _train(self, place: Path) -> str:
        """Run the program, its lines shown as they come; gives how it ended."""
        threads = ["--threads", str(self._threads)] if self._threads else []
        command = [sys.executable, "train.py", *threads]
        # Warnings go to a file: nobody reads a pipe while the other one is read.
        with (place / "errors.txt").open("w") as errors, \
                subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, stderr=errors, text=True,
                                 errors="replace") as child:
            assert child.stdout is not None
            try:
                for line in child.stdout:
                    print("" if self._quiet else line, end="", flush=True)
            except KeyboardInterrupt:
                child.terminate()
                child.wait()
                return "stopped"
        if child.returncode:
            wrong = (place / "errors.txt").read_text(errors="replace")
            last = (wrong.strip().splitlines() or ["it ended without a word"])[-1]
            raise TrainingError(f"PyTorch could not train the network: {last[:300]}")
        return "done"

    def _end(self, place: Path, reason: str) -> Finished:
        """What the program left behind; KeyboardInterrupt where it had not come to the end of an epoch."""
        if not (place / "metrics.json").is_file():
            raise KeyboardInterrupt
        self._metrics = json.loads((place / "metrics.json").read_text("utf-8"))
        trained, _ = weights_into(self._project, place / "weights.safetensors")
        figures: dict[str, Any] = {name: self._metrics[name] for name in ("mean", "spread") if name in self._metrics}
        if self._log is not None:
            text = history_to_text(self.history()).encode()
            write_atomically(self._log, lambda file: file.write(text))
        return Finished(reason, trained.weights, len(self.history()), self._metrics["images_per_second"],
                        self._metrics["test_loss"], self._metrics["test_accuracy"], {}, figures,
                        self._metrics.get("best_epoch", 0))

    def history(self) -> tuple[EpochDone, ...]:
        """The epochs of this run."""
        return tuple(EpochDone(**epoch) for epoch in self._metrics.get("epochs", ()))

    def result(self, end: Finished | Failed) -> Project:
        """The project with what was learned."""
        began = beginning_of(replace(self._project, beginning=None))
        progress = end.progress if isinstance(end, Finished) else {}
        return replace(self._project, weights=end.weights or self._project.weights, classes=self._classes, state={},
                       progress=progress, history=self.history(), beginning=began)


@contextlib.contextmanager
def _bar() -> Iterator[Any]:
    """A bar while pictures are fetched."""
    bar = Bar("Loading the pictures", 0, "bytes")
    try:
        yield lambda name, done, total: bar.at(done, total, f"Fetching {name}")
    finally:
        bar.close()
