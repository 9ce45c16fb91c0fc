"""What tests of panels need: a small document, and a worker that says what the test tells it to."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.graph.network import Edge, Network, Node
from core.layers import make_layer
from core.project import DataChoice, Project
from core.train.events import BatchDone, EpochDone, Finished, Started
from core.train.options import TrainOptions
from core.worker.messages import Seen, Warm

CLASSES = tuple("0123456789")


def chain(*layers: tuple[str, str, dict[str, Any]]) -> Network:
    """A network of layers one after the other: (type, name, settings) each."""
    nodes = [Node(f"n{place}", make_layer(kind, settings), name, (200.0 * place, 0.0))
             for place, (kind, name, settings) in enumerate(layers, start=1)]
    network = Network(name="Tiny").add(*nodes)
    for before, after in pairwise(nodes):
        network = network.connect(Edge(before.id, after.id))
    return network


def tiny(**options: Any) -> Project:
    """A network that trains in a moment: one convolution, one dense layer."""
    network = chain(("Input", "Input", {"shape": [1, 8, 8]}), ("Conv2D", "C1", {"filters": 4}), ("ReLU", "A1", {}),
                    ("Flatten", "Flatten", {}), ("Dense", "F1", {"units": 10}), ("Softmax", "Softmax", {}))
    return Project(network=network, data=DataChoice("digits"),
                   options=replace(TrainOptions(epochs=3, batch_size=32, learning_rate=0.01), **options))


class Scripted(QObject):
    """Has the face of the Worker, remembers what it is asked, and lets the test speak for the process."""

    ready = Signal(object)
    progress = Signal(int, str, int, int)
    trained = Signal(int, object)
    seen = Signal(object)
    told = Signal(object)
    answered = Signal(int, object)
    refused = Signal(int, str, str)
    died = Signal(str)
    drained = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Any] = []
        self.sent: list[Any] = []
        self.restarts = self.warming = 0
        self._callbacks: dict[int, tuple[Any, Any]] = {}

    def ask(self, request: Any, done: Any = None, failed: Any = None) -> int:
        """Remember a request under its number."""
        number = len(self.asked) + 1
        self.asked.append(replace(request, number=number))
        self._callbacks[number] = (done, failed)
        return number

    def send(self, message: Any) -> None:
        """Remember a message."""
        self.sent.append(message)

    def warm(self, network: Any = None) -> int:
        """Warm like the worker does."""
        self.warming = self.ask(Warm(0, network))
        return self.warming

    def forget(self, number: int) -> None:
        """Nobody waits any more."""
        self._callbacks.pop(number, None)

    def restart(self) -> None:
        """Count restarts."""
        self.restarts += 1
        self.die("The training process does not answer any more and was ended.")

    # the test speaks --------------------------------------------------------------------------------------------

    def tell(self, *events: Any) -> None:
        """Events of the training asked for last, and the end of a round."""
        for event in events:
            self.trained.emit(self.last("Train").number, event)
        self.drained.emit()

    def last(self, kind: str) -> Any:
        """The newest request of a kind."""
        return [request for request in self.asked if type(request).__name__ == kind][-1]

    def count(self, kind: str) -> int:
        """How many requests of a kind there were."""
        return sum(type(request).__name__ == kind for request in self.asked)

    def answer(self, request: Any, result: Any) -> None:
        """A request is done."""
        done = self._callbacks.pop(request.number, (None, None))[0]
        if done is not None:
            done(result)
        if isinstance(result, Seen):
            self.seen.emit(result)
        else:
            self.answered.emit(request.number, result)

    def refuse(self, request: Any, message: str, details: str = "") -> None:
        """A request is refused."""
        failed = self._callbacks.pop(request.number, (None, None))[1]
        if failed is not None:
            failed(message, details)
        self.refused.emit(request.number, message, details)

    def die(self, message: str) -> None:
        """The process is gone."""
        waiting, self._callbacks = self._callbacks, {}
        for _, failed in waiting.values():
            if failed is not None:
                failed(message, "")
        self.died.emit(message)


def started(epochs: int = 3, first: int = 1, batches: int = 10) -> Started:
    """The start of a training of 320 pictures."""
    return Started(epochs, batches, 320, 32, 100, CLASSES, first)


def batch(epoch: int, number: int, loss: float = 1.0) -> BatchDone:
    """One step."""
    return BatchDone(epoch, number, loss, 0.5, 1000.0)


def epoch(number: int, loss: float = 1.0) -> EpochDone:
    """One epoch."""
    return EpochDone(number, loss, 0.5, loss * 1.1, 0.45, 0.3)


def finished(reason: str = "done", last: int = 3, value: float = 1.0) -> Finished:
    """The end, with weights of one value."""
    weights = {"C1.weight": np.full((4, 1, 3, 3), value, np.float32), "C1.bias": np.zeros(4, np.float32)}
    return Finished(reason, weights, last, 1000.0, 0.2, 0.97, {}, {"epoch": last + 1})


def seen(request: Any, shape: tuple[int, ...] = (4, 6, 6), **more: Any) -> Seen:
    """An answer to a Watch."""
    rng = np.random.default_rng(0)
    prediction = tuple((name, 1 / 2**place) for place, name in enumerate(CLASSES, start=1))
    answer = Seen(request.number, request.layer, rng.random(shape, np.float32),
                  rng.standard_normal((4, 1, 3, 3)).astype(np.float32), rng.random((1, 8, 8), np.float32), prediction,
                  "0", shape[0])
    return replace(answer, **more)
