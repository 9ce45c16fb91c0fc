"""Pools line by line: for maps of few channels, and for inputs that pools alone read, as they come."""

from collections.abc import Iterable

import numpy as np

from core.engine.flow import Task
from core.engine.steps.base import Build, Floats
from core.engine.tensor import Tensor
from core.kernels import line_pooling
from core.kernels.pixels import turn_pictures
from core.kernels.processor import LANES
from core.layers.base import Layer
from core.layers.other_pooling import GlobalMaxPool2D, L2Pool2D
from core.layers.pooling import AveragePool2D, GlobalAveragePool2D, MaxPool2D
from core.layers.window import Window

_BY_LINES: tuple[type[Layer], ...] = (MaxPool2D, AveragePool2D, L2Pool2D, GlobalAveragePool2D, GlobalMaxPool2D)
# Below, a pixel's channels leave most of a vector idle.
_FEW = LANES // 2
_ROOM = 8 * LANES  # sums of a whole map that go on side by side


def pool_sizes(task: Task) -> np.ndarray:
    """The pooling kernels' settings; the window of a global pool is the whole map."""
    shape, out = task.input_shapes[0], (*task.shape, 1, 1)[:3]
    window = task.layer.window() or Window((shape[1], shape[2]), (1, 1), (1, 1), "valid")
    top, left = window.padded(*shape[1:])[:2]
    numbers = [shape[1], shape[2], shape[0], out[1], out[2], *window.kernel, *window.stride, top, left]
    return np.array(numbers, np.int64)


def only_pools(readers: Iterable[Task]) -> bool:
    """Whether all these can read maps channel by channel, and do it fast."""
    return all(isinstance(task.layer, _BY_LINES) and _fast_by_planes(task) for task in readers)


def _fast_by_planes(task: Task) -> bool:
    """Many channels are brought into order and pooled side by side faster; but a whole map is read only once."""
    return task.layer.window() is None or task.input_shapes[0][0] < _FEW


class Lines:
    """The way forward of a pool. Where the source lies channel by channel each channel is a picture of its own."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        self._source, self._output, self._sizes = source, output, pool_sizes(task)
        self._maps = source.channels if source.planes else 1
        if source.planes:
            self._sizes[2] = 1
        _, width, channels, _, across, _, wide, _, right, _, left = self._sizes.tolist()
        numbers = max(left + width, (across - 1) * right + wide) * channels
        # Without a gradient nobody asks which pixel of a whole map was the largest.
        self._whole = source.planes and isinstance(task.layer, GlobalAveragePool2D | GlobalMaxPool2D)
        self._largest = isinstance(task.layer, GlobalMaxPool2D)
        self._line = build.per_thread(_ROOM if self._whole else numbers)
        self._rows = [build.arena.array(numbers + across * channels, np.int32) for _ in range(build.threads)]
        self._columns = np.repeat(np.arange(across) * right - left, channels).astype(np.int32)
        turns = self._maps > 1 and output.pixels > 1
        self._made = build.arena.floats(output.values.size) if turns else None

    @staticmethod
    def suit(task: Task, source: Tensor) -> bool:
        """Whether a pool is done faster line by line."""
        return isinstance(task.layer, _BY_LINES) and (source.planes or source.channels < _FEW)

    def largest(self, winners: np.ndarray, first: int, end: int, thread: int) -> None:
        """The largest of each window; winners lie as the maps do, and there are none of whole maps."""
        if self._whole:
            self._take_whole(first, end, thread)
            return
        made = self._output.values if self._made is None else self._made
        line_pooling.max_pool_lines(self._source.values, made, winners, self._line[thread], self._rows[thread],
                                    self._columns, self._sizes, first * self._maps, end * self._maps)
        self._turn(first, end)

    def total(self, shares: Floats, first: int, end: int, thread: int) -> None:
        """The sum of each window times its share; without shares the root of the sum of its squares."""
        if self._whole:
            self._take_whole(first, end, thread)
            return
        made = self._output.values if self._made is None else self._made
        line_pooling.sum_pool_lines(self._source.values, made, shares, self._line[thread], self._sizes,
                                    first * self._maps, end * self._maps)
        self._turn(first, end)

    def _take_whole(self, first: int, end: int, thread: int) -> None:
        line_pooling.whole_maps(self._source.values, self._output.values, self._line[thread], self._largest,
                                self._source.pixels, first * self._maps, end * self._maps)

    def _turn(self, first: int, end: int) -> None:
        """Bring the maps of these pictures in the engine's order."""
        if self._made is not None:
            turn_pictures(self._made, self._output.values, self._maps, self._output.pixels, first, end)
