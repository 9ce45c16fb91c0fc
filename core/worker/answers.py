"""What the worker does for each request besides training: functions from a request to its result."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from core.data.dataset import Dataset
from core.data.pictures import fit_dataset
from core.data.streams import SHUFFLE, stream
from core.formats import open_file
from core.inspect.mistakes import How, measure
from core.inspect.running import picture_shape
from core.project import Project, complete_weights
from core.train.job import normalisation
from core.train.preview import preview
from core.worker.library import Library
from core.worker.messages import (
    Augmented,
    DataSeen,
    LookAtAugmented,
    LookAtData,
    Measure,
    Measured,
    OpenFile,
)

Report = Callable[[str, int, int], None]

MOST_SAMPLES = 64
MOST_SAMPLE_NUMBERS = 4_000_000
MOST_MISTAKES = 64
# How much more memory a file may need while it is read.
FILE_BYTES = 4_000_000_000


def look_at_data(request: LookAtData, library: Library, report: Report) -> DataSeen:
    """A data set in figures, with some of its training pictures drawn at random."""
    report("Loading the pictures", 0, 0)
    dataset = library.load(request.source, seed=request.seed,
                           progress=lambda name, done, total: report(f"Fetching {name}", done, total))
    room = max(1, MOST_SAMPLE_NUMBERS // max(1, int(np.prod(dataset.shape))))
    chosen = stream(request.seed, SHUFFLE, "samples").permutation(len(dataset.train_y))[:min(MOST_SAMPLES, room)]
    labels = tuple(dataset.classes[int(label)] for label in dataset.train_y[chosen])
    return DataSeen(dataset.name, dataset.title, dataset.shape, dataset.classes, len(dataset.train_y),
                    len(dataset.test_y), dataset.pictures("train", chosen), labels, dataset.notes)


def look_at_augmented(request: LookAtAugmented, library: Library, report: Report) -> Augmented:
    """Training pictures as the first epochs will bring them."""
    report("Loading the pictures", 0, 0)
    dataset = _data(request.project, library, report)
    report("Preparing the pictures", 0, 0)
    found = preview(request.project, dataset, request.rows, request.epochs)
    return Augmented(found.originals, found.epochs, found.labels, found.notes)


def measured(request: Measure, library: Library, report: Report) -> Measured:
    """Loss, accuracy, confusion and the surest mistakes on the test part."""
    project = request.project
    dataset = fit_dataset(_data(project, library, report), picture_shape(project.network))
    options = project.options
    how = How(options.loss, normalisation(project, dataset), None, options.seed, options.precise)
    found = measure(project.network, complete_weights(project), dataset, how,
                    lambda done, total: report("Measuring", done, total))
    worst = found.mistakes[:MOST_MISTAKES]
    pictures = dataset.pictures("test", [mistake.index for mistake in worst]) if worst else None
    named = tuple((mistake.index, dataset.classes[mistake.truth], dataset.classes[mistake.answer], mistake.probability)
                  for mistake in worst)
    return Measured(found.loss, found.accuracy, found.confusion, found.classes, named, pictures)


def opened(request: OpenFile, report: Report) -> Project:
    """The project in a file; memory is limited while a stranger's file is read."""
    name = Path(request.path).name
    with memory_limited():
        project = open_file(request.path, lambda done, total: report(f"Reading {name}", done, total))
    report(f"Handing over {name}", 1, 1)
    return project


def _data(project: Project, library: Library, report: Report) -> Dataset:
    return library.load(project.data.source, seed=project.options.seed,
                        progress=lambda name, done, total: report(f"Fetching {name}", done, total))


@contextlib.contextmanager
def memory_limited() -> Iterator[None]:
    """Let the process grow by a few gigabytes at most, where the system can limit that (Linux)."""
    try:
        import resource

        before = resource.getrlimit(resource.RLIMIT_AS)
        used = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + FILE_BYTES, before[1]))
    except (ImportError, OSError, ValueError):
        # Sizes are checked by the readers all the same.
        yield
        return
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
