"""The side of a measurement that runs this program's engine, in a process of its own."""

from pathlib import Path
from time import perf_counter
from typing import Any

from core.benchmark.job import LEARNING_RATE, MOMENTUM, Job, make_job
from core.benchmark.memory import MemoryMeter
from core.benchmark.networks import smallest
from core.benchmark.peak import TilePeak
from core.benchmark.serving import serve
from core.engine.engine import Engine
from core.engine.tape import BEFORE
from core.train.optimizers import Momentum


class OurSide:
    """Answers with the engine; what Numba loads at the first kernel counts as an import."""

    def __init__(self) -> None:
        _first_step()
        self._meter = MemoryMeter()
        self._engine: Engine | None = None
        self._peak: TilePeak | None = None

    def open(self, path: str, threads: int, precise: bool = False) -> dict[str, Any]:
        """Build the engine of a job."""
        self._give_up()
        job = Job.load(Path(path))
        self._x, self._target = job.x, job.target
        self._engine = Engine(job.network, job.weights, len(job.x), threads=threads, precise=precise)
        self._optimizer = Momentum(momentum=MOMENTUM)
        return {"choices": self._engine.choices()}

    def loss(self) -> dict[str, Any]:
        """The loss of the batch, without noise."""
        return {"loss": self._open.find_gradients(self._x, self._target, noise=False)}

    def train(self, steps: int) -> dict[str, Any]:
        """Training steps as the training makes them."""
        engine = self._open
        before = perf_counter()
        for _ in range(steps):
            engine.train_step(self._x, self._target, LEARNING_RATE, self._optimizer)
        return {"seconds": perf_counter() - before}

    def predict(self, steps: int) -> dict[str, Any]:
        """Answers of the main output."""
        engine, x = self._open, self._x
        before = perf_counter()
        for _ in range(steps):
            engine.predict(x)
        return {"seconds": perf_counter() - before}

    def peak(self, seconds: float) -> dict[str, Any]:
        """Operations per second of the register tile on one thread and on all."""
        if self._peak is None:
            self._peak = TilePeak(self._open.threads)
        return {"one": self._peak.measure(1, seconds), "all": self._peak.measure(self._open.threads, seconds)}

    def layers(self, passes: int) -> dict[str, Any]:
        """Of each pass of a training step the seconds forward and backward by layer, and those between the layers.

        `together` names layers that count with another one, and that one.
        """
        times = self._open.time_layers(self._x, self._target, passes)
        return {"layers": {name: [each.forward, each.backward] for name, each in times.steps.items()},
                "between": times.between, "together": times.together}

    def memory(self) -> dict[str, Any]:
        """The peak so far."""
        return {"bytes": self._meter.rise()}

    def _give_up(self) -> None:
        for each in (self._engine, self._peak):
            if each is not None:
                each.close()
        self._engine = self._peak = None

    @property
    def _open(self) -> Engine:
        assert self._engine is not None
        return self._engine


def _first_step() -> None:
    """Steps of the smallest network until they are on tape, since much is imported and loaded only then."""
    job = make_job(smallest(), 1)
    engine = Engine(job.network, job.weights, 1, threads=1)
    for _ in range(BEFORE + 1):
        engine.train_step(job.x, job.target, LEARNING_RATE, Momentum(momentum=MOMENTUM))
    engine.close()


if __name__ == "__main__":
    serve(OurSide())
