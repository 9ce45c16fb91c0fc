"""5×5 convolution at stride 1 of whole batches: pictures lie side by side in the lanes, in blocks of 2×2 outputs.

Chunks are whole vectors of pictures. A group's winners and working memory lie as the kernels want them; what comes in
and goes out lies as everywhere.
"""

import numpy as np

from core.engine.arena import padded
from core.engine.flow import Task
from core.engine.pool import Work
from core.engine.steps.base import Build, Floats
from core.engine.steps.convolution import Convolution
from core.engine.steps.geometry import Geometry
from core.engine.steps.sums import ChunkSums
from core.engine.tensor import Tensor
from core.kernels import abreast, abreast_gradients, abreast_packing, packing
from core.kernels.abreast import CHANNELS, FILTERS, SIDE
from core.kernels.processor import LANES
from core.layers.conv2d import Conv2D

_POSITIONS = SIDE * SIDE


class AbreastConvolution(Convolution):
    """Conv2D 5×5 at stride 1, for batches of at least a vector of pictures."""

    bare_maps = False
    own_winners = True
    exact = True

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        assert isinstance(task.layer, Conv2D)
        shape = Geometry.of(task.layer, task.input_shapes[0])
        super().__init__(task, source, output, build, shape.unframed(), 1)
        self._blocks, self._backs = -(-shape.filters // FILTERS), -(-shape.channels // CHANNELS)
        # Blocks may reach beyond the last row and column of outputs, unless only pooled ones are made.
        height, width = ((count if self.pool else count + 1) // 2 for count in shape.out)
        self._rows, self._line = max(shape.frame[0], 2 * height + 4), max(shape.frame[1], 2 * width + 4)
        self._matrix = shape.channels * shape.filters
        self._slot_step = padded(_POSITIONS * self._matrix, LANES)
        self._sizes = np.array([shape.channels, *shape.size, *shape.corner, self._line, self._blocks, shape.filters,
                                *shape.out, int(self.pool), source.size, output.size, int(self.relu), self._backs,
                                build.chunk, self._slot_step, self._bias_step, int(not self.frozen),
                                int(self.target is not None)])
        self._plan_forward(width)
        self._plan_backward(width)

    def _plan_forward(self, width: int) -> None:
        """Memory; `width` blocks lie in a row."""
        build, channels = self.build, self.shape.channels
        self._filters = build.arena.floats(_POSITIONS * channels * self._blocks * FILTERS)
        self._biases = build.arena.floats(self._blocks * FILTERS)
        self._room = build.arena.floats(_POSITIONS * LANES)
        self._pictures = build.per_thread(self._rows * self._line * channels * LANES)
        groups = padded(build.batch, LANES) if self.pool else 0
        self._corners = build.arena.array(groups * self.output.size, np.int8)
        self._names = {
            "abreast columns": SIDE * self._line * channels, "abreast positions": width * _POSITIONS * channels,
            "abreast rows": SIDE * FILTERS * 2, "abreast outputs": self.output.size + LANES}

    def _plan_backward(self, width: int) -> None:
        build, shape, sends = self.build, self.shape, self.target is not None
        self._filters_back = build.arena.floats(_POSITIONS * shape.filters * self._backs * CHANNELS if sends else 0)
        if build.learns:
            self.sums = ChunkSums(build, self._slot_step, False, takes_turns=False)
        self._total = build.arena.floats(self._slot_step if build.learns else 0)
        self._back_names = {
            "abreast gradients": self.output.size + LANES, "abreast slopes": width * SIDE * 2 * shape.filters,
            "abreast products": SIDE * SIDE * self._backs * CHANNELS if sends else 0,
            "abreast sums": self._slot_step, "abreast biases": self._bias_step,
            "abreast frame": self._rows * self._line * shape.channels if sends else 0} if build.learns else {}
        for name, vectors in (self._names | self._back_names).items():
            build.scratch.reserve(name, vectors * LANES)

    def ready(self) -> None:
        """Find the parameters, and the working memory."""
        super().ready()
        threads, array = range(self.build.threads), self.build.scratch.array
        columns, positions, rows, outputs = ([array(name, thread) for thread in threads] for name in self._names)
        self._rooms = list(zip(self._pictures, columns, positions, rows, outputs, strict=True))
        back = [tuple(array(name, thread) for name in self._back_names) for thread in threads]
        self._back_rooms = [(room[0], room[1], room[2], room[4], *others)
                            for room, others in zip(self._rooms, back, strict=True)]

    def pack(self, weights: Floats, start: int) -> None:
        """Filters as positions, for both ways."""
        size = abreast.KERNEL * abreast.KERNEL * self._matrix
        if weights is not self.build.parameters.weights:
            # Vectors read behind the end.
            weights, start = np.append(weights[start:start + size], np.zeros(LANES, np.float32)), 0
        abreast_packing.pack_positions(weights, start, self._filters, self._filters_back, self._room,
                                       self.shape.channels, self.shape.filters)
        self._biases[:self.shape.filters] = self.bias[:self.shape.filters]

    def pack_back(self) -> None:
        """Nothing is left to do."""

    def forward(self, first: int, end: int, thread: int) -> None:
        """Convolve, and where it belongs to the step cut at zero and pool."""
        abreast.convolve_abreast(self.source.values, self._filters, self._biases, self.made.values, self._corners,
                                 self._rooms[thread], self.floor, self._sizes, first, end)

    def backward(self, first: int, end: int, thread: int) -> None:
        """The gradient through pool and ReLU, then to the filters' chunks and to the input."""
        given = self.output.gradient
        if given is None or (self.frozen and self.target is None):
            return
        target = given if self.target is None else self.target
        abreast_gradients.add_gradients_abreast(
            (self.source.values, self.output.values, given, target), self._corners, self._filters_back,
            (self.sums.found, self._bias_slots), self._back_rooms[thread], self._sizes, first, end)

    def gathering(self) -> list[Work]:
        """Add up the slots, then from positions to weights."""
        return [self._gather]

    def _gather(self, thread: int) -> None:
        build, shape = self.build, self.shape
        packing.sum_slots(self.sums.found, build.used_slots(), self._slot_step, self._total, 0,
                          _POSITIONS * self._matrix)
        abreast_packing.weights_from_blocks(self._total, build.parameters.gradients, self.weight.start, shape.channels,
                                            shape.filters)
