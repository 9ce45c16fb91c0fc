"""What is to be trained, checked before anything starts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from core.data.augmentation import Augmentation
from core.data.dataset import Dataset, set_aside
from core.data.download import Progress
from core.data.load import load
from core.data.normalisation import Normalisation, normalisation_of
from core.errors import DataError, NetworkError, TrainingError
from core.graph.cost import cost
from core.graph.expand import expanded
from core.graph.goals import Goal, goals_of
from core.graph.initial import complete
from core.graph.memory import FLOAT_BYTES
from core.graph.network import Network
from core.graph.shapes import Inference, running
from core.graph.starts import start_warning
from core.layers.base import Array, Shape, describe
from core.train.losses import takes_logits
from core.train.options import TrainOptions, how_to_start

# The setting that says how many numbers or maps a layer puts out.
_DECIDES = {"Dense": "units", "Conv2D": "filters"}
# Of a whole training set at most so many pictures go through the network at once, and at most so many bytes of outputs.
MOST_AT_ONCE, PIECE_BYTES = 512, 256_000_000
BATCH_NORM_NOTE = "All pictures make one update; BatchNorm measures mean and variance over {0:,} pictures at a time."
LOGITS_NOTE = "There is no Softmax at the end, so the last outputs are taken as scores (logits)."
AUXILIARY_LOGITS_NOTE = "There is no Softmax at the end of {}, so its outputs are taken as scores (logits)."


class Loader(Protocol):
    """What brings a data set: `core.data.load.load`, or something that remembers."""

    def __call__(self, name_or_path: str, *, seed: int = 0, progress: Progress | None = None) -> Dataset: ...


class _Data(Protocol):
    """Which pictures, and what is done to them."""

    @property
    def source(self) -> str: ...

    @property
    def normalise(self) -> bool: ...

    @property
    def augmentation(self) -> Augmentation: ...


class Trainable(Protocol):
    """The parts of a project that a training reads."""

    @property
    def network(self) -> Network: ...

    @property
    def weights(self) -> Mapping[str, Array]: ...

    @property
    def data(self) -> _Data: ...

    @property
    def options(self) -> TrainOptions: ...

    @property
    def state(self) -> Mapping[str, Array]: ...

    @property
    def progress(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, eq=False)
class Job:
    """A project to be trained. Without `dataset` the one that the project names is loaded, by `load`.

    Weights that fit are kept, so a trained project goes on from them; the others are drawn from the seed. With `resume`
    the training goes on exactly where `project.progress` says it stopped. `threads` None takes all cores.
    """

    project: Trainable
    dataset: Dataset | None = None
    threads: int | None = None
    resume: bool = False
    load: Loader = load


def checked_network(network: Network) -> Inference:
    """The network's shapes; NetworkError lists all problems, or says why one Input is needed."""
    inference = running(network)
    network = inference.network
    inputs = [key for key in network.order if network.nodes[key].layer.ports[1] == 0]
    if len(inputs) > 1:
        names = ", ".join(network.nodes[key].name for key in inputs)
        raise NetworkError(f"There must be one Input, but there are {len(inputs)}: {names}. Delete the others.")
    return inference


def input_shape(inference: Inference) -> Shape:
    """The shape of the pictures that a network with one Input takes."""
    network = inference.network
    shape = next(inference.shapes[key] for key in network.order if network.nodes[key].layer.ports[1] == 0)
    assert shape is not None
    return shape


def checked_outputs(inference: Inference, classes: int, *, trains: bool = False) -> None:
    """DataError where the main output has not one number for each class; it says which setting to change.

    With `trains` all outputs that count must have, and NetworkError says where none counts.
    """
    goals = goals_of(inference.network)
    if trains and not any(goal.weight for goal in goals):
        raise NetworkError(f"Nothing can be learned: every output has the loss weight 0. Give {goals[0].name} the "
                           f"weight 1.")
    for goal in goals if trains else goals[:1]:
        if goal.counts:
            _check_output(inference, goal, classes)


