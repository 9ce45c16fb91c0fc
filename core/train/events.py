"""What a training tells while it runs: small frozen values, in this order.

Preparing* · Started · ((Gathering* · BatchDone)* · EpochDone)* · exactly one of Finished or Failed. Losses are means
per picture, accuracies shares from 0 to 1, times seconds; None where there is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.layers.base import Array


@dataclass(frozen=True)
class Preparing:
    """Work before the first batch: loading data, compiling kernels. `done` of `total` (total 0 = unknown)."""

    text: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Started:
    """The first batch follows. `notes` are things said once (fitting of pictures, test part, logits)."""

    epochs: int
    batches: int
    train: int
    validation: int
    test: int
    classes: tuple[str, ...]
    first_epoch: int = 1
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class BatchDone:
    """One step was made; loss and accuracy are of this batch, `images_per_second` over the last second.

    Where batches go by faster than messages may (20 a second), one event stands for all since the one before: it tells
    of the latest batch, and `points` holds (epoch, batch, loss, accuracy) of each, the latest included; else nothing.
    `rate` is the learning rate of the step.
    """

    epoch: int
    batch: int
    loss: float
    accuracy: float | None
    images_per_second: float
    points: tuple[tuple[int, int, float, float | None], ...] = ()
    rate: float | None = None


@dataclass(frozen=True)
class Gathering:
    """A step over more pictures than go through the network at once: the gradients of `pictures` of `total` are there.

    What is pausing or stopped now has not changed anything in this step yet.
    """

    epoch: int
    pictures: int
    total: int


@dataclass(frozen=True)
class EpochDone:
    """One pass over the training set is over; training figures are running means of the epoch."""

    epoch: int
    train_loss: float
    train_accuracy: float | None
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float


@dataclass(frozen=True)
class Finished:
    """The training ended as it should. `reason`: done, stopped or patience; weights as they are now.

    With early stopping, the weights at the end (not where it was stopped) are those of `best_epoch`, the epoch with the
    lowest validation loss; 0 where they are just the last ones.

    `state` (slots of the optimizer) and `progress` (counters) let a later training go on exactly from here. Where
    pictures are normalised, `progress` holds the "mean" and "spread" of each channel.
    """

    reason: str
    weights: Mapping[str, Array]
    epoch: int
    images_per_second: float
    test_loss: float | None = None
    test_accuracy: float | None = None
    state: Mapping[str, Array] = field(default_factory=dict)
    progress: Mapping[str, Any] = field(default_factory=dict)
    best_epoch: int = 0


@dataclass(frozen=True)
class Failed:
    """The training could not go on: one sentence, the layer where it began, and the last good weights.

    `fitting_batch` is a batch that memory would hold, where the one that was asked for was too large; else 0.
    """

    message: str
    layer: str | None = None
    epoch: int = 0
    batch: int = 0
    weights: Mapping[str, Array] = field(default_factory=dict)
    details: str = ""
    fitting_batch: int = 0


Event = Preparing | Started | Gathering | BatchDone | EpochDone | Finished | Failed
