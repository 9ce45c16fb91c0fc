"""A worker that speaks the real messages but makes its figures up; what it does follows from a project's notes.

Words there: "slow" (30 steps a second), "diverge", "refuse", "exit" (leaves with code 7 in epoch 2), "deaf" (hangs).
"""

import math
import os
import time
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from core.graph.initial import initial_weights
from core.graph.shapes import infer
from core.project import Project
from core.train.events import BatchDone, EpochDone, Event, Failed, Finished, Preparing, Started
from core.worker import messages as m
from core.worker.post import receive

BATCHES = 20
CLASSES = tuple("0123456789")


def serve(connection: Connection) -> None:
    """Answer until the pipe closes or Quit comes."""
    connection.send(m.Ready(os.getpid(), 2))
    worker = _Worker(connection)
    try:
        while not worker.left:
            if connection.poll(0.002 if worker.training else 0.2):
                worker.take(receive(connection))
            if worker.training is not None:
                worker.step()
    except (EOFError, OSError):
        pass


class _Training:
    def __init__(self, request: m.Train) -> None:
        self.request, self.project = request, request.project
        self.epoch, self.batch = 1, 0
        self.paused, self.until = request.paused, ""
        self.rate = self.project.options.learning_rate


class _Worker:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.training: _Training | None = None
        self.watch: m.Watch | None = None
        self.left = False

    def take(self, message: Any) -> None:
        """One request."""
        handler = getattr(self, f"_{type(message).__name__.lower()}")
        handler(message)

    def step(self) -> None:
        """One batch of the training, unless the brake is on."""
        run = self.training
        assert run is not None
        if run.paused:
            return
        if "slow" in run.project.notes:
            time.sleep(1 / 30)
        run.batch += 1
        at = run.epoch - 1 + run.batch / BATCHES
        if "diverge" in run.project.notes and at > 0.5 and run.rate > 0.0005:
            self._end(Failed("C1 went beyond all bounds in batch 11: the learning rate is too large.", "C1", 1, 11,
                             _weights(run.project)))
            return
        self._tell(BatchDone(run.epoch, run.batch, _loss(at), min(1.0, 1 - math.exp(-2 * at)), 62_000.0))
        run.paused = run.paused or run.until == "batch"
        if run.batch == BATCHES:
            self._epoch(run)
        if self.watch is not None and self.watch.layer:
            self._see(self.watch, training=True)

    def _epoch(self, run: _Training) -> None:
        if "exit" in run.project.notes and run.epoch == 2:
            os._exit(7)
        at = float(run.epoch)
        self._tell(EpochDone(run.epoch, _loss(at - 0.5), 1 - math.exp(-at), _loss(at) * 0.9, 1 - math.exp(-at - 0.3),
                             0.5))
        run.paused = run.paused or run.until == "epoch"
        run.epoch, run.batch = run.epoch + 1, 0
        if run.epoch > run.project.options.epochs:
            self._finish("done")

    def _finish(self, reason: str) -> None:
        run = self.training
        assert run is not None
        self._end(Finished(reason, _weights(run.project, 0.5), run.epoch - 1, 62_000.0, 0.07, 0.979))

    def _end(self, event: Event) -> None:
        self._tell(event)
        self.training = None

    def _tell(self, event: Event) -> None:
        assert self.training is not None
        self.connection.send(m.Trained(self.training.request.number, event))

    def _train(self, request: m.Train) -> None:
        if "refuse" in request.project.notes:
            self.connection.send(m.Refused(request.number, "There is no data set of that name; choose another one."))
            return
        if "deaf" in request.project.notes:
            time.sleep(60)
        self.training = _Training(request)
        for done in range(3):
            self._tell(Preparing("Compiling the fast kernels, first time only", done, 3))
        epochs = request.project.options.epochs
        self._tell(Started(epochs, BATCHES, 1280, 157, 360, CLASSES))

    def _control(self, request: m.Control) -> None:
        run = self.training
        if run is None:
            return
        if request.action == "stop":
            self._finish("stopped")
        elif request.action == "rate":
            run.rate = request.value
        else:
            run.paused = request.action == "pause"
            run.until = request.action if request.action in ("batch", "epoch") else ""

    def _watch(self, request: m.Watch) -> None:
        self.watch = request
        if request.layer and self.training is None:
            self._see(request, training=False)

    def _see(self, request: m.Watch, training: bool) -> None:
        project = request.project or (self.training.project if self.training else Project())
        network, inference = project.network, infer(project.network)
        if request.layer not in network.names:
            self.connection.send(m.Refused(request.number, f"There is no {request.layer} in the network that trains."))
            return
        key = network.names[request.layer]
        shape, rng = inference.shapes[key], np.random.default_rng(request.index)
        maps = rng.random(shape, np.float32)
        filters = _weights(project).get(f"{request.layer}.weight")
        picture = rng.random((1, 28, 28), np.float32) if request.picture is None else request.picture
        self.connection.send(m.Seen(request.number, request.layer, maps, filters if filters is not None
                                    and filters.ndim == 4 else None, picture,
                                    tuple((name, 0.7 / 2**place) for place, name in enumerate(CLASSES)),
                                    CLASSES[request.index % 10] if request.picture is None else None, shape[0],
                                    training))

    def _warm(self, request: m.Warm) -> None:
        self.connection.send(m.Progress(request.number, "Compiling", 1, 2))
        self.connection.send(m.Done(request.number))

    def _measure(self, request: m.Measure) -> None:
        confusion = np.eye(10, dtype=np.int64) * 30 + np.arange(100).reshape(10, 10) % 3
        pictures = np.random.default_rng(0).random((12, 1, 28, 28), np.float32)
        mistakes = tuple((place, CLASSES[place % 3], CLASSES[place % 3 + 1], 0.9) for place in range(12))
        self.connection.send(m.Done(request.number, m.Measured(0.07, 0.979, confusion, CLASSES, mistakes, pictures)))

    def _measuresizes(self, request: m.MeasureSizes) -> None:
        names = [node.name for node in request.project.network.nodes.values()]
        now = tuple(m.Size(name, "Dense", 0.5, 0.01 / 10**place) for place, name in enumerate(names))
        self.connection.send(m.Done(request.number, m.Sizes(now, (), 64, False)))

    def _lookatdata(self, request: m.LookAtData) -> None:
        if request.source.startswith("/missing"):
            self.connection.send(m.Refused(request.number, f"There is nothing at {request.source}; choose another."))
            return
        samples = np.random.default_rng(0).random((24, 1, 28, 28), np.float32)
        labels = tuple(CLASSES[place % 10] for place in range(24))
        seen = m.DataSeen(request.source, "Handwritten digits", (1, 28, 28), CLASSES, 1437, 360, samples, labels)
        self.connection.send(m.Done(request.number, seen))

    def _lookataugmented(self, request: m.LookAtAugmented) -> None:
        originals = np.random.default_rng(0).random((request.rows, 1, 28, 28), np.float32)
        epochs = np.stack([np.roll(originals, epoch, axis=-1) for epoch in range(1, request.epochs + 1)])
        self.connection.send(m.Done(request.number, m.Augmented(originals, epochs, CLASSES[:request.rows])))

    def _quit(self, request: m.Quit) -> None:
        self.left = True


def _loss(at: float) -> float:
    return 2.3 * math.exp(-1.2 * at) + 0.05


def _weights(project: Project, shift: float = 0.0) -> dict[str, np.ndarray]:
    return {name: array + np.float32(shift) for name, array in
            initial_weights(infer(project.network), project.options.seed).items()}
