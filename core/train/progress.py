"""Where a training stands, as a file holds it: with weights and state, enough to go on from exactly there.

Random streams need no place here: each follows from the seed, what it is for, and the epoch or step (see
`core.data.streams`). What else changes from batch to batch is a `Kept`, stored under a name of its own.
"""

import dataclasses
import hashlib
import json
import math
import zlib
from collections.abc import Mapping
from typing import Annotated, Any, Protocol

import msgspec
import numpy as np

from core.data.dataset import Dataset
from core.errors import TrainingError
from core.graph.expand import never_grouped
from core.graph.network import Network
from core.layers.base import Array
from core.train.job import Trainable

GO_ON = "go on from its weights, or rewind"
# Layers whose random numbers follow from their name, so that another name is another training.
RANDOM = ("Dropout", "NoisyReLU", "RReLU")
# Options that may be changed while a training waits: how long it goes on, how fast, and how it began.
FREE = ("epochs", "learning_rate", "patience", "init", "init_value")
# Options that decide which pictures come when; with others nothing that was counted means anything.
_ORDER = {"seed": "seed", "validation": "share for validation"}

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Kept(Protocol):
    """A part of a training that remembers something from batch to batch or from epoch to epoch."""

    def state(self) -> dict[str, Any]:
        """What it remembers: JSON with finite numbers."""

    def take(self, state: Mapping[str, Any]) -> None:
        """Take what `state` gave, perhaps from a file of strangers; TrainingError (see `number`) where it is wrong."""


class Made(msgspec.Struct):
    """What a training was made of, to tell whether it is still the same: digests of network and data, and options."""

    network: str = ""
    data: str = ""
    options: dict[str, Any] = {}
    choice: dict[str, Any] = {}


class Progress(msgspec.Struct):
    """The counters: `epoch` from 1, `batch` and `pictures` done in it with their sums, its `seconds` so far.

    `batches` are those of a whole epoch; `mean` and `spread` are the figures of normalised pictures.
    """

    epoch: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    batch: Count = 0
    batches: Count = 0
    pictures: Count = 0
    loss: float = 0.0
    correct: Count = 0
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    mean: list[float] = []
    spread: list[Annotated[float, msgspec.Meta(gt=0)]] = []
    made: Made | None = None


def read_progress(plain: Mapping[str, Any]) -> Progress:
    """The counters, checked; TrainingError where they cannot be those of a training. Other keys are passed over."""
    try:
        return checked_progress(plain)
    except ValueError as error:
        raise damaged(str(error)) from error


def checked_progress(plain: Mapping[str, Any]) -> Progress:
    """The same with a ValueError, for readers of files, which have their own sentence."""
    found = msgspec.convert(dict(plain), Progress)
    if not all(math.isfinite(value) for value in (found.loss, found.seconds, *found.mean, *found.spread)):
        raise ValueError("a number of its progress is not finite")
    if found.correct > found.pictures or len(found.mean) != len(found.spread):
        raise ValueError("the counters of its progress contradict each other")
    return found


def number(state: Mapping[str, Any], name: str, otherwise: float | None = None) -> float | None:
    """A finite number of a `Kept`, or `otherwise` where it is not there; TrainingError where it is something else."""
    value: object = state.get(name, otherwise)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < math.inf:
        raise damaged(f"{name} is no number")
    return value


def count(state: Mapping[str, Any], name: str) -> int:
    """A whole number from 0 of a `Kept`, 0 where it is not there; TrainingError where it is something else."""
    value = number(state, name, 0)
    if value is None or value < 0 or value != int(value):
        raise damaged(f"{name} is no whole number from 0")
    return int(value)


def restore(kept: Mapping[str, Kept], plain: Mapping[str, Any]) -> None:
    """Give each part of a training what was stored under its name."""
    for name, part in kept.items():
        state: object = plain.get(name, {})
        if not isinstance(state, dict):
            raise damaged(f"{name} is no object")
        part.take(state)


def damaged(why: str) -> TrainingError:
    """The sentence for counters that cannot be."""
    return TrainingError(f"Where this training stood is damaged ({why}): {GO_ON}.")


# whether it is still the same -----------------------------------------------------------------------------------------


def network_mark(network: Network) -> str:
    """A digest of what a network computes: layers, wires and what its outputs count.

    Names only where random numbers follow from them.
    """
    network = never_grouped(network)
    place = {key: number for number, key in enumerate(network.order)}
    layers = []
    for key in network.order:
        node = network.nodes[key]
        name = node.name if node.type in RANDOM or node.layer.family == "noise" else ""
        sources = [[port, place[source]] for port, source in network.inputs_of(key).items() if source in place]
        decided = [] if node.output is None else [node.output.values()]
        layers.append([node.type, name, node.layer.values(), sources, *decided])
    text = json.dumps(layers, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def data_mark(dataset: Dataset) -> str:
    """A check sum of the training pictures and their classes, as they came; it only tells data that was changed."""
    found = 0
    for array in (dataset.train_x, dataset.train_y):
        found = zlib.crc32(repr((array.shape, array.dtype.str)).encode(), found)
        found = _checked(array, found)
    return f"{found:08x}"


def _checked(array: Array, found: int) -> int:
    """In pieces, because an array need not lie in one stretch."""
    for start in range(0, len(array), 4096):
        piece = array[start:start + 4096]
        found = zlib.crc32(np.ascontiguousarray(piece).data, found)
    return found


def made_of(project: Trainable, mark: str) -> Made:
    """What this training is made of; `mark` is the `data_mark`."""
    data: Any = project.data
    choice = {name: value for name, value in dataclasses.asdict(data).items() if name != "source"}
    return Made(network_mark(project.network), mark, _plain(project.options.values()), _plain(choice))


def changed(project: Trainable, mark: str = "") -> tuple[str, tuple[str, ...]]:
    """Why a stopped training cannot go on exactly ("" where it can), and names of options that differ all the same.

    Without the `mark` of the data these are taken to be the same.
    """
    known = read_progress(project.progress)
    if known.made is None:
        return "", ()
    now, then = made_of(project, mark), known.made
    what = "network" if now.network != then.network else ""
    what = what or next((words for name, words in _ORDER.items() if _differs(now.options, then.options, name)), "")
    other_choice = any(_differs(now.choice, then.choice, name) for name in now.choice)
    if not what:
        what = "data" if mark and mark != then.data else "treatment of the pictures" if other_choice else ""
    if what:
        verb = "have" if what == "data" else "has"
        return f"The {what} {verb} changed since this training was paused: {GO_ON}.", ()
    other = [name for name in now.options if name not in (*FREE, *_ORDER) and _differs(now.options, then.options, name)]
    return "", tuple(other)


def _differs(now: Mapping[str, Any], then: Mapping[str, Any], name: str) -> bool:
    """Options that an earlier program did not know count as unchanged."""
    return name in then and now[name] != then[name]


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(values))
    return found
