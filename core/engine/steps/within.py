"""Convolution of so few pictures that the threads share each of them: bands of rows forward, kinds of work backward.

A batch is otherwise cut by pictures only, so of one picture all but one thread would see nothing. What a number is does
not depend on how the work is cut here.
"""

from collections.abc import Callable
from functools import partial

from core.engine.arena import padded
from core.engine.flow import Task
from core.engine.pool import Work
from core.engine.steps.base import NO_FLOOR, ZERO_FLOOR, Build, Part
from core.engine.steps.convolution import Place
from core.engine.steps.direct import DirectConvolution
from core.engine.tensor import Tensor
from core.kernels import maps
from core.kernels.processor import LANES, TILE

# Multiply-adds for a picture that are worth waking threads up; and where each thread has pictures of its own as well.
_WORTH, _WORTH_ONE_MORE = 2_000_000, 20_000_000


def share_pictures(task: Task, build: Build) -> bool:
    """Whether the threads should share pictures, because the batch has too few for all of them."""
    if build.chunk != 1 or build.batch % build.threads == 0 or build.batch >= 4 * build.threads:
        return False
    worth = _WORTH if build.batch < 2 * build.threads else _WORTH_ONE_MORE
    return task.layer.macs(task.input_shapes, task.layer_shape) >= worth


class SharedConvolution(DirectConvolution):
    """Conv2D without dilation or groups, for a batch of one or a few pictures."""

    steady = False

    takes_turns = False

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task, source, output, build)
        passed = build.learns and (self.pool or self.relu)
        self._passed = build.arena.floats(build.batch * self.map_numbers if passed else 0)

    def forward_parts(self) -> list[Part]:
        """Bands of rows; for pooling they begin at even rows."""
        height = self.shape.out[0]
        band = padded(-(-height // self.build.threads), 2)
        if self.pool and self.shape.filters % LANES:
            # Which corner won is written in whole vectors, the last of which would reach into the next band.
            band = height
        bands = [(first, min(height, first + band)) for first in range(0, height, band)]
        return [Part(works=[self._present(picture, partial(self._make_band, picture, *each))
                            for picture in range(self.build.batch) for each in bands])]

    def backward_parts(self) -> list[Part]:
        """The gradients behind pool and ReLU; then those of the inputs, and of some weights at a time."""
        pictures = range(self.build.batch)
        first = [self._present(picture, partial(self._pass_back, picture)) for picture in pictures]
        works = [self._present(picture, partial(self._input_gradient, picture)) for picture in pictures
                 if self.target is not None]
        weights = self.weight_rows
        some = padded(-(-weights // self.build.threads), TILE.rows)
        works += [self._present(picture, partial(self._weight_gradient, picture, row, min(weights, row + some)))
                  for picture in pictures for row in range(0, weights, some) if not self.frozen]
        return [Part(works=first), Part(works=works)]

    def _present(self, picture: int, work: Callable[[int], None]) -> Work:
        """The work where the batch has that picture."""
        return lambda thread: work(thread) if picture < self.build.run.count else None

    def _make_band(self, picture: int, first: int, end: int, thread: int) -> None:
        """Rows `first` to `end` of what the bare convolution makes, cut at zero and pooled."""
        frame, shape = self._framed(picture, 1, thread), self.shape
        target: Place = (self.made.values, picture * self.map_numbers)
        if self.pool:
            target = (self.build.scratch.array("maps", thread), 0)
        self.convolve_rows(frame, target, (first, end), NO_FLOOR if self.pool else self.floor, thread)
        if self.pool:
            pooling, pooled = self._pooling[thread].copy(), first // 2 * (shape.out[1] // 2) * shape.filters
            pooling[0], pooling[1], pooling[4] = 1, end - first, first * shape.out[1] * shape.filters
            pooling[5], pooling[6] = picture * self.output.size + pooled, picture * self._winner_step + pooled
            maps.pool_by_two(target[0], self.output.values, self._winners, ZERO_FLOOR if self.relu else NO_FLOOR,
                             pooling)

    def _pass_back(self, picture: int, thread: int) -> None:
        """The gradient of the bare convolution's output, kept for the works that need it."""
        step = self._bias_step
        maps.clear(self._bias_slots, picture * step, (picture + 1) * step)
        made, at = self._through(picture, 1, thread)
        if self._passed.size:
            start = picture * self.map_numbers
            self._passed[start:start + self.map_numbers] = made[at:at + self.map_numbers]

    def _gradient_of(self, picture: int) -> Place:
        given = self._passed if self._passed.size else self.output.gradient
        assert given is not None
        return given, picture * self.map_numbers

    def _input_gradient(self, picture: int, thread: int) -> None:
        assert self.target is not None
        if not self.shape.padded:
            maps.clear(self.target, picture * self.source.size, (picture + 1) * self.source.size)
        self._send_back(self.target, self._gradient_of(picture), (picture, 1), thread)

    def _weight_gradient(self, picture: int, first: int, end: int, thread: int) -> None:
        """The gradients of some rows of weights."""
        frame, gradient = self._framed(picture, 1, thread), self._gradient_of(picture)
        self.add_some_weights(frame, gradient, picture, (first, end), thread)
