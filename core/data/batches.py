"""Mini-batches: float32 pictures and their labels in an order given, prepared in buffers that are used again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np

from core.data.dataset import Array, to_float
from core.data.normalisation import Normalisation
from core.data.streams import SHUFFLE, stream

# Below this a second thread costs more than it saves.
PREFETCH_FROM_BYTES = 2_000_000


def epoch_order(indices: Array, seed: int, epoch: int) -> Array:
    """The order of one epoch: a permutation of `indices` that depends on seed and epoch only (so resuming is free)."""
    order: Array = stream(seed, SHUFFLE, epoch).permutation(indices)
    return order


class Changes(Protocol):
    """What is done to each picture anew in every epoch (`core.data.augmenter`)."""

    def apply(self, pictures: Array, places: Array, epoch: int) -> Array: ...


class Batches:
    """Hands out the pictures of one part of a data set in mini-batches.

    `x` are stored pictures (uint8 or float32, N first), `y` their labels; a batch is float32 x × scale, normalised.
    `changes` come before that, on pixels from 0 to 1. Large batches are prepared one ahead in a thread.
    """

    def __init__(self, x: Array, y: Array, scale: float, batch: int,
                 normalisation: Normalisation | None = None, changes: Changes | None = None) -> None:
        self._x, self._y, self._scale = x, y, scale
        self._normalisation = normalisation or Normalisation()
        self._batch, self._changes = batch, changes
        pixels = int(np.prod(x.shape[1:]))
        self._ahead = batch * pixels * 4 >= PREFETCH_FROM_BYTES
        self._buffers = [np.empty((batch, *x.shape[1:]), np.float32) for _ in range(1 + self._ahead)]

    @property
    def size(self) -> int:
        """How many pictures a batch has; the last may have fewer."""
        return self._batch

    def count(self, pictures: int) -> int:
        """How many batches `pictures` make."""
        return -(-pictures // self._batch)

    def run(self, order: Array, epoch: int | None = None) -> Iterator[tuple[Array, Array]]:
        """The batches of the pictures at `order`: (float32 pictures, int64 labels).

        Where there are changes they are those of the epoch, which must then be given.

        The pictures lie in a buffer that the next batch overwrites: copy what must last.
        """
        pieces = [order[start:start + self._batch] for start in range(0, len(order), self._batch)]
        if not self._ahead:
            for piece in pieces:
                yield self._prepare(piece, self._buffers[0], epoch)
            return
        with ThreadPoolExecutor(1, "batches") as pool:
            waiting = [pool.submit(self._prepare, piece, self._buffers[0], epoch) for piece in pieces[:1]]
            for number, piece in enumerate(pieces[1:], 1):
                waiting.append(pool.submit(self._prepare, piece, self._buffers[number % 2], epoch))
                yield waiting.pop(0).result()
            for last in waiting:
                yield last.result()

    def _prepare(self, piece: Array, buffer: Array, epoch: int | None) -> tuple[Array, Array]:
        pictures = to_float(self._x[piece], self._scale, buffer[:len(piece)])
        if self._changes is not None:
            if epoch is None:
                raise ValueError("pictures that change with every epoch need to know which it is")
            self._changes.apply(pictures, piece, epoch)
        return self._normalisation.apply(pictures), self._y[piece]
