"""A small project for tests of training, and its events as a list."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.data.augmentation import Augmentation
from core.data.dataset import Dataset
from core.data.load import load
from core.graph.network import Network
from core.train.control import Control
from core.train.events import Finished, Preparing
from core.train.fit import fit
from core.train.job import Job
from core.train.options import TrainOptions
from tests.core.networks import small_cnn

DIGITS = load("digits")
OPTIONS = TrainOptions(epochs=2, batch_size=32, learning_rate=0.01)


@dataclass(frozen=True)
class Data:
    source: str = "digits"
    normalise: bool = False
    augmentation: Augmentation = Augmentation()


@dataclass(frozen=True)
class Plan:
    """What a project is to a training."""

    network: Network = field(default_factory=small_cnn)
    options: TrainOptions = OPTIONS
    weights: dict[str, Any] = field(default_factory=dict)
    data: Data = Data()
    state: dict[str, Any] = field(default_factory=dict)
    progress: dict[str, Any] = field(default_factory=dict)


def train(plan: Plan, control: Control | None = None, dataset: Dataset | None = DIGITS, threads: int = 1,
          resume: bool = False) -> list[Any]:
    return [event for event in fit(Job(plan, dataset, threads, resume), control) if not isinstance(event, Preparing)]


def few(count: int, **changes: Any) -> Dataset:
    """The first digits of each part."""
    return replace(DIGITS, train_x=DIGITS.train_x[:count], train_y=DIGITS.train_y[:count], test_x=DIGITS.test_x[:count],
                   test_y=DIGITS.test_y[:count], **changes)


def same(first: Finished, second: Finished) -> bool:
    return set(first.weights) == set(second.weights) and all(
        np.array_equal(array, second.weights[name]) for name, array in first.weights.items())
