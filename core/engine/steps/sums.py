"""The weight gradients of a convolution, which every chunk of a batch adds to, always in the same order."""

from collections.abc import Iterator

from core.engine.parameters import Parameter
from core.engine.pool import Work
from core.engine.steps.base import Build, Floats, sums_of_slots
from core.engine.turns import Turn
from core.kernels import packing

# From so many numbers on a chunk adds its own as soon as they are made: keeping them all would take too much memory.
_MANY = 32_768
_FEWEST_SLOTS = 3


class ChunkSums:
    """Room for `numbers` of each chunk: a slot for each, or where they are many one for each thread and the sum.

    A step writes a chunk's numbers at `chunk · step` of `array`, tells `add`, and finds the sums of `used` slots in
    `found`. Where the numbers lie as the parameter does, the sum is made in its gradient.
    """

    def __init__(self, build: Build, numbers: int, alike: bool, takes_turns: bool = True) -> None:
        self._build, self._numbers, self._alike = build, numbers, alike
        many = takes_turns and numbers >= _MANY and build.slots >= _FEWEST_SLOTS
        self._turn = Turn(build.turns) if many else None
        self.step = numbers
        if self._turn is None:
            self.found = build.arena.floats(build.slots * numbers)
            return
        self.step = 0
        build.scratch.reserve("slot", numbers)
        if not alike:
            self.found = build.arena.floats(numbers)

    def ready(self, parameter: Parameter) -> None:
        """Find the parameter's gradient."""
        self._parameter = parameter
        if self._turn is not None and self._alike:
            self.found = self._build.parameters.gradients[parameter.start:parameter.end]

    def begin(self) -> None:
        """Before a batch."""
        if self._turn is not None:
            self._turn.begin()

    def array(self, thread: int) -> Floats:
        """Where chunks write."""
        return self.found if self._turn is None else self._build.scratch.array("slot", thread)

    def stretches(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """A range of pictures in pieces, after each of which `add` is to be told."""
        chunk = max(1, end - first) if self._turn is None else self._build.chunk
        for start in range(first, end, chunk):
            yield start, min(start + chunk, end)

    def add(self, first: int, thread: int) -> None:
        """The stretch that begins with a picture is done."""
        if self._turn is not None:
            chunk = first // self._build.chunk
            self._turn.wait(chunk)
            packing.add_slot(self.array(thread), self.found, self._numbers, chunk == 0)
            self._turn.pass_on(chunk)

    @property
    def used(self) -> int:
        """How many slots there are to be added up."""
        return self._build.used_slots() if self._turn is None else 1

    def works(self) -> list[Work]:
        """What is left to do at the end where the numbers lie as the parameter does."""
        return sums_of_slots(self._build, self.found, self._parameter) if self._turn is None else []
