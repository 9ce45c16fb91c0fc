"""All weights of a network in one flat array, with gradients and optimizer slots laid out alike.

Outside the engine arrays are shaped as in PyTorch; inside, each may be stored in another order. An update then is one
pass over one array, whatever the layers are.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.engine.arena import Arena, padded
from core.errors import NetworkError
from core.layers.base import Array, Shape

Floats = NDArray[np.float32]

# (split, axes) of a Parameter.
Order = tuple[Shape, tuple[int, ...]]

_STRETCH = 16  # numbers in a cache line: parameters begin on one


@dataclass(frozen=True)
class Parameter:
    """One array of a layer: where it lies in the flat array, and in which order.

    Inside it is `array.reshape(split).transpose(axes)`.
    """

    name: str
    shape: Shape
    start: int
    trained: bool
    split: Shape
    axes: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many numbers."""
        return math.prod(self.shape)

    @property
    def end(self) -> int:
        """Behind the last number."""
        return self.start + self.size

    def view(self, flat: Floats) -> Array:
        """The stretch of a flat array, seen in PyTorch's order of axes (before joining split ones)."""
        inside = tuple(self.split[axis] for axis in self.axes)
        back = tuple(int(axis) for axis in np.argsort(self.axes))
        return flat[self.start:self.end].reshape(inside).transpose(back)

    def read(self, flat: Floats) -> Array:
        """A copy in PyTorch's shape."""
        return np.ascontiguousarray(self.view(flat)).reshape(self.shape).copy()

    def write(self, flat: Floats, array: Array) -> None:
        """Put an array of PyTorch's shape into the flat array."""
        self.view(flat)[...] = np.asarray(array, np.float32).reshape(self.split)


@dataclass
class Parameters:
    """Every array of the network; `weights` and `gradients` are flat and laid out alike, `slots` the optimizer's."""

    arena: Arena
    table: dict[str, Parameter] = field(default_factory=dict)
    count: int = 0
    weights: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    gradients: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    slots: dict[str, Floats] = field(default_factory=dict)

    def declare(self, name: str, shape: Shape, trained: bool, order: Order | None = None) -> None:
        """Make room for an array, unless a plan before did; `order` is where it is not stored as it is."""
        split, axes = order or (shape, tuple(range(len(shape))))
        known = self.table.get(name)
        if known is not None:
            if (known.split, known.axes) != (split, axes):
                raise ValueError(f"{name} is stored in another order already")
            return
        self.table[name] = Parameter(name, shape, self.count, trained, split, axes)
        self.count = padded(self.count + self.table[name].size, _STRETCH)

    def allocate(self) -> None:
        """Get the memory, once everything is declared."""
        self.weights = self.arena.floats(self.count)
        self.gradients = self.arena.floats(self.count)

    def slot(self, name: str) -> Floats:
        """An optimizer's flat array of that name, zero at first."""
        if name not in self.slots:
            self.slots[name] = self.arena.floats(self.count)
        return self.slots[name]

    def read(self) -> dict[str, Array]:
        """Copies of all weights, PyTorch-shaped."""
        return {name: parameter.read(self.weights) for name, parameter in self.table.items()}

    def need(self, arrays: Mapping[str, Array]) -> None:
        """NetworkError where an array is missing."""
        missing = [name for name in self.table if name not in arrays]
        if missing:
            raise NetworkError(f"The weights {', '.join(missing[:5])} are missing. Start from new weights.")

    def write(self, arrays: Mapping[str, Array]) -> None:
        """Take weights; arrays of layers that do not run here are left aside."""
        for name, array in arrays.items():
            if name in self.table:
                parameter = self.table[name]
                if tuple(array.shape) != parameter.shape:
                    raise NetworkError(f"The weights {name} have the shape {list(array.shape)}, but the layer needs "
                                       f"{list(parameter.shape)}. Start from new weights, or load others.")
                parameter.write(self.weights, array)

    def read_slots(self) -> dict[str, Array]:
        """Copies of the optimizer's arrays: "layer.parameter.slot"."""
        return {f"{name}.{slot}": parameter.read(flat) for slot, flat in self.slots.items()
                for name, parameter in self.table.items() if parameter.trained}

    def write_slots(self, arrays: Mapping[str, Array]) -> None:
        """Take the optimizer's arrays."""
        for key, array in arrays.items():
            name, _, slot = key.rpartition(".")
            if name in self.table:
                self.table[name].write(self.slot(slot), array)
