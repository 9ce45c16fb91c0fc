"""The side of a measurement that runs PyTorch, in a process of its own: the only place here that needs it."""

import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from core.benchmark.job import LEARNING_RATE, MOMENTUM, Job
from core.benchmark.memory import MemoryMeter
from core.benchmark.serving import serve
from core.benchmark.torch_twin import Twin, make_twin

# Ways to run PyTorch: as it comes, with channels innermost in memory, and compiled.
DEFAULT, CHANNELS_LAST, COMPILED = "default", "channels_last", "compiled"
VARIANTS = (DEFAULT, CHANNELS_LAST, COMPILED)


class TorchSide:
    """Answers with PyTorch; what it loads at its first step counts as an import."""

    def __init__(self, variant: str) -> None:
        self._variant = variant
        _first_step()
        self._meter = MemoryMeter()

    def open(self, path: str, threads: int) -> dict[str, Any]:
        """Build the twin of a job's network, with the same weights."""
        torch.set_num_threads(threads)
        self._twin: Twin | None = None
        job = Job.load(Path(path))
        layout = torch.contiguous_format if self._variant == DEFAULT else torch.channels_last
        twin = make_twin(job.network, job.weights)
        self._x = torch.from_numpy(job.x)
        if self._x.ndim == 4:
            self._x = self._x.contiguous(memory_format=layout)
            twin.learns.to(memory_format=layout)
        self._target = torch.from_numpy(job.target)
        learned = [each for each in twin.learns.parameters() if each.requires_grad]
        self._optimizer = torch.optim.SGD(learned, LEARNING_RATE, momentum=MOMENTUM) if learned else None
        self._twin = twin.compiled() if self._variant == COMPILED else twin
        return {}

    def loss(self) -> dict[str, Any]:
        """The loss of the batch, without noise."""
        self._open.learns.train()
        silenced = [module for module in self._open.learns.modules()
                    if isinstance(module, torch.nn.Dropout | torch.nn.RReLU)]
        for module in silenced:
            module.eval()
        with torch.no_grad():
            return {"loss": float(self._open.loss(self._x, self._target))}

    def train(self, steps: int) -> dict[str, Any]:
        """Training steps as PyTorch's tutorials write them."""
        twin, optimizer, x, target = self._open, self._optimizer, self._x, self._target
        assert optimizer is not None
        twin.learns.train()
        before = perf_counter()
        for _ in range(steps):
            optimizer.zero_grad()
            twin.loss(x, target).backward()
            optimizer.step()
        return {"seconds": perf_counter() - before}

    def predict(self, steps: int) -> dict[str, Any]:
        """Answers of the main output, before Softmax."""
        twin, x = self._open, self._x
        twin.learns.eval()
        twin.answers.eval()
        before = perf_counter()
        with torch.inference_mode():
            for _ in range(steps):
                twin.answers(x)
        return {"seconds": perf_counter() - before}

    def memory(self) -> dict[str, Any]:
        """The peak so far."""
        return {"bytes": self._meter.rise()}

    @property
    def _open(self) -> Twin:
        assert self._twin is not None
        return self._twin


def _first_step() -> None:
    """A step of the smallest network, since PyTorch imports much of itself only then."""
    layer = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(layer.parameters(), LEARNING_RATE, momentum=MOMENTUM)
    layer(torch.zeros(1, 1)).sum().backward()
    optimizer.step()


if __name__ == "__main__":
    serve(TorchSide(sys.argv[1]))
