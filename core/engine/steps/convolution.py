"""What all fast convolutions share: padding, the ReLU and the 2×2 max pool in the same step, the gradient of the bias.

Padded pictures are copied into frames of zeros; a few pictures are worked on at a time, so that what lies between the
convolution and the pool stays in the second-level cache.
"""

from collections.abc import Iterator

import numpy as np

from core.engine.arena import padded
from core.engine.flow import Task
from core.engine.parameters import Parameter
from core.engine.pool import Work
from core.engine.steps.base import NO_FLOOR, ZERO_FLOOR, Build, Floats, Step, slot_range
from core.engine.steps.batch_norm import Normalise
from core.engine.steps.geometry import Geometry
from core.engine.steps.sums import ChunkSums
from core.engine.tensor import Tensor
from core.kernels import maps, packing
from core.kernels.processor import LANES
from core.layers.conv2d import Conv2D

CACHE_FLOATS = 96 * 1024
CLIPPED = 4
_WINNER_SLACK = 64

# An array and where the first of some pictures begins in it.
Place = tuple[Floats, int]


class Convolution(Step):
    """Conv2D without dilation or groups. How it multiplies is a subclass's business."""

    # Whether there is one package of filters for both ways.
    one_package = False
    # Whether what the bare convolution makes exists somewhere before ReLU and pool are done.
    bare_maps = True
    # Whether `add_inputs` adds to what is there, which then must be zero before.
    adds_inputs = True
    # Whether a subclass remembers in its own way which corner of a window won.
    own_winners = False
    # Whether the gradient that it gets, or that it sends back, is already behind the gate of the ReLU there.
    gets_gated = sends_gated = False

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build, shape: Geometry, group: int) -> None:
        super().__init__(task.name, output, [source])
        layer = task.layer
        assert isinstance(layer, Conv2D)
        self.build, self.source, self.shape, self.frozen = build, source, shape, layer.frozen
        self.sums: ChunkSums  # of the weight gradients; a subclass makes them where the layer learns
        self.relu, self.pool, self._biased = task.relu, task.pool, layer.bias
        order = ((layer.filters, shape.channels, *layer.kernel), (2, 3, 1, 0))
        build.parameters.declare(f"{task.name}.weight", order[0], True, order)
        if layer.bias:
            build.parameters.declare(f"{task.name}.bias", (layer.filters,), True)
        self.map_numbers = shape.pixels * shape.filters
        self.group = max(1, min(build.batch, group))
        self._frames = build.per_thread(self.group * shape.frame_numbers) if shape.padded else []
        if self.bare_maps and (task.pool or task.relu):
            build.scratch.reserve("maps", self.group * self.map_numbers)
        self.target = source.claim(build.arena) if build.learns else None
        if self.target is not None and shape.padded:
            build.scratch.reserve("frame", self.group * shape.frame_numbers)
        # What is made, and how far down it may go, in the present mode.
        self.made, self.floor = output, ZERO_FLOOR if task.relu else NO_FLOOR
        self.behind: Normalise | None = None
        self._folded = self._faces_back = False
        self._plan_maps()

    def _plan_maps(self) -> None:
        shape, build = self.shape, self.build
        row = shape.size[1] * shape.channels
        self.bias = build.arena.floats(shape.length)
        self._bias_packing = np.array([1, 1, 1, shape.filters, shape.group, 1, shape.length])
        picture, frame = (0, shape.inputs, row), (shape.inside, shape.frame_numbers, shape.line)
        self._pad = build.settings(0, shape.size[0], row, *picture, *frame)
        self._crop = build.settings(0, shape.size[0], row, *frame, *picture)
        step = self._winner_step = self.output.size + _WINNER_SLACK
        self._winners = build.arena.array(build.batch * step if self.pool and not self.own_winners else 0, np.int8)
        self._pooling = build.settings(0, *shape.out, shape.filters, 0, 0, 0, step, CLIPPED if self.relu else 0)
        bias_step = self._bias_step = padded(shape.filters, LANES)
        self._bias_slots = build.arena.floats(build.slots * bias_step if build.learns else 0)
        self._unpooling = build.settings(0, *shape.out, shape.filters, 0, 0, 0, step, 0, build.chunk, bias_step)
        self._gating = build.settings(0, shape.pixels, shape.filters, 0, 0, 0, build.chunk, bias_step)
        self._summing = build.settings(0, shape.pixels, shape.filters, 0, 0, build.chunk, bias_step)

    def ready(self) -> None:
        """Find the parameters in the flat array."""
        table = self.build.parameters.table
        self.weight = table[f"{self.name}.weight"]
        self._bias_parameter: Parameter | None = table[f"{self.name}.bias"] if self._biased else None
        if self.build.learns:
            self.sums.ready(self.weight)

    def refresh(self) -> None:
        """Pack bias and filters."""
        for work in self.refreshing():
            work(0)

    def refreshing(self) -> list[Work]:
        """Filters for the way forward and for the way back."""
        both = self.target is not None and not self.one_package
        return [self._refresh_forward, *([lambda thread: self.pack_back()] if both else [])]

    def _refresh_forward(self, thread: int) -> None:
        if self._bias_parameter is not None:
            packing.pack_bias(self.build.parameters.weights, self._bias_parameter.start, self.bias, self._bias_packing)
        elif self._folded:
            self.bias[:] = 0
        self.made, self.floor = self.output, ZERO_FLOOR if self.relu else NO_FLOOR
        self._folded = self._faces_back = False
        self.pack(self.build.parameters.weights, self.weight.start)

    def turn_works(self) -> list[Work]:
        """Where there is room for one package only, the way back has its own packed now."""
        return [self._turn] if self.one_package and self.target is not None else []

    def _turn(self, thread: int) -> None:
        self.pack_back()

    def prepare(self, training: bool) -> None:
        """In use, the filters do the work of the normalisation behind them; they are packed where the mode changes."""
        if self.build.learns:
            self.sums.begin()
        if self._faces_back:
            self.refresh()
        self._faces_back = training and bool(self.turn_works())
        if self.behind is not None and training == self._folded:
            if training:
                self.refresh()
            else:
                self._fold(self.behind)

    def _fold(self, behind: Normalise) -> None:
        """Filters times the factor of each channel; the bias becomes the shift."""
        weights, bias, filters = self.build.parameters.weights, self._bias_parameter, self.shape.filters
        factor, shift = behind.in_use()
        if bias is not None:
            shift += factor * weights[bias.start:bias.end]
        packing.pack_bias(shift.astype(np.float32), 0, self.bias, self._bias_packing)
        kept = weights[self.weight.start:self.weight.end].reshape(-1, filters)
        self.pack((kept * factor).astype(np.float32).reshape(-1), 0)
        self.made, self.floor, self._folded = behind.output, behind.folded_floor, True

    # what subclasses do -----------------------------------------------------------------------------------------

    def pack(self, weights: Floats, start: int) -> None:
        """Bring the filters into the form the products want."""
        raise NotImplementedError

    def pack_back(self) -> None:
        """Bring the filters into the form that the way back wants."""
        raise NotImplementedError

    def convolve(self, frame: Place, target: Place, count: int, floor: np.float32, thread: int) -> None:
        """Convolve some pictures in frames, add the bias and cut at the floor."""
        raise NotImplementedError

    def add_weights(self, frame: Place, gradient: Place, pictures: tuple[int, int], thread: int) -> None:
        """Add what some pictures, (first, how many), give to the weight gradients of their chunks."""
        raise NotImplementedError

    def add_inputs(self, gradient: Place, frame: Place, count: int, thread: int) -> None:
        """Add the input's gradient of some pictures to frames, or write it there."""
        raise NotImplementedError

    def gathering(self) -> list[Work]:
        """Works that add up the chunks' weight gradients."""
        raise NotImplementedError

    def groups(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """The pictures of a range some at a time: (first, how many)."""
        for start in range(first, end, self.group):
            yield start, min(self.group, end - start)

    # forward ----------------------------------------------------------------------------------------------------

    def forward(self, first: int, end: int, thread: int) -> None:
        """Convolve, and where it belongs to the step cut at zero and pool."""
        floor = NO_FLOOR if self.pool else self.floor
        for start, count in self.groups(first, end):
            target: Place = (self.made.values, start * self.map_numbers)
            if self.pool:
                target = (self.build.scratch.array("maps", thread), 0)
            self.convolve(self._framed(start, count, thread), target, count, floor, thread)
            if self.pool:
                self._pool_maps(target[0], start, count, thread)

    def _framed(self, start: int, count: int, thread: int) -> Place:
        """The pictures with their padding."""
        if not self.shape.padded:
            return self.source.values, start * self.source.size
        sizes = self._pad[thread]
        sizes[0], sizes[3] = count, start * self.source.size
        maps.copy_maps(self.source.values, self._frames[thread], sizes)
        return self._frames[thread], 0

    def _pool_maps(self, made: Floats, start: int, count: int, thread: int) -> None:
        sizes = self._pooling[thread]
        sizes[0], sizes[5], sizes[6] = count, start * self.output.size, start * self._winner_step
        maps.pool_by_two(made, self.output.values, self._winners, ZERO_FLOOR if self.relu else NO_FLOOR, sizes)

    # backward ---------------------------------------------------------------------------------------------------

    def backward(self, first: int, end: int, thread: int) -> None:
        """The gradient through pool and ReLU, then to the filters' chunks and to the input."""
        if self.frozen and self.target is None:
            return
        for stretch in self.sums.stretches(first, end):
            self._back(*stretch, thread)
            if not self.frozen:
                self.sums.add(stretch[0], thread)

    def _back(self, first: int, end: int, thread: int) -> None:
        """The same for pictures that add to the same sums."""
        low, high = slot_range(first, end, self.build.chunk)
        maps.clear(self._bias_slots, low * self._bias_step, high * self._bias_step)
        if self.target is not None and self.adds_inputs and not self.shape.padded:
            maps.clear(self.target, first * self.source.size, end * self.source.size)
        for start, count in self.groups(first, end):
            gradient = self._through(start, count, thread)
            if not self.frozen:
                self.add_weights(self._framed(start, count, thread), gradient, (start, count), thread)
            if self.target is not None:
                self._send_back(self.target, gradient, (start, count), thread)

    def _through(self, start: int, count: int, thread: int) -> Place:
        """The gradient of the bare convolution's output; the bias's chunks get their part."""
        given, at = self.output.gradient, start * self.map_numbers
        assert given is not None
        if self.pool:
            made, sizes = self.build.scratch.array("maps", thread), self._unpooling[thread]
            sizes[0], sizes[4], sizes[6], sizes[8] = count, start * self.output.size, start * self._winner_step, start
            maps.unpool_by_two(given, self._winners, made, self._bias_slots, sizes)
            return made, 0
        if self.relu:
            made, sizes = self.build.scratch.array("maps", thread), self._gating[thread]
            sizes[0], sizes[3], sizes[5] = count, at, start
            maps.gate_maps(given, self.output.values, made, self._bias_slots, ZERO_FLOOR, sizes)
            return made, 0
        if self._biased and not self.frozen:
            sizes = self._summing[thread]
            sizes[0], sizes[3], sizes[4] = count, at, start
            maps.sum_maps(given, self._bias_slots, sizes)
        return given, at

    def _send_back(self, target: Floats, gradient: Place, pictures: tuple[int, int], thread: int) -> None:
        """The input's gradient, through frames where the picture was padded."""
        start, count = pictures
        if not self.shape.padded:
            self.add_inputs(gradient, (target, start * self.source.size), count, thread)
            return
        frame = self.build.scratch.array("frame", thread)
        maps.clear(frame, 0, count * self.shape.frame_numbers)
        self.add_inputs(gradient, (frame, 0), count, thread)
        crop = self._crop[thread]
        crop[0], crop[6] = count, start * self.source.size
        if self.sends_gated:
            maps.copy_gated(frame, self.source.values, target, crop)
        else:
            maps.copy_maps(frame, target, crop)

    def gradient_works(self) -> list[Work]:
        """Add up the chunks."""
        return [] if self.frozen else [*self.gathering(), self._gather_bias]

    def _gather_bias(self, thread: int) -> None:
        bias, used, gradients = self._bias_parameter, self.build.used_slots(), self.build.parameters.gradients
        if bias is not None:
            packing.sum_slots(self._bias_slots, used, self._bias_step, gradients, bias.start, bias.size)
