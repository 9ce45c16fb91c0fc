"""What flows between steps: the numbers of one layer's output for a batch, and their gradient."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.engine.arena import Arena
from core.kernels.elementwise import copy_rows
from core.kernels.jit import COMPILED
from core.kernels.pixels import turn_pictures
from core.kernels.sampling import return_pixels
from core.layers.base import Array, Shape

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Sample:
    """What a reader of some pixels sends back: their gradient, `size` numbers a picture; `seen` is where they lie."""

    gradient: Floats
    size: int
    seen: NDArray[np.int64]


@dataclass
class Tensor:
    """A layer's output. `shape` is the layer's own, without batch: (channels, height, width) or (units,).

    `values` is flat; each picture's maps lie as height × width × channels. `spread` is the shape of the maps a flat
    vector came from, where they were left in that order. `gradient` is None where nothing upstream learns; a second
    consumer writes into an array of `others`, which a step adds up; `room` gives them. Where an output is `shared`,
    consumers of some pixels leave `samples`, which are added up as well. `planes`: the input lies as it came, channel
    by channel.
    """

    shape: Shape
    batch: int
    values: Floats
    spread: Shape | None = None
    gradient: Floats | None = None
    others: list[Floats] = field(default_factory=list)
    room: Callable[[int], Floats] | None = None
    shared: bool = False
    samples: list[Sample] = field(default_factory=list)
    planes: bool = False
    _claims: int = 0

    @cached_property
    def size(self) -> int:
        """Numbers per picture."""
        return math.prod(self.shape)

    @property
    def channels(self) -> int:
        """Channels of maps, units of a vector."""
        return self.shape[0]

    @property
    def pixels(self) -> int:
        """Pixels of a map, 1 for a vector."""
        return self.size // self.shape[0]

    def claim(self, arena: Arena) -> Floats | None:
        """Where one consumer writes its gradient to this tensor."""
        if self.gradient is None:
            return None
        self._claims += 1
        if self._claims == 1:
            return self.gradient
        self.others.append(self.spare(self.batch * self.size, arena))
        return self.others[-1]

    def spare(self, numbers: int, arena: Arena) -> Floats:
        """Room for what a consumer sends back, which is needed until the way back has come to this tensor."""
        return self.room(numbers) if self.room else arena.floats(numbers)

    def add_samples(self, first: int, end: int) -> None:
        """Add to the gradient of some pictures what readers of some pixels sent back, who may be the only ones."""
        if self.gradient is None:
            return
        for number, sample in enumerate(self.samples):
            adds = bool(self._claims or number)
            return_pixels(sample.gradient, self.gradient, sample.seen, first, end, adds)

    def rows(self, count: int) -> Floats:
        """The values of the first pictures as [pictures, numbers], in the engine's order."""
        return self.values[:count * self.size].reshape(count, self.size)

    def read(self, count: int) -> Array:
        """The values of the first pictures as the layers know them: N×C×H×W or N×K; a copy."""
        return self.outside(self.values, count)

    def outside(self, flat: Floats, count: int) -> Array:
        """An array in the engine's order as the layers know it; a copy."""
        if self.planes:
            return flat[:count * self.size].reshape(count, *self.shape).copy()
        if len(self.shape) == 3:
            return np.array(self._maps(flat, self.shape, count).transpose(0, 3, 1, 2), order="C")
        if self.spread is not None:
            maps = self._maps(flat, self.spread, count).transpose(0, 3, 1, 2)
            return np.array(maps, order="C").reshape(count, -1)
        return flat[:count * self.size].reshape(count, self.size).copy()

    def put(self, flat: Floats, numbers: Array) -> None:
        """Write N×C×H×W or N×K numbers into an array in the engine's order."""
        count = len(numbers)
        if self.channels == 1 or (self.pixels == 1 and self.spread is None):
            # Both orders are the same.
            flat[:count * self.size] = numbers.reshape(-1)
        elif len(self.shape) == 3:
            self._maps(flat, self.shape, count)[...] = numbers.transpose(0, 2, 3, 1)
        elif self.spread is not None:
            maps = numbers.reshape(count, *self.spread)
            self._maps(flat, self.spread, count)[...] = maps.transpose(0, 2, 3, 1)
        else:
            flat[:count * self.size].reshape(count, self.size)[...] = numbers

    def bring(self, given: Floats, first: int, end: int) -> None:
        """Write some pictures of a batch, flat and picture after picture in channel, row, column, into `values`."""
        channels, size = self.shape[0], self.size
        if channels in (1, size):
            copy_rows(given, self.values, first, end, size)
        elif COMPILED:
            turn_pictures(given, self.values, channels, size // channels, first, end)
        else:
            maps = given[first * size:end * size].reshape(-1, channels, size // channels)
            self.values[first * size:end * size] = maps.transpose(0, 2, 1).reshape(-1)

    @staticmethod
    def _maps(flat: Floats, shape: Shape, count: int) -> Array:
        channels, height, width = shape
        return flat[:count * channels * height * width].reshape(count, height, width, channels)
