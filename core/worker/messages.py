"""What the window and the worker process say to each other: frozen values, sent through a pipe.

Every request carries a number of the window's choosing; its answers carry the same one. A request ends with exactly one
Done or Refused (training: with the event Finished or Failed inside Trained). The worker sends at most 20 messages a
second of each kind; of pictures only the latest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.graph.network import Network
from core.layers.base import Array
from core.project import Project
from core.train.events import Event

# window → worker ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Warm:
    """Load the engine and compile what this network needs, before anybody presses Start. Answer: Progress*, Done."""

    number: int
    network: Network | None = None


@dataclass(frozen=True)
class Train:
    """Train a project; answers: Trained with one event each. `paused` starts with the brake on."""

    number: int
    project: Project
    threads: int | None = None
    paused: bool = False
    resume: bool = False


@dataclass(frozen=True)
class Control:
    """Steer the running training.

    Actions: pause, resume, batch (one step, then pause), epoch (to its end, then pause), stop, rate (with `value`).
    """

    action: str
    value: float = 0.0


@dataclass(frozen=True)
class Watch:
    """Look at a layer while training: its filters and feature maps for one picture, again and again as they change.

    `picture` is float32 C×H×W from 0 to 1 (fitted to the input where it has another size), or None for test picture
    `index`. Answers: Seen, once at once, and again whenever a running training has changed the weights (at most 10 a
    second, only the latest). It stays in force, also for a training that starts later, until the next Watch; then it
    ends with Done. `layer` None only ends it. Without a running training it shows the given project's weights.
    """

    number: int
    layer: str | None
    picture: Array | None = None
    index: int = 0
    project: Project | None = None


@dataclass(frozen=True)
class Measure:
    """Loss, accuracy and confusion matrix on the test part. Answer: Done with a `Measured`."""

    number: int
    project: Project


@dataclass(frozen=True)
class MeasureSizes:
    """How large the outputs and gradients of each layer are on one batch. Answer: Progress*, Done with `Sizes`."""

    number: int
    project: Project


@dataclass(frozen=True)
class LookAtKernels:
    """Say which kernel each layer runs on. Answer: Done with a dict of `KernelUse` by the layers' names."""

    number: int
    network: Network
    loss: str = "cross-entropy"
    precise: bool = False


@dataclass(frozen=True)
class LookAtData:
    """Load a data set. Answers: Progress*, Done with a `DataSeen`."""

    number: int
    source: str
    seed: int = 0


@dataclass(frozen=True)
class LookAtAugmented:
    """Bring training pictures as the first epochs will have them. Answers: Progress*, Done with an `Augmented`."""

    number: int
    project: Project
    rows: int
    epochs: int


@dataclass(frozen=True)
class OpenFile:
    """Read a project, network or foreign file. Answers: Progress*, Done with a `Project`, or Refused."""

    number: int
    path: str


@dataclass(frozen=True)
class ExportFile:
    """Write a project in a format. Answer: Progress*, Done with an `Exported`."""

    number: int
    project: Project
    format: str
    path: str


@dataclass(frozen=True)
class Cancel:
    """Nobody waits for the answer of that request any more; where it reads a file it ends early. Answer: Refused."""

    number: int


@dataclass(frozen=True)
class Quit:
    """Leave now."""


# worker → window ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """The worker runs; its process id and how many threads it will use."""

    process: int
    threads: int


@dataclass(frozen=True)
class Progress:
    """How far a request is: `done` of `total` (0 = unknown)."""

    number: int
    text: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Trained:
    """One event of the running training."""

    number: int
    event: Event


@dataclass(frozen=True)
class Checkpoint:
    """The running training as it is now: at each pause, after each epoch, and about every 10 s in between.

    With `state` and `progress` it goes on exactly from there, even should the worker or the window die. `epoch` counts
    the finished ones; `paused` says that the training waits there.
    """

    number: int
    epoch: int
    weights: Mapping[str, Array]
    state: Mapping[str, Array] = field(default_factory=dict)
    progress: Mapping[str, Any] = field(default_factory=dict)
    paused: bool = False


@dataclass(frozen=True)
class Done:
    """The request is answered."""

    number: int
    result: Any = None


@dataclass(frozen=True)
class Refused:
    """The request cannot be met: one sentence; `details` only where it is a bug."""

    number: int
    message: str
    details: str = ""


@dataclass(frozen=True)
class Seen:
    """One layer on one picture.

    `maps` float32 [C, H, W] or [N]; `filters` float32 [out, in, h, w] or None; both may be cut to the first 64
    (`channels` says how many there are). `picture` is the input, `prediction` the answer, largest probability first.
    """

    number: int
    layer: str
    maps: Array | None
    filters: Array | None
    picture: Array
    prediction: tuple[tuple[str, float], ...] = ()
    truth: str | None = None
    channels: int = 0
    training: bool = False
    scales: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """Test part: loss per picture, accuracy 0…1, confusion counts (rows true, columns predicted), worst mistakes."""

    loss: float
    accuracy: float
    confusion: Array
    classes: tuple[str, ...]
    mistakes: tuple[tuple[int, str, str, float], ...] = ()
    pictures: Array | None = None


@dataclass(frozen=True)
class Size:
    """One layer on one batch: mean |output|, and mean |∂loss/∂weight| over its weights (None: it has none to train)."""

    layer: str
    type: str
    activation: float
    gradient: float | None


@dataclass(frozen=True)
class Sizes:
    """All layers on a batch of so many pictures, with the weights as they are (`trained` or as they begin).

    `usual` is the same with new weights drawn in the usual way, where that is something else.
    """

    now: tuple[Size, ...]
    usual: tuple[Size, ...]
    pictures: int
    trained: bool


@dataclass(frozen=True)
class KernelUse:
    """How a layer is computed: the kernel's name for people, why that one, what it does.

    `together` names all layers of the same step, the one that decides first.
    """

    kernel: str
    reason: str
    about: str
    together: tuple[str, ...] = ()


@dataclass(frozen=True)
class DataSeen:
    """A data set in figures, and some of its pictures (float32 N×C×H×W, at most 64) with their classes."""

    name: str
    title: str
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    train: int
    test: int
    samples: Array
    labels: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Augmented:
    """Training pictures as they are, float32 N×C×H×W, and in epochs 1, 2, 3 … (E×N×C×H×W), with their classes.

    Pixels are those before normalisation; `notes` say what does not suit the data. There may be fewer than asked for.
    """

    originals: Array
    epochs: Array
    labels: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exported:
    """A file was written; the largest difference to the engine on real pictures (None: `note` says why).

    `program` is what ran the file.
    """

    format: str
    path: str
    max_difference: float | None = None
    pictures: int = 0
    note: str = ""
    program: str = ""
