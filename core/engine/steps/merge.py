"""Layers that bring branches together."""

from itertools import accumulate

from core.engine.flow import Task
from core.engine.steps.base import NO_FLOOR, ZERO_FLOOR, Build, Step, hand_back
from core.engine.tensor import Tensor
from core.kernels import elementwise, maps


class Sum(Step):
    """Add, with the ReLU behind it."""

    def __init__(self, task: Task, sources: list[Tensor], output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, sources)
        self._sources, self._relu = sources, task.relu
        self._targets = [source.claim(build.arena) if build.learns else None for source in sources]

    def forward(self, first: int, end: int, thread: int) -> None:
        """The sum, in the order of the inputs."""
        made, size = self.output.values, self.output.size
        floor = ZERO_FLOOR if self._relu and len(self._sources) == 2 else NO_FLOOR
        elementwise.sum_two(self._sources[0].values, self._sources[1].values, made, floor, first, end, size)
        for source in self._sources[2:]:
            elementwise.add_rows(source.values, made, first, end, size)
        if self._relu and len(self._sources) > 2:
            elementwise.floor_rows(made, first, end, size)

    def backward(self, first: int, end: int, thread: int) -> None:
        """Every input gets the whole gradient."""
        given = self.output.gradient
        if given is None:
            return
        if self._relu:
            elementwise.gate_rows(given, self.output.values, first, end, self.output.size)
        for target in self._targets:
            hand_back(given, target, (first, end), self.output.size)


class Join(Step):
    """Concatenate: the channels of the inputs behind each other in each pixel."""

    def __init__(self, task: Task, sources: list[Tensor], output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, sources)
        self._sources = sources
        self._targets = [source.claim(build.arena) if build.learns else None for source in sources]
        self._starts = list(accumulate((source.channels for source in sources), initial=0))[:-1]
        self._out = [build.settings(0, source.pixels, source.channels, 0, source.size, source.channels,
                                    0, output.size, output.channels) for source in sources]
        self._back = [build.settings(0, source.pixels, source.channels, 0, output.size, output.channels,
                                     0, source.size, source.channels) for source in sources]

    def forward(self, first: int, end: int, thread: int) -> None:
        """Copy each input into its channels."""
        for source, settings, start in zip(self._sources, self._out, self._starts, strict=True):
            sizes = settings[thread]
            sizes[0], sizes[3], sizes[6] = end - first, first * source.size, first * self.output.size + start
            maps.copy_maps(source.values, self.output.values, sizes)

    def backward(self, first: int, end: int, thread: int) -> None:
        """Copy each part of the gradient back."""
        assert self.output.gradient is not None
        for number, target in enumerate(self._targets):
            if target is not None:
                sizes, size = self._back[number][thread], self._sources[number].size
                sizes[0], sizes[6] = end - first, first * size
                sizes[3] = first * self.output.size + self._starts[number]
                maps.copy_maps(self.output.gradient, target, sizes)
