"""A batch that is too large for one pass: the gradients of its pieces are added up before the one update."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.engine.parameters import Parameters
from core.layers.base import Array

# Random numbers hang on the step's number; each piece of a step has a number of its own, far from those of other steps.
STEPS_APART = 1 << 40


class Pieces:
    """The sums over the pieces seen so far, in double precision and in the order of the pieces.

    So the gradient does not depend on where the batch was cut, but for the last digits of single precision.
    """

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._sums: NDArray[np.float64] = np.zeros(parameters.count)
        self._before: dict[str, Array] = {}
        self.number, self.pictures, self.loss, self.correct = 0, 0, 0.0, 0

    def begin(self) -> None:
        """Forget what was gathered; the running statistics are remembered as they are now."""
        self._sums[:] = 0
        self.number, self.pictures, self.loss, self.correct = 0, 0, 0.0, 0
        parameters = self._parameters
        self._before = {name: each.read(parameters.weights) for name, each in parameters.table.items()
                        if not each.trained}

    def add(self, pictures: int, loss: float, correct: int) -> None:
        """Take the gradients that lie in the parameters: of the mean loss over so many pictures."""
        self._sums += np.multiply(self._parameters.gradients, pictures, dtype=np.float64)
        self.number += 1
        self.pictures += pictures
        self.loss += loss * pictures
        self.correct += correct

    def settle(self) -> None:
        """Put the gradient of the mean loss over all pictures where an update looks for it."""
        self._parameters.gradients[:] = self._sums / max(1, self.pictures)

    def undo(self) -> None:
        """Put back the running statistics that the pieces have moved."""
        self._parameters.write(self._before)


def and_undo(parameters: Parameters, work: Callable[[], None]) -> None:
    """Do something that moves the running statistics, and put them back."""
    before = {name: each.read(parameters.weights) for name, each in parameters.table.items() if not each.trained}
    work()
    parameters.write(before)
