"""Stopping a training at any batch, keeping it in a file, and finishing it, here or in a process of its own."""

import io
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from core.data.dataset import Dataset
from core.data.load import load
from core.formats import open_file, save_file
from core.formats.native import read_project, write_project
from core.formats.weights_files import to_safetensors
from core.graph.network import Network
from core.project import DataChoice, Project, beginning_of
from core.train.control import Control
from core.train.events import BatchDone, EpochDone, Finished
from core.train.fit import fit
from core.train.job import Job
from core.train.options import TrainOptions
from tests.core.networks import Drawing

PICTURES = 150


def dataset() -> Dataset:
    """The first digits, so that an epoch takes a moment."""
    digits = load("digits")
    return replace(digits, train_x=digits.train_x[:PICTURES], train_y=digits.train_y[:PICTURES],
                   test_x=digits.test_x[:20], test_y=digits.test_y[:20])


def noisy_network() -> Network:
    """A small network with everything that changes from batch to batch: batch statistics, dropout, noise."""
    drawing = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Conv2D", "C1", filters=3, kernel=3, stride=2)
    drawing.add("BatchNorm", "B1").add("NoisyReLU", "N1", sigma=0.2).add("RReLU", "R1").add("Flatten", "Flat")
    return drawing.add("Dropout", "Drop", rate=0.2).add("Dense", "F1", units=10).add("Softmax", "S").network


def project_of(network: Network | None = None, normalise: bool = True, **options: object) -> Project:
    """A project that trains three epochs of nine batches."""
    chosen = {"epochs": 3, "batch_size": 16, "learning_rate": 0.01, "validation": 0.1, "seed": 5, **options}
    return Project(network or noisy_network(), data=DataChoice("digits", normalise), options=TrainOptions(**chosen))


def go_on(project: Project, stop_after: int = 0, threads: int = 1, epoch_batches: int = 9) -> tuple[Project, str]:
    """Train, or go on, until so many batches in all are done (0: to the end); the project then, and how it ended."""
    control, done = Control(), list(project.history)
    seen = int(project.progress.get("batch", 0)) + (int(project.progress.get("epoch", 1)) - 1) * epoch_batches
    for event in fit(Job(project, dataset(), threads, bool(project.progress)), control):
        seen += isinstance(event, BatchDone)
        if isinstance(event, BatchDone) and seen == stop_after:
            control.apply("stop")
        if isinstance(event, EpochDone):
            done.append(event)
    assert isinstance(event, Finished), event
    return replace(project, weights=event.weights, state=event.state, progress=event.progress, history=tuple(done),
                   beginning=beginning_of(project)), event.reason


def through_a_file(project: Project) -> Project:
    """Written and read."""
    buffer = io.BytesIO()
    write_project(project, buffer)
    return read_project(io.BytesIO(buffer.getvalue()), "the file")


def fingerprint(project: Project) -> tuple[bytes, bytes, object, object]:
    """All that must be the same to the last bit: weights, state, history without its times, and where it stands."""
    history = [replace(epoch, seconds=0.0) for epoch in project.history]
    return to_safetensors(project.weights), to_safetensors(project.state), history, {
        **project.progress, "seconds": 0}


def finish_all(folder: Path) -> None:
    """Go on with every project in a folder, and save it in its place."""
    for path in sorted(folder.glob("*.gbnet")):
        done, reason = go_on(open_file(path), threads=2)
        assert reason in ("done", "patience"), reason
        save_file(done, path, keep_previous=False)


def folders(arguments: Iterable[str]) -> None:
    """What another process is started for."""
    for argument in arguments:
        finish_all(Path(argument))


if __name__ == "__main__":
    folders(sys.argv[1:])
