"""Sums to which threads add one after the other, always in the same order."""

import threading

import numpy as np

from core.kernels.calls import noting
from core.kernels.waiting import give_turn, wait_for_turn


class Turns:
    """The order in which chunks of a batch come to the sums of all steps.

    A thread that fails lets nobody wait for it: `give_up` makes those who wait fail as well. `wanted` tells that some
    step has such sums; chunks then go to threads one by one, in their order.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.wanted = self.given_up = False

    def begin(self) -> None:
        """Before a batch."""
        self.given_up = False

    def give_up(self) -> None:
        """A thread failed."""
        with self.changed:
            self.given_up = True
            self.changed.notify_all()


class Turn:
    """The chunks at the sums of one step.

    On a tape, where no thread fails, they wait awake for `_played`; it is no int64, which every call has for itself.
    """

    def __init__(self, turns: Turns) -> None:
        self._turns, self._next = turns, 0
        self._played = np.zeros(1, np.int32)
        turns.wanted = True

    def begin(self) -> None:
        """Before a batch."""
        self._next = 0
        self._played[0] = 0

    def wait(self, chunk: int) -> None:
        """Wait until all chunks before this one have passed; RuntimeError where one of them never will."""
        if noting():
            wait_for_turn(self._played, chunk)
            return
        if chunk in (0, self._next):
            return
        with self._turns.changed:
            while self._next != chunk:
                if self._turns.given_up:
                    raise RuntimeError("another thread failed before this one had its turn")
                self._turns.changed.wait()

    def pass_on(self, chunk: int) -> None:
        """A chunk is done; the next one may come."""
        if noting():
            give_turn(self._played, chunk + 1)
            return
        with self._turns.changed:
            self._next = chunk + 1
            self._turns.changed.notify_all()
