"""What the worker does for each request besides training: functions from a request to its result."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from core.data.dataset import Dataset
from core.data.pictures import fit_dataset
from core.data.streams import SHUFFLE, stream
from core.engine.engine import Engine
from core.errors import CoreError
from core.formats import open_file, save_file
from core.graph.cost import cost
from core.graph.expand import expanded
from core.graph.goals import goals_of, left_out, main_of
from core.graph.network import Network
from core.graph.shapes import infer
from core.inspect.compare import compare_onnx
from core.inspect.mistakes import How, measure
from core.inspect.running import complete, picture_shape
from core.project import Project, complete_weights
from core.templates import template
from core.train.job import normalisation
from core.train.optimizers import make_optimizer
from core.train.options import TrainOptions
from core.train.preview import preview
from core.worker.library import Library, at_hand
from core.worker.messages import (
    Augmented,
    DataSeen,
    Exported,
    ExportFile,
    LookAtAugmented,
    LookAtData,
    Measure,
    Measured,
    OpenFile,
    Warm,
)

Report = Callable[[str, int, int], None]

MOST_SAMPLES = 64
MOST_SAMPLE_NUMBERS = 4_000_000
MOST_MISTAKES = 64
# An export is compared on up to so many pictures, fewer where the network is large.
COMPARED = 1_000
COMPARED_MACS = 20_000_000_000
# How much more memory a file may need while it is read.
FILE_BYTES = 4_000_000_000


def warm(request: Warm, report: Report) -> None:
    """Compile what this network needs, or LeNet where there is none that runs, and make one step with it."""
    network = expanded(request.network) if request.network is not None else None
    if network is None or not _trains(network):
        network = template("lenet5").network
    options = TrainOptions()
    engine = Engine(network, complete(network, {}), options.batch_size)
    try:
        engine.warm_up(lambda done, total, text: report(text, done, total))
        x = np.zeros((2, *picture_shape(network)), np.float32)
        main = main_of(network)
        units = infer(network).shapes[main]
        engine.train_step(x, np.zeros((2, *(units or ())), np.float32), 1e-9, make_optimizer(options))
        engine.outputs(x[:1], [network.nodes[main].name])
    finally:
        engine.close()


def _trains(network: Network) -> bool:
    inference = infer(network)
    inputs = [node for node in network.nodes.values() if node.layer.ports[1] == 0]
    if not inference.runs or len(inputs) != 1:
        return False
    shapes = {inference.shapes[goal.id] for goal in goals_of(network) if goal.counts}
    return len(shapes) == 1 and len(shapes.pop() or ()) == 1


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


def opened(request: OpenFile) -> Project:
    """The project in a file; memory is limited while a stranger's file is read."""
    with memory_limited():
        return open_file(request.path)


def exported(request: ExportFile, library: Library, report: Report) -> Exported:
    """Write a file, and compare it with the engine on real pictures where that can be done here."""
    project = request.project
    report("Writing the file", 0, 0)
    save_file(project, request.path, request.format)
    if request.format != "onnx":
        return Exported(request.format, request.path)
    without = left_out(project.network)
    said = f"{' and '.join(without)} stayed out: auxiliary outputs only help the training. " if without else ""
    report("Comparing with onnxruntime", 0, 0)
    try:
        if not at_hand(project.data.source):
            return Exported(request.format, request.path, note=f"{said}Not compared: the pictures of "
                                                               f"{project.data.source} have not been downloaded.")
        dataset = fit_dataset(_data(project, library, report), picture_shape(project.network))
        count = max(8, min(COMPARED, COMPARED_MACS // max(1, cost(infer(project.network)).macs)))
        pictures = dataset.pictures("test", slice(0, int(count)))
        weights = complete_weights(project)
        found = compare_onnx(Path(request.path).read_bytes(), project.network, weights, pictures,
                             normalisation=normalisation(project, dataset))
    except CoreError as error:
        return Exported(request.format, request.path, note=f"{said}Not compared: {error.message}")
    note = "" if found.same_class == found.pictures else \
        f"{found.pictures - found.same_class} of {found.pictures} pictures get another class."
    return Exported(request.format, request.path, found.largest, found.pictures, (said + note).strip())


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
