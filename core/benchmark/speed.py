"""How fast one network is: training and inference, against the register tile's peak and against PyTorch."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from core.benchmark.job import make_job
from core.benchmark.layer_speeds import LayerSpeed, measure_layers
from core.benchmark.rivals import PLAIN_VARIANTS, Rivals, need_torch, start_rivals
from core.benchmark.rounds import PREDICT, TRAIN, Effort, Rounds, Spread, Step, measure
from core.benchmark.side import Side, our_side, torch_side
from core.benchmark.torch_twin import check_twin
from core.engine.planned import planned_bytes
from core.errors import NetworkError, TrainingError
from core.graph.cost import Cost, cost
from core.graph.network import Network
from core.graph.shapes import running
from core.layers.base import Array
from core.train.memory import check_memory

# How far the two sides' first losses may be apart, as a share of the loss.
AGREEMENT = 1e-3
_MEMORY_STEPS = 3

# Told what is being done, and how many rounds of how many are finished.
Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Wanted:
    """What to measure. `against` adds PyTorch, with `compiled` through torch.compile as well; `layers` a table."""

    threads: int
    batch: int = 64
    seed: int = 0
    effort: Effort = field(default_factory=Effort)
    against: bool = False
    compiled: bool = True
    layers: bool = False
    precise: bool = False


@dataclass(frozen=True)
class Speed:
    """Training or inference. `torch` holds pictures/second by variant; `ratio` is ours over the fastest of each round.

    `share` is the share of the register tile's peak on all threads that the multiply-adds of the definitions reach;
    kernels that save multiply-adds can pass 1.
    """

    pictures_per_second: Spread
    operations_per_second: Spread
    share: Spread
    torch: dict[str, Spread]
    ratio: Spread | None
    rounds: int
    discarded: int
    quiet: bool
    load_known: bool


@dataclass(frozen=True)
class Result:
    """All about one network.

    Bytes are the peak of resident memory while training, above what the process held after its imports and a step of
    the smallest network. None stands for what was not asked for or cannot be known here; `skipped` says by variant why
    PyTorch is not there.
    """

    network: str
    title: str
    batch: int
    threads: int
    parameters: int
    macs: int
    peak_one_thread: float
    peak_all_threads: float
    training: Speed
    inference: Speed
    memory_bytes: int | None
    torch_memory_bytes: int | None
    first_losses: tuple[float, float] | None
    skipped: dict[str, str]
    layers: tuple[LayerSpeed, ...] | None
    between_layers: Spread | None


def measure_network(name: str, network: Network, weights: dict[str, Array], wanted: Wanted, report: Report) -> Result:
    """Measure a network that runs.

    NetworkError where it has nothing to learn or PyTorch no counterpart, TrainingError where the sides disagree,
    MemoryRefused where it does not fit, SystemLibraryError where PyTorch is asked for and missing.
    """
    costs = check(network, wanted)
    job = make_job(network, wanted.batch, wanted.seed, weights)
    with ExitStack() as stack:
        path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guibuilder-benchmark-"))) / "job.npz"
        job.save(path)
        report("Preparing", 0, 0)
        ours = stack.enter_context(our_side())
        choices = ours.open(path, wanted.threads, precise=wanted.precise)["choices"]
        rivals = Rivals()
        if wanted.against:
            rivals = start_rivals(stack, path, wanted.threads, compiled=wanted.compiled)
        losses = _compared(ours, rivals)
        training = measure([ours, *rivals.sides.values()], TRAIN, wanted.effort, peak=True,
                           progress=partial(report, "Training"))
        inference = measure([ours, *rivals.sides.values()], PREDICT, wanted.effort, peak=True,
                            progress=partial(report, "Inference"))
        layers = measure_layers(ours, network, (wanted.batch, wanted.effort), choices,
                                partial(report, "Layers")) if wanted.layers else None
        memory = _memory(path, wanted, report)
    steps = [*training.found, *inference.found]
    return Result(name, network.name, wanted.batch, wanted.threads, costs.parameters, costs.macs,
                  Spread.of([step.peak.one for step in steps if step.peak]).median,
                  Spread.of([step.peak.all for step in steps if step.peak]).median,
                  _speed(training, ours, rivals, wanted.batch, costs.macs + costs.macs_backward),
                  _speed(inference, ours, rivals, wanted.batch, costs.macs),
                  *memory, losses, rivals.skipped, *((layers.layers, layers.between) if layers else (None, None)))


def check(network: Network, wanted: Wanted) -> Cost:
    """What the network costs; an error in one sentence where it cannot be measured as wanted."""
    costs = cost(running(network))
    if not costs.trainable:
        raise NetworkError("The network has nothing to learn, so its training cannot be measured. Add or unfreeze a "
                           "layer with weights.")
    if wanted.against:
        need_torch()
        check_twin(network)
    check_memory(lambda batch: planned_bytes(network, batch, wanted.threads, "momentum"), wanted.batch)
    return costs


def _compared(ours: Side, rivals: Rivals) -> tuple[float, float] | None:
    """The first losses of both sides, which begin with the same weights; TrainingError where they differ."""
    if not rivals.sides:
        return None
    own = float(ours.ask("loss")["loss"])
    theirs = [float(rivals.sides[variant].ask("loss")["loss"]) for variant in PLAIN_VARIANTS]
    for loss in theirs:
        if not abs(own - loss) <= AGREEMENT * abs(loss):
            raise TrainingError(f"This program and PyTorch disagree about the first loss ({own:.6g} and {loss:.6g}), "
                                "so their speeds cannot be compared. Please report this network.")
    return own, theirs[0]


def _speed(rounds: Rounds[Step], ours: Side, rivals: Rivals, batch: int, macs: int) -> Speed:
    own = [step.seconds[ours.name] for step in rounds.found]
    best = [min((step.seconds[side.name] for side in rivals.sides.values()), default=0.0) for step in rounds.found]
    operations = 2 * macs * batch
    return Speed(
        Spread.of([batch / each for each in own]), Spread.of([operations / each for each in own]),
        Spread.of([operations / each / step.peak.all for each, step in zip(own, rounds.found, strict=True)
                   if step.peak]),
        {variant: Spread.of([batch / step.seconds[side.name] for step in rounds.found])
         for variant, side in rivals.sides.items()},
        Spread.of([theirs / each for theirs, each in zip(best, own, strict=True)]) if rivals.sides else None,
        len(rounds.found), rounds.discarded, rounds.quiet, rounds.load_known)


def _memory(path: Path, wanted: Wanted, report: Report) -> tuple[int | None, int | None]:
    """Peak bytes of training in a process of its own, ours and the least of PyTorch's, allocators as they come."""
    report("Memory", 0, 0)
    ours = _peak_memory(our_side(keep_memory=False), path, wanted.threads)
    theirs = [_peak_memory(torch_side(variant, keep_memory=False), path, wanted.threads)
              for variant in (PLAIN_VARIANTS if wanted.against else ())]
    return ours, min((each for each in theirs if each is not None), default=None)


def _peak_memory(side: Side, path: Path, threads: int) -> int | None:
    with side:
        side.open(path, threads)
        side.ask(TRAIN, steps=_MEMORY_STEPS)
        found: int | None = side.ask("memory")["bytes"]
        return found
