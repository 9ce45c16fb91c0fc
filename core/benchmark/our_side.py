"""The side of a measurement that runs this program's engine, in a process of its own."""

from pathlib import Path
from time import perf_counter
from typing import Any

from core.benchmark.job import LEARNING_RATE, MOMENTUM, Job
from core.benchmark.memory import MemoryMeter
from core.benchmark.serving import serve
from core.engine.engine import Engine
from core.train.optimizers import Momentum


class OurSide:
    """Answers with the engine."""

    def __init__(self) -> None:
        self._meter = MemoryMeter()
        self._engine: Engine | None = None

    def open(self, path: str, threads: int) -> dict[str, Any]:
        """Build the engine of a job."""
        if self._engine is not None:
            self._engine.close()
        self._job = job = Job.load(Path(path))
        self._engine = Engine(job.network, job.weights, len(job.x), threads=threads)
        self._optimizer = Momentum(momentum=MOMENTUM)
        return {"choices": self._engine.choices()}

    def loss(self) -> dict[str, Any]:
        """The loss of the batch, without noise."""
        return {"loss": self._open.find_gradients(self._job.x, self._job.target, noise=False)}

    def train(self, steps: int) -> dict[str, Any]:
        """Training steps as the training makes them."""
        engine, job = self._open, self._job
        before = perf_counter()
        for _ in range(steps):
            engine.train_step(job.x, job.target, LEARNING_RATE, self._optimizer)
        return {"seconds": perf_counter() - before}

    def predict(self, steps: int) -> dict[str, Any]:
        """Answers of the main output."""
        engine, x = self._open, self._job.x
        before = perf_counter()
        for _ in range(steps):
            engine.predict(x)
        return {"seconds": perf_counter() - before}

    def memory(self) -> dict[str, Any]:
        """The peak so far."""
        return {"bytes": self._meter.rise()}

    @property
    def _open(self) -> Engine:
        assert self._engine is not None
        return self._engine


if __name__ == "__main__":
    serve(OurSide())
