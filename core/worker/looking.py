"""What the window watches: one layer on one picture, from a project or from the training that runs."""

from dataclasses import dataclass

import numpy as np

from core.data.dataset import Dataset
from core.data.normalisation import Normalisation
from core.data.pictures import fit_dataset, fit_to
from core.engine.engine import Engine
from core.errors import DataError, UsageError
from core.graph.expand import expanded
from core.graph.network import Network
from core.inspect.activations import look
from core.inspect.predict import top
from core.inspect.running import engine_for, picture_shape
from core.inspect.weights import filters
from core.layers.base import Array
from core.project import Project, complete_weights
from core.train.job import normalisation
from core.worker.library import Library, at_hand
from core.worker.messages import Seen, Watch

MOST_MAPS = 64
MOST_UNITS = 4096
MOST_FILTER_NUMBERS = 100_000


@dataclass(frozen=True, eq=False)
class Scene:
    """Where a layer is looked at: the network with its engine, the data fitted to its input (None = unknown)."""

    network: Network
    engine: Engine
    dataset: Dataset | None
    normalisation: Normalisation
    classes: tuple[str, ...]


def see(watch: Watch, scene: Scene, *, training: bool) -> Seen:
    """The layer's output for the picture, its filters, and what the network answers."""
    assert watch.layer is not None
    if watch.layer not in scene.network.names:
        raise UsageError(f"{watch.layer} is not part of the network that {'trains' if training else 'is drawn'}.")
    picture, truth = _picture(watch, scene)
    normal = scene.normalisation.apply(picture[None].copy())[0]
    found = look(scene.engine, scene.network, watch.layer, normal)
    maps, channels = found.maps, len(found.maps)
    shown = filters(scene.network, scene.engine.weights(), watch.layer)
    prediction = () if found.probabilities is None else top(found.probabilities, scene.classes)
    return Seen(watch.number, watch.layer, maps[:MOST_MAPS if maps.ndim == 3 else MOST_UNITS], _few(shown), picture,
                prediction, truth, channels, training)


def see_project(watch: Watch, project: Project, library: Library) -> Seen:
    """The same for a project that does not train; missing weights are drawn from its seed."""
    network = expanded(project.network)
    shape = picture_shape(network)
    needs_data = watch.picture is None or project.data.normalise
    if needs_data and not at_hand(project.data.source):
        raise DataError(f"The pictures of {project.data.source} have to be downloaded first: choose them in Data, or "
                        f"start a training.")
    dataset = library.load(project.data.source, seed=project.options.seed) if needs_data else None
    fitted = fit_dataset(dataset, shape) if dataset is not None else None
    normal = normalisation(project, fitted) if fitted is not None else Normalisation()
    classes = dataset.classes if dataset is not None else project.classes
    with engine_for(network, complete_weights(project), batch=1, threads=1, seed=project.options.seed,
                    precise=project.options.precise) as engine:
        return see(watch, Scene(network, engine, fitted, normal, classes), training=False)


def _picture(watch: Watch, scene: Scene) -> tuple[Array, str | None]:
    """The picture as the network's input, from 0 to 1, and its class where it is known."""
    if watch.picture is not None:
        return fit_to(np.asarray(watch.picture, np.float32), picture_shape(scene.network))[0], None
    if scene.dataset is None:
        raise DataError("There is no data to take a picture from.")
    index = watch.index % len(scene.dataset.test_y)
    return scene.dataset.pictures("test", index), scene.dataset.classes[int(scene.dataset.test_y[index])]


def _few(shown: Array | None) -> Array | None:
    """At most 64 filters of 64 maps, and of large ones fewer maps."""
    if shown is None:
        return None
    count, area = min(len(shown), MOST_MAPS), shown.shape[2] * shown.shape[3]
    maps = max(1, min(MOST_MAPS, MOST_FILTER_NUMBERS // (count * area)))
    return np.ascontiguousarray(shown[:count, :maps])
