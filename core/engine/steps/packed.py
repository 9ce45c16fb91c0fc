"""Answers of a layer with many weights: the product of all pictures with a copy of the weights in panels."""

import numpy as np

from core.engine.arena import padded
from core.engine.pool import Work
from core.engine.steps.base import Build
from core.engine.tensor import Floats, Tensor
from core.kernels import dense, packing
from core.kernels.processor import LANES, TILE

_MOST = 1 << 22  # weights that are copied at most: 16 MiB
_PIECES = 2  # for each thread


def suits(build: Build, inputs: int, units: int) -> bool:
    """Whether a copy pays: each of its numbers is used for several pictures, and few lanes are idle."""
    crowded = padded(units, LANES) * 7 <= units * 8
    return build.batch >= TILE.rows and units >= dense.WIDTH and crowded and inputs * padded(units, LANES) <= _MOST


class Packed:
    """A matrix of weights [units, inputs] with its bias once more: panels that memory gives one after the other.

    There is no copy before the first answer; then it is made anew when the weights have changed.
    """

    def __init__(self, build: Build, inputs: int, units: int) -> None:
        self._build, self._inputs, self._units = build, inputs, units
        self._stale, self._made = True, False
        pictures = np.arange(build.batch, dtype=np.int64)
        self._rows = np.stack([pictures * inputs, pictures * units])

    def ready(self, weight: Floats, bias: Floats) -> None:
        """Where weights and bias are to be found."""
        self._weight, self._bias = weight, bias

    def refresh(self) -> None:
        """The weights have changed."""
        self._stale = True

    def prepare(self) -> None:
        """Copy the weights if they are others than at the last answer."""
        if not self._made:
            arena, self._made = self._build.arena, True
            self._package = arena.floats(self._inputs * padded(self._units, LANES))
            self._starts = arena.floats(self._units + dense.WIDTH)
        if self._stale:
            packing.pack_turned_panels(self._weight, 0, self._package, self._inputs, self._units)
            self._starts[:self._units] = self._bias[:self._units]
            self._stale = False

    def works(self, source: Tensor, made: Floats, floor: np.float32) -> list[Work]:
        """max(x Wᵀ + b, floor): some panels for some of the pictures each; how they are cut changes no bit."""
        pieces = _PIECES * self._build.threads
        step = padded(-(-self._units // pieces), dense.WIDTH)
        columns = [(first, min(first + step, self._units)) for first in range(0, self._units, step)]
        shares = -(-pieces // len(columns))

        def piece(edges: tuple[int, int], share: int) -> Work:
            sizes = np.array([self._inputs, self._units, *edges, 0, 0])

            def work(thread: int) -> None:
                count = self._build.run.count
                pictures = padded(-(-count // shares), TILE.rows)
                sizes[4], sizes[5] = min(share * pictures, count), min((share + 1) * pictures, count)
                dense.multiply_packed(source.values, self._package, self._starts, made, self._rows, floor, sizes)

            return work

        return [piece(edges, share) for edges in columns for share in range(shares)]
