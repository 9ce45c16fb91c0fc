"""What the network will see: training pictures as the first epochs will bring them, by the same code and seed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.data.augmentation import remarks
from core.data.augmenter import augmenter_for
from core.data.dataset import Array, Dataset, split
from core.data.pictures import fit_dataset, fitted_shape
from core.data.streams import SHUFFLE, stream
from core.graph.network import Network
from core.graph.shapes import infer
from core.layers.base import Shape
from core.train.job import Trainable

MOST_NUMBERS = 4_000_000


@dataclass(frozen=True)
class Preview:
    """Some training pictures: as they are, float32 N×C×H×W, and as epochs 1, 2, 3 … bring them, E×N×C×H×W.

    Pixels are as before normalisation. `places` are their positions in the training part, `notes` what should be said
    about this augmentation.
    """

    originals: Array
    epochs: Array
    labels: tuple[str, ...]
    places: tuple[int, ...]
    notes: tuple[str, ...] = ()


def preview(project: Trainable, dataset: Dataset, rows: int, epochs: int) -> Preview:
    """Up to `rows` of the pictures that train, one of each class first, in so many epochs; fewer where they are large.

    DataError where the pictures do not fit the network's input.
    """
    how, seed = project.data.augmentation, project.options.seed
    wanted = _input_shape(project.network) or dataset.shape
    shape = fitted_shape(dataset.shape, wanted)
    room = max(1, MOST_NUMBERS // (int(np.prod(shape)) * (epochs + 1)))
    chosen = _choose(dataset, split(dataset, project.options.validation, seed).train, min(rows, room), seed)
    few = replace(dataset, train_x=dataset.train_x[chosen], test_x=dataset.test_x[:0])
    changes = augmenter_for(how, fit_dataset(dataset, wanted) if how.rgb_pca else few, shape, seed)
    originals = np.ascontiguousarray(fit_dataset(few, wanted).pictures("train", slice(None))).reshape(-1, *shape)
    seen = [originals if changes is None else changes.apply(originals.copy(), chosen, epoch)
            for epoch in range(1, epochs + 1)]
    labels = tuple(dataset.classes[int(label)] for label in dataset.train_y[chosen])
    return Preview(originals, np.stack(seen), labels, tuple(int(place) for place in chosen),
                   remarks(how, shape, dataset.name, dataset.classes))


def _choose(dataset: Dataset, train: Array, count: int, seed: int) -> Array:
    """Positions of pictures that train, drawn at random, so that every class comes before one comes twice."""
    drawn: Array = stream(seed, SHUFFLE, "samples").permutation(train)
    turns = np.zeros(len(dataset.classes), np.int64)
    turn = np.zeros(len(drawn), np.int64)
    for number, label in enumerate(dataset.train_y[drawn].tolist()):
        turn[number] = turns[label]
        turns[label] += 1
    chosen: Array = drawn[np.argsort(turn, kind="stable")[:count]]
    return chosen


def _input_shape(network: Network) -> Shape | None:
    """The shape of the one Input's pictures, where there is one."""
    inference = infer(network)
    inputs: Sequence[Shape | None] = [inference.shapes.get(key) for key, node in network.nodes.items()
                                      if node.layer.ports[1] == 0]
    return inputs[0] if len(inputs) == 1 else None
