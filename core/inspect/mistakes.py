"""How good the network is on pictures it has not seen: loss, accuracy, who is taken for whom, the worst mistakes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from core.data.batches import Batches
from core.data.dataset import Dataset
from core.data.normalisation import Normalisation
from core.data.pictures import fit_dataset
from core.graph.network import Network
from core.inspect.predict import probabilities
from core.inspect.running import BATCH, engine_for, picture_shape
from core.layers.base import Array
from core.train.job import checked_network, checked_outputs
from core.train.metrics import confusion_matrix, predicted

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Mistake:
    """One picture of the test part that was taken for another class, with how sure the network was of it."""

    index: int
    truth: int
    answer: int
    probability: float


@dataclass(frozen=True, eq=False)
class Measurement:
    """Loss per picture, accuracy 0 … 1, counts int64 (rows true, columns predicted), mistakes with the surest first."""

    loss: float
    accuracy: float
    confusion: Array
    classes: tuple[str, ...]
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True)
class How:
    """How to measure: the loss, the data's normalisation, the engine's threads, the seed of missing weights.

    `precise` forgoes kernels that lose digits.
    """

    loss: str = "cross-entropy"
    normalisation: Normalisation = Normalisation()
    threads: int | None = None
    seed: int = 0
    precise: bool = False


def measure(network: Network, weights: Mapping[str, Array], dataset: Dataset, how: How | None = None,
            progress: Progress | None = None) -> Measurement:
    """Measure on the test part of a data set, which is fitted to the network's input; `progress` counts pictures."""
    how = how or How()
    checked_outputs(checked_network(network), len(dataset.classes))
    dataset = fit_dataset(dataset, picture_shape(network))
    batches = Batches(dataset.test_x, dataset.test_y, dataset.scale, BATCH, how.normalisation)
    losses, shares = 0.0, []
    count = len(dataset.test_y)
    with engine_for(network, weights, threads=how.threads, loss=how.loss, seed=how.seed,
                    precise=how.precise) as engine:
        for number, (x, y) in enumerate(batches.run(np.arange(count))):
            loss, _, outputs = engine.evaluate(x, y)
            losses += loss
            shares.append(probabilities(network, outputs))
            if progress is not None:
                progress(min(count, (number + 1) * BATCH), count)
    found = np.concatenate(shares)
    answers = predicted(found)
    right = int(np.count_nonzero(answers == dataset.test_y))
    confusion = confusion_matrix(dataset.test_y, answers, len(dataset.classes))
    return Measurement(losses / count, right / count, confusion, dataset.classes, _mistakes(found, answers, dataset))


def _mistakes(shares: Array, answers: Array, dataset: Dataset) -> tuple[Mistake, ...]:
    """All wrong answers, the surest first; of equally sure ones the earlier picture."""
    wrong = np.flatnonzero(answers != dataset.test_y)
    sureness = shares[wrong, answers[wrong]]
    order = np.argsort(-sureness, kind="stable")
    return tuple(Mistake(int(wrong[place]), int(dataset.test_y[wrong[place]]), int(answers[wrong[place]]),
                         float(sureness[place])) for place in order)