def _check_output(inference: Inference, goal: Goal, classes: int) -> None:
    shape = inference.shapes[goal.id] or ()
    what = f"The last layer, {goal.name}," if goal.main else f"The auxiliary output {goal.name}"
    leave = "" if goal.main else ", give it the loss weight 0, or delete it"
    if len(shape) != 1:
        raise DataError(f"{what} puts out {describe(shape)}, but one number for each of the {classes} classes is "
                        f"needed. End with Flatten and Dense{leave}.")
    if shape[0] != classes:
        what = "The last layer" if goal.main else what
        raise DataError(f"{what} puts out {shape[0]:,} numbers but the data has {classes:,} classes"
                        f"{_advice(inference.network, goal.id, classes)}{leave}.")


def _advice(network: Network, last: str, classes: int) -> str:
    """": set F7's units to 6", naming the layer that decides how many numbers come out."""
    while True:
        node = network.nodes[last]
        if node.type in _DECIDES and not node.layer.bypassed:
            return f": set {node.name}'s {_DECIDES[node.type]} to {classes:,}"
        sources = list(network.inputs_of(last).values())
        if len(sources) != 1 or node.type == "Flatten":
            return f": put a Dense layer of {classes:,} units at the end"
        last = sources[0]


def start_weights(job: Job, inference: Inference) -> dict[str, Array]:
    """The project's weights where they fit, drawn from the seed where they do not; all must fit to resume."""
    options = job.project.options
    found = complete(inference, job.project.weights, options.seed, how_to_start(options))
    drawn = any(job.project.weights.get(name) is not array for name, array in found.items())
    if job.resume and not job.project.progress:
        raise TrainingError("There is no training to go on with. Start a new one.")
    if job.resume and drawn:
        raise TrainingError("The network has changed since this training was paused: go on from its weights, or "
                            "rewind.")
    return found


def batch_size(options: TrainOptions, pictures: int) -> int:
    """How many pictures decide one step: all, a batch, or a single one."""
    wanted = {"batch": pictures, "mini-batch": options.batch_size, "stochastic": 1}[options.mode]
    return min(wanted, pictures)


def updates_per_epoch(options: TrainOptions, pictures: int) -> int:
    """How many steps an epoch makes where the data has so many training pictures, those for validation included."""
    train = pictures - set_aside(pictures, options.validation)
    return -(-train // max(1, batch_size(options, train)))


def piece_size(inference: Inference, batch: int) -> int:
    """How many pictures of a whole training set go through the network at once, so that memory stays bounded.

    It follows from the network and not from the machine, so that results do not depend on the machine.
    """
    each = FLOAT_BYTES * cost(inference).memory.picture
    return min(batch, MOST_AT_ONCE, max(1, PIECE_BYTES // max(1, each)))


def normalisation(project: Trainable, dataset: Dataset, *, anew: bool = False) -> Normalisation:
    """How the project's pictures are shifted and scaled: by the figures its training measured, or measured now.

    `dataset` is fitted to the network's input; flat pictures count as one channel. `anew`: a training begins.
    """
    if not project.data.normalise:
        return Normalisation()
    if len(dataset.shape) == 1:
        dataset = replace(dataset, train_x=dataset.train_x[:, None, None])
    mean, spread = project.progress.get("mean"), project.progress.get("spread")
    if anew or not mean or not spread or len(mean) != dataset.train_x.shape[1]:
        return normalisation_of(dataset)
    return Normalisation(tuple(mean), tuple(spread))


def notes(project: Trainable, dataset: Dataset, piece: int = 0) -> tuple[str, ...]:
    """What is said once before a training: how pictures were fitted, where the test part is from, logits, outputs.

    `piece` pictures of a batch go through the network at once, where that is less than the batch.
    """
    network, found = expanded(project.network), list(dataset.notes)
    warning = "" if project.weights else start_warning(network, how_to_start(project.options))
    found += [warning] if warning else []
    goals = [goal for goal in goals_of(network, project.options.loss) if goal.counts]
    found += [LOGITS_NOTE if goal.main else AUXILIARY_LOGITS_NOTE.format(goal.name) for goal in goals
              if takes_logits(network, goal.id, goal.loss)]
    if len(goals) > 1:
        parts = " + ".join(f"{goal.weight:g} · {goal.name}" for goal in goals)
        found.append(f"The loss is {parts}; accuracy and test are those of {goals[0].name}.")
    if piece and any(node.type == "BatchNorm" and not node.layer.bypassed for node in network.nodes.values()):
        found.append(BATCH_NORM_NOTE.format(piece))
    return tuple(found)
