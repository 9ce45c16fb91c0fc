"""The weights of the best epoch, where early stopping is on: given back at the end in place of the last ones.

While a training goes on they lie beside the optimizer's arrays, as "layer.parameter.best". Behind its end it is the
last weights that lie there, as "layer.parameter.last", so that a training of more epochs goes on exactly.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.errors import TrainingError
from core.layers.base import Array
from core.train.prepare import Prepared
from core.train.progress import GO_ON, count

BEST, LAST = ".best", ".last"


class Best:
    """Keeps a copy of the weights of the epoch with the lowest validation loss, where that is `wanted`."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._weights: dict[str, Array] = {}
        self.epoch = 0

    def saw(self, epoch: int, prepared: Prepared) -> None:
        """This epoch is better than all before."""
        if self._wanted:
            self.epoch, self._weights = epoch, prepared.current_weights()

    def state(self) -> dict[str, Any]:
        """The number of the epoch, where there is one."""
        return {"epoch": self.epoch} if self._weights else {}

    def take(self, state: Mapping[str, Any]) -> None:
        """Take the number; the arrays come with `go_on`."""
        self.epoch = count(state, "epoch")

    def arrays(self) -> dict[str, Array]:
        """What lies beside the optimizer's arrays while the training goes on."""
        return {f"{name}{BEST}": array for name, array in self._weights.items()}

    def give_back(self, prepared: Prepared, epoch: int) -> dict[str, Array]:
        """The training ends behind this epoch: put the best weights into the engine. Gives the last ones, by name."""
        if not self._weights or self.epoch == epoch:
            return {}
        last = prepared.current_weights()
        prepared.engine.set_weights(self._weights)
        return {f"{name}{LAST}": array for name, array in last.items()}

    def go_on(self, prepared: Prepared, state: Mapping[str, Array]) -> None:
        """Take up what a training left in its state, and put its last weights into the engine.

        TrainingError where arrays are not those of this network.
        """
        now = prepared.current_weights()
        best, last = (_named(state, ending, now) for ending in (BEST, LAST))
        if last:
            prepared.engine.set_weights(last)
        if self._wanted and self.epoch:
            self._weights = best or now
        else:
            self.epoch = 0


def without_weights(state: Mapping[str, Array]) -> dict[str, Array]:
    """Only what the optimizer remembers."""
    return {name: array for name, array in state.items() if not name.endswith((BEST, LAST))}


def _named(state: Mapping[str, Array], ending: str, now: Mapping[str, Array]) -> dict[str, Array]:
    """Those weights in a state whose names end so; all or none."""
    found = {name.removesuffix(ending): array for name, array in state.items() if name.endswith(ending)}
    if found and {name: (array.shape, array.dtype) for name, array in found.items()} != {
            name: (array.shape, np.dtype(np.float32)) for name, array in now.items()}:
        raise TrainingError(f"The weights kept of another epoch do not fit this network any more: {GO_ON}.")
    return found
