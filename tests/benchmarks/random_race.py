"""Races random networks against PyTorch: python -m tests.benchmarks.random_race [NUMBER …] [--rounds 7] [--seed 0].

Each side is a process of its own, with two threads and an allocator that keeps its memory; the sides take turns as in
`guibuilder benchmark`, after a pause, since threads of PyTorch wait for work at full speed for a while and would take a
core from whoever comes next. Disturbed rounds are dropped. The ratio is our pictures per second over
those of the faster of PyTorch's default and channels_last. Training counts; how answers compare is told as well.
Another seed gives other networks. With --keep FILE a race can be run in pieces.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from core.benchmark.job import make_job
from core.benchmark.rounds import PREDICT, TRAIN, Effort, measure
from core.benchmark.side import SideFailed, first_losses, our_side, torch_side
from tests.benchmarks.random_networks import draw

THREADS, COUNT = 2, 60
LAYOUTS = ("default", "channels_last")
ROUND_SECONDS = 0.12


@dataclass(frozen=True)
class Result:
    """One network's race: milliseconds per training step, and how far the losses of the first batch are apart.

    `ratio` is that of training, `answers` that of answers.
    """

    number: int
    ratio: float
    answers: float
    ours: float
    theirs: float
    apart: float
    text: str

    def __str__(self) -> str:
        times = f"{self.ours:8.2f} ms {self.theirs:8.2f} ms"
        return f"{self.ratio:5.2f} ({self.answers:5.2f}) {times} {self.number:3d}: {self.text}"


class Race:
    """The processes of all sides; the networks are those of a seed."""

    def __init__(self, seed: int = 0, layouts: tuple[str, ...] = LAYOUTS) -> None:
        self._seed = seed
        self._stack = ExitStack()
        sides = (our_side(), *(torch_side(layout) for layout in layouts))
        self._sides = [self._stack.enter_context(side) for side in sides]

    def close(self) -> None:
        """End the processes."""
        self._stack.close()

    def run(self, number: int, rounds: int) -> Result:
        """Clean rounds of one network, the sides taking turns."""
        drawn = draw(number, COUNT, self._seed)
        with tempfile.TemporaryDirectory() as folder:
            losses = first_losses(make_job(drawn.network, drawn.batch), Path(folder) / "job.npz", self._sides, THREADS)
        effort = Effort(rounds, ROUND_SECONDS)
        found, answers = ([[step.seconds[side.name] for side in self._sides] for step in
                           measure(self._sides, way, effort).found] for way in (TRAIN, PREDICT))
        ours, *theirs = (1e3 * statistics.median(times) for times in zip(*found, strict=True))
        apart = max(abs(loss - losses[0]) / abs(losses[0]) for loss in losses[1:])
        return Result(number, _ratio(found), _ratio(answers), ours, min(theirs), apart, drawn.text())


class Runner:
    """Races one after the other; where PyTorch crashes with `channels_last`, that network is raced without it."""

    def __init__(self, seed: int) -> None:
        self._seed, self._race = seed, Race(seed)

    def run(self, number: int, rounds: int) -> Result:
        """The race of one network."""
        try:
            return self._race.run(number, rounds)
        except SideFailed as error:
            print(f"{number}: {error.message} Without channels_last:", flush=True)
            self.close()
            with closing(Race(self._seed, LAYOUTS[:1])) as race:
                found = race.run(number, rounds)
            self._race = Race(self._seed)
            return found

    def close(self) -> None:
        """End the processes."""
        self._race.close()


def _ratio(rounds: list[list[float]]) -> float:
    """How often as fast as the faster PyTorch we are."""
    return statistics.median(min(each[1:]) / each[0] for each in rounds)


def geometric_mean(ratios: Iterable[float]) -> float:
    """Of the ratios."""
    return float(np.exp(np.mean(np.log(list(ratios)))))


def table(results: list[Result]) -> str:
    """The geometric means, and the ten worst in training."""
    worst = sorted(results, key=lambda result: result.ratio)[:10]
    means = [geometric_mean(getattr(each, way) for each in results) for way in ("ratio", "answers")]
    slowest = min(each.answers for each in results)
    first = (f"{len(results)} networks, geometric mean {means[0]:.2f}; of answers {means[1]:.2f}, the worst of them "
             f"{slowest:.2f}")
    return "\n".join([first, *map(str, worst)])


def main() -> None:
    """Race and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("numbers", nargs="*", type=int)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--seconds", type=float, default=1e9)
    options = parser.parse_args()
    start, runner = time.perf_counter(), Runner(options.seed)
    kept = json.loads(options.keep.read_text()) if options.keep and options.keep.exists() else {}
    for number in options.numbers or range(COUNT):
        if str(number) not in kept and time.perf_counter() - start < options.seconds:
            result = runner.run(number, options.rounds)
            kept[str(number)] = asdict(result)
            print(result, flush=True)
            if options.keep:
                options.keep.write_text(json.dumps(kept))
    runner.close()
    print(table([Result(**each) for each in kept.values()]))


if __name__ == "__main__":
    main()
