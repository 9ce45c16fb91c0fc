"""Writing files for other programs, and comparing what they answer with the engine on real pictures."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from core.data.dataset import Dataset
from core.data.load import names
from core.data.pictures import fit_dataset
from core.errors import CoreError
from core.export.check import run_keras, run_numpy
from core.export.pytorch.check import run_pytorch
from core.formats import save_file
from core.formats.atomic import write_atomically
from core.graph.cost import cost
from core.graph.shapes import infer
from core.inspect.compare import compare, run_onnx
from core.inspect.mistakes import How, measure
from core.inspect.running import picture_shape
from core.layers.base import Array
from core.project import Project, complete_weights
from core.report.report import Results, html_report
from core.train.job import normalisation
from core.worker.library import Library, at_hand
from core.worker.messages import Exported, ExportFile

Report = Callable[[str, int, int], None]
REPORT = "html"
# Real pictures that are always here.
DIGITS = "digits28"

# An export is compared on up to so many pictures, fewer where the network is large.
COMPARED = 1_000
COMPARED_MACS = 20_000_000_000


@dataclass(frozen=True)
class Outside:
    """A program that runs what was written: how it is called, and its answers to pictures.

    `normalises` where the file does that itself and wants pictures from 0 to 1.
    """

    program: str
    run: Callable[[Path, Project, Array], Array]
    normalises: bool = False


OUTSIDE = {
    "onnx": Outside("onnxruntime", lambda path, project, pictures: run_onnx(path.read_bytes(), pictures), True),
    "pytorch": Outside("PyTorch", run_pytorch),
    "keras": Outside("Keras", run_keras, normalises=True),
    "numpy": Outside("NumPy", run_numpy, normalises=True),
}


def exported(request: ExportFile, library: Library, report: Report) -> Exported:
    """Write a file, and compare it with the engine on real pictures where that can be done here.

    The pictures are those of the project, or the built-in digits where these are not here.
    """
    project = request.project
    if request.format == REPORT:
        return _reported(request, library, report)
    report("Writing the file", 0, 0)
    save_file(project, request.path, request.format)
    outside = OUTSIDE.get(request.format)
    if outside is None:
        return Exported(request.format, request.path)
    report(f"Comparing with {outside.program}", 0, 0)
    source, note = project.data.source, ""
    if not (at_hand(source) and (source in names() or Path(source).expanduser().exists())):
        source, note = DIGITS, f"The pictures of {source} are not on this computer, so the built-in digits were taken."
    try:
        compared = _compared(request, outside, library.load(source, seed=project.options.seed))
        return replace(compared, note=f"{note} {compared.note}".strip())
    except CoreError as error:
        return Exported(request.format, request.path, note=f"Not compared: {error.message}")


def _reported(request: ExportFile, library: Library, report: Report) -> Exported:
    """Write the report of a project, with what its weights reach on the test part where they are trained."""
    project, results, note = request.project, None, ""
    source = project.data.source
    try:
        if project.weights and at_hand(source):
            dataset = fit_dataset(library.load(source, seed=project.options.seed), picture_shape(project.network))
            how = How(project.options.loss, normalisation(project, dataset), None, project.options.seed)
            found = measure(project.network, complete_weights(project), dataset, how,
                            lambda done, total: report("Measuring", done, total))
            results = Results(source, found.loss, found.accuracy, found.confusion, found.classes)
    except CoreError as error:
        note = f"Without results on the test part: {error.message}"
    page = html_report(project, results).encode("utf-8", "replace")
    write_atomically(Path(request.path), lambda file: file.write(page))
    return Exported(request.format, request.path, note=note)


def _compared(request: ExportFile, outside: Outside, loaded: Dataset) -> Exported:
    project = request.project
    dataset = fit_dataset(loaded, picture_shape(project.network))
    count = max(8, min(COMPARED, COMPARED_MACS // max(1, cost(infer(project.network)).macs)))
    pictures = dataset.pictures("test", slice(0, int(count)))
    normal = normalisation(project, dataset)
    own = normal.apply(pictures.copy())
    theirs = outside.run(Path(request.path), project, pictures if outside.normalises else own)
    found = compare(theirs, project.network, complete_weights(project), own)
    note = "" if found.same_class == found.pictures else \
        f"{found.pictures - found.same_class} of {found.pictures} pictures get another class."
    return Exported(request.format, request.path, found.largest, found.pictures, note, outside.program)
