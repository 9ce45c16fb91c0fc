"""Memory for gradients, used again and again on the way back: a few arrays stay in the cache where many would not."""

from dataclasses import dataclass

from core.engine.arena import Arena
from core.engine.tensor import Floats


@dataclass
class _Lot:
    """An array and the last task, by its place in the flow, whose way back needs it."""

    array: Floats
    until: int


class GradientRoom:
    """Hands out arrays for the time between two tasks of the flow, both included.

    An array serves gradients of one size only. Threads work on different pictures at different tasks, and a picture's
    numbers then always lie at the same place.
    """

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._lots: dict[int, list[_Lot]] = {}

    def take(self, count: int, first: int, last: int) -> Floats:
        """An array that nobody else needs from the first task to the last, counted in the order of the flow."""
        lots = self._lots.setdefault(count, [])
        for lot in lots:
            if lot.until < first:
                lot.until = last
                return lot.array
        lots.append(_Lot(self._arena.floats(count), last))
        return lots[-1].array

    def keep(self, array: Floats, last: int) -> None:
        """A later task needs an array as well, since it was lent on."""
        for lots in self._lots.values():
            for lot in lots:
                if lot.array is array:
                    lot.until = max(lot.until, last)
