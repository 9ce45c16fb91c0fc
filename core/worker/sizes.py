"""How large outputs and gradients are in each layer: one training batch through the network, and back."""

import numpy as np

from core.data.pictures import fit_dataset
from core.graph.starts import is_usual
from core.inspect import sizes as inspecting
from core.inspect.running import picture_shape
from core.train.job import checked_network, checked_outputs, normalisation
from core.train.options import how_to_start
from core.worker.answers import Report
from core.worker.library import Library
from core.worker.messages import MeasureSizes, Size, Sizes


def sizes(request: MeasureSizes, library: Library, report: Report) -> Sizes:
    """The project's own weights, and beside them usual ones where the project's are others."""
    project = request.project
    inference = checked_network(project.network)
    dataset = library.load(project.data.source, seed=project.options.seed,
                           progress=lambda name, done, total: report(f"Fetching {name}", done, total))
    checked_outputs(inference, len(dataset.classes))
    dataset = fit_dataset(dataset, picture_shape(project.network))
    count = min(inspecting.BATCH, len(dataset.train_y))
    chosen = np.linspace(0, len(dataset.train_y) - 1, count).astype(np.int64)
    batch = normalisation(project, dataset).apply(dataset.pictures("train", chosen)), dataset.train_y[chosen]
    report("Measuring", 0, 0)
    now = inspecting.gradient_sizes(project, batch)
    same = not project.weights and is_usual(project.network, how_to_start(project.options))
    usual = () if same else inspecting.usual_sizes(project, batch)
    return Sizes(_plain(now), _plain(usual), count, bool(project.weights))


def _plain(found: inspecting.Sizes) -> tuple[Size, ...]:
    return tuple(Size(each.layer, each.type, each.activation, each.gradient) for each in found)
