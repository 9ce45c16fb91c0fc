"""Everything before the first batch: data loaded and fitted, engine made and compiled, while the caller stays free."""

import contextlib
import math
import os
import queue
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from core.data.augmentation import remarks
from core.data.augmenter import augmenter_for
from core.data.batches import Batches
from core.data.dataset import Dataset, Split, split
from core.data.normalisation import Normalisation
from core.data.pictures import fit_dataset, fitted_shape
from core.engine.engine import Engine
from core.engine.planned import planned_bytes
from core.graph.cost import cost
from core.graph.shapes import Inference
from core.layers.base import Array
from core.train import job as checks
from core.train.events import Preparing
from core.train.job import Job
from core.train.memory import check_memory
from core.train.optimizers import make_optimizer
from core.train.options import TrainOptions
from core.train.progress import data_mark, read_progress

Result = TypeVar("Result")
Report = Callable[[Preparing], None]

# How often the caller gets a turn while something long goes on.
HEARTBEAT_SECONDS = 0.1
# Measuring goes in batches of this size where training goes in smaller ones and the network is not a large one.
LEAST_CAPACITY = 64


@dataclass
class Prepared:
    """What a training works with: the data fitted to the input, its parts as batches, and the engine, ready to run.

    `weights` are those it begins with; `mark` tells these pictures from others. `batch` pictures decide a step; where
    `train` hands out fewer at once, the gradients of several of its batches are added up.
    """

    dataset: Dataset
    parts: Split
    batch: int
    engine: Engine
    train: Batches
    measure: Batches
    test: Batches
    weights: dict[str, Array]
    normalisation: Normalisation
    notes: tuple[str, ...]
    mark: str = ""

    @property
    def in_pieces(self) -> bool:
        """Whether the pictures of a step are more than go through the network at once."""
        return self.batch > self.train.size

    @property
    def updates(self) -> int:
        """How many steps make an epoch."""
        return -(-len(self.parts.train) // self.batch)

    def current_weights(self) -> dict[str, Array]:
        """All weights as they are now; the engine leaves out those of bypassed layers."""
        return {**self.weights, **self.engine.weights()}


def prepare(job: Job) -> Generator[Preparing, None, Prepared]:
    """Check, load and compile, telling how far it is; CoreError where the training cannot be."""
    inference = checks.checked_network(job.project.network)
    weights = checks.start_weights(job, inference)
    if job.resume:
        read_progress(job.project.progress)
    dataset = job.dataset
    if dataset is None:
        dataset = yield from while_working("Loading the pictures", lambda report: _load(job, report))
    return (yield from while_working("Preparing the engine",
                                     lambda report: _make(job, inference, weights, dataset, report), _discard))


def while_working(text: str, work: Callable[[Report], Result],
                  discard: Callable[[Result], None] | None = None) -> Generator[Preparing, None, Result]:
    """Run `work` in a thread and give a Preparing every moment until it is done; then what it gives or raises.

    The thread is needed because compiling takes seconds in one piece: a stop, or the end of the window, must be seen.
    Whoever does not want to wait closes the generator; what comes later is handed to `discard`.
    """
    told: queue.SimpleQueue[Preparing | None] = queue.SimpleQueue()
    pool = ThreadPoolExecutor(1, "preparing")
    future = pool.submit(work, told.put)
    pool.shutdown(wait=False)
    future.add_done_callback(lambda done: told.put(None))  # nobody waits out the heartbeat when all is done
    latest = Preparing(text)
    try:
        yield latest
        while not future.done():
            with contextlib.suppress(queue.Empty):
                latest = told.get(timeout=HEARTBEAT_SECONDS) or latest
            yield latest
    except GeneratorExit:
        future.add_done_callback(lambda done: None if done.exception() or not discard else discard(done.result()))
        raise
    return future.result()


def _load(job: Job, report: Report) -> Dataset:
    def progress(name: str, done: int, total: int) -> None:
        report(Preparing(f"Fetching {name}", done, total))

    return job.load(job.project.data.source, seed=job.project.options.seed, progress=progress)


def _discard(prepared: Prepared) -> None:
    prepared.engine.close()


def _make(job: Job, inference: Inference, weights: dict[str, Array], dataset: Dataset, report: Report) -> Prepared:
    options = job.project.options
    checks.checked_outputs(inference, len(dataset.classes), trains=True)
    mark = data_mark(dataset)
    shape = fitted_shape(dataset.shape, checks.input_shape(inference))
    dataset = fit_dataset(dataset, checks.input_shape(inference))
    parts = split(dataset, options.validation, options.seed)
    batch = checks.batch_size(options, len(parts.train))
    piece = checks.piece_size(inference, batch) if options.mode == "batch" else batch
    least = checks.piece_size(inference, min(LEAST_CAPACITY, len(parts.train)))
    tight = check_memory(memory_needs(inference, options, job.threads, least), piece)
    capacity = max(piece, least)
    engine = Engine(job.project.network, weights, capacity, threads=job.threads, loss=options.loss, seed=options.seed,
                    precise=options.precise, later=True)
    engine.warm_up(lambda done, total, text: report(Preparing(text, done, total)), make_optimizer(options))
    engine.set_weights(weights)
    normal = checks.normalisation(job.project, dataset, anew=not job.resume)
    how = job.project.data.augmentation
    changes, said = augmenter_for(how, dataset, shape, options.seed), remarks(how, shape, dataset.name, dataset.classes)
    notes = said + checks.notes(job.project, dataset, piece if piece < batch else 0)
    return Prepared(dataset, parts, batch, engine,
                    Batches(dataset.train_x, dataset.train_y, dataset.scale, piece, normal, changes),
                    Batches(dataset.train_x, dataset.train_y, dataset.scale, capacity, normal),
                    Batches(dataset.test_x, dataset.test_y, dataset.scale, capacity, normal),
                    weights, normal, notes + ((tight,) if tight else ()), mark)


def memory_needs(inference: Inference, options: TrainOptions, threads: int | None, least: int) -> Callable[[int], int]:
    """Bytes that a training takes by its batch: the engine's, two batches of pictures, three copies of the weights.

    The engine is made for `least` pictures where the batch is smaller. Early stopping keeps a fourth copy.
    """
    shape, network = checks.input_shape(inference), inference.network
    copies = (3 + bool(options.patience)) * cost(inference).parameters * 4

    def needs(batch: int) -> int:
        batch = max(batch, least)
        engine = planned_bytes(network, batch, threads or os.cpu_count() or 1, options.optimizer, options.loss,
                               options.precise)
        return engine + copies + 2 * batch * math.prod(shape) * 4

    return needs
