"""What every step is: work on a range of pictures, forward and backward, and what has to wait for all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.engine.arena import Arena
from core.engine.parameters import Parameter, Parameters
from core.engine.pool import Work
from core.engine.tensor import Tensor
from core.engine.turns import Turns
from core.kernels import elementwise, packing

Floats = NDArray[np.float32]
Pictures = Callable[[int, int, int], None]
NO_FLOOR = np.float32(-np.inf)
ZERO_FLOOR = np.float32(0)
_PIECE = 8_192  # weights whose gradients one thread adds up at a time


@dataclass
class Run:
    """The batch being worked on: how many pictures, in which mode, and what the random numbers hang on."""

    count: int = 0
    training: bool = False
    noise: bool = True
    seed: int = 0
    step: int = 0


@dataclass(frozen=True)
class Part:
    """A piece of a pass: `pictures` runs for ranges of pictures on any thread; `once` needs them all and runs alone.

    `works` need them all as well, and run on any thread in any order. `steady` as in Step.
    """

    pictures: Pictures | None = None
    once: Callable[[], None] | None = None
    works: Sequence[Work] = ()
    steady: bool = False


class Scratch:
    """Working memory of each thread, shared by all steps, since a thread does one at a time."""

    def __init__(self, arena: Arena, threads: int) -> None:
        self._arena, self._threads = arena, threads
        self._sizes: dict[str, int] = {}
        self._arrays: dict[str, list[Floats]] = {}

    def reserve(self, name: str, count: int) -> None:
        """Ask for room while the plan is made."""
        self._sizes[name] = max(count, self._sizes.get(name, 0))

    def allocate(self) -> None:
        """Get the memory, once all steps have asked."""
        for name, count in self._sizes.items():
            self._arrays[name] = [self._arena.floats(count) for _ in range(self._threads)]

    def array(self, name: str, thread: int) -> Floats:
        """A thread's array of that name."""
        return self._arrays[name][thread]


@dataclass
class Build:
    """What steps are built from.

    Pictures are cut into chunks of `chunk`, whatever the number of threads: partial sums belong to chunks, so the
    results do not depend on who did what. `learns` keeps room for gradients; `abreast` is set where chunks are whole
    vectors of pictures, since a layer wants them side by side.
    """

    batch: int
    chunk: int
    threads: int
    learns: bool
    arena: Arena
    parameters: Parameters
    scratch: Scratch
    run: Run = field(default_factory=Run)
    abreast: bool = False
    turns: Turns = field(default_factory=Turns)

    @property
    def slots(self) -> int:
        """How many chunks a whole batch has."""
        return -(-self.batch // self.chunk)

    def used_slots(self) -> int:
        """How many chunks the present batch has."""
        return -(-self.run.count // self.chunk)

    def per_thread(self, count: int) -> list[Floats]:
        """An array for each thread that keeps its content between batches."""
        return [self.arena.floats(count) for _ in range(self.threads)]

    def settings(self, *numbers: int) -> list[NDArray[np.int64]]:
        """A settings array of a kernel for each thread, since some entries change from call to call."""
        return [np.array(numbers, np.int64) for _ in range(self.threads)]


class Step:
    """One layer, or a few that run together, at work: `sources` become `output`; `name` is the layer's.

    Backward may use up the output's gradient. `lends` is an array for a second gradient of the output, where the
    step turns it number by number into what it sends back. `exact` steps look up `values` of their sources at each
    call, and read nothing behind their end. `macs` are the forward multiply-adds of the layer for one picture.
    `steady` steps only call kernels, and for a batch of the same length in the same mode always the same with the
    same arrays: no NumPy on the way, no results that are looked at; `prepare`, `refresh` and `commit` may do what
    they like.
    """

    lends: Floats | None = None
    exact = False
    steady = True
    macs = 0

    def __init__(self, name: str, output: Tensor, sources: Sequence[Tensor]) -> None:
        self.name, self.output, self.sources = name, output, tuple(sources)

    def ready(self) -> None:
        """Called once when all memory is there."""

    def refresh(self) -> None:
        """Called when the weights have changed."""

    def refreshing(self) -> list[Work]:
        """The same as works in any order."""
        return [lambda thread: self.refresh()]

    def prepare(self, training: bool) -> None:
        """Called before a batch in that mode."""

    def forward(self, first: int, end: int, thread: int) -> None:
        """Make the output of these pictures."""
        raise NotImplementedError

    def backward(self, first: int, end: int, thread: int) -> None:
        """From the output's gradient of these pictures make those of the inputs, and the chunks' weight gradients."""
        raise NotImplementedError

    def turn_works(self) -> list[Work]:
        """What has to be done between forward and backward; `prepare` undoes it."""
        return []

    def forward_parts(self) -> list[Part]:
        """The forward pass in pieces."""
        return [Part(pictures=self.forward)]

    def use_parts(self) -> list[Part]:
        """The forward pass in inference mode, where that is less."""
        return self.forward_parts()

    def backward_parts(self) -> list[Part]:
        """The backward pass in pieces."""
        return [Part(pictures=self.backward)]

    def gradient_works(self) -> list[Work]:
        """What makes the weight gradients when all pictures are done; the same works whatever the threads."""
        return []

    def commit(self) -> None:
        """Keep what a finite training step measured, such as running means."""


def slot_range(first: int, end: int, chunk: int) -> tuple[int, int]:
    """The chunks that a range of pictures fills; ranges begin at chunks."""
    return first // chunk, -(-end // chunk)


def hand_back(gradient: Floats, target: Floats | None, pictures: tuple[int, int], length: int) -> None:
    """Copy a gradient that was worked on in place to its input, unless the input had lent the array."""
    if target is not None and target is not gradient:
        elementwise.copy_rows(gradient, target, *pictures, length)


def sums_of_slots(build: Build, slots: Floats, parameter: Parameter) -> list[Work]:
    """Works that add up the chunks' gradients of a parameter, which lie in the slots as the parameter does."""
    size, gradients = parameter.size, build.parameters.gradients

    def piece(first: int) -> Work:
        part, start, count = slots[first:], parameter.start + first, min(_PIECE, size - first)

        def work(thread: int) -> None:
            packing.sum_slots(part, build.used_slots(), size, gradients, start, count)

        return work

    return [piece(first) for first in range(0, size, _PIECE)]
