"""One operator on its way to becoming a layer: its node, its inputs, and the network so far."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.formats.onnx_reading.building import Builder, Value
from core.formats.onnx_reading.constants import Unsupported
from core.formats.onnx_reading.model import OnnxNode
from core.layers.base import Array


@dataclass
class Call:
    """What a reader of operators gets.

    `alone` says whether this operator alone takes each input, `last` whether its output is one of the file's, `ours`
    whether this program wrote the file.
    """

    node: OnnxNode
    inputs: list[Value | Array | None]
    builder: Builder
    opset: int
    alone: list[bool]
    batches: tuple[int, ...] = ()
    ours: bool = False
    last: bool = False

    def value(self, place: int = 0) -> Value:
        """An input that depends on the pictures."""
        found = self.inputs[place] if place < len(self.inputs) else None
        if not isinstance(found, Value):
            raise Unsupported("its input does not depend on the pictures")
        return found

    def constant(self, place: int) -> Array | None:
        """An input that is known, or None where it is left out."""
        found = self.inputs[place] if place < len(self.inputs) else None
        if isinstance(found, Value):
            raise Unsupported("weights or sizes of it are computed from the pictures")
        return found

    def needed(self, place: int) -> Array:
        """An input that must be known."""
        found = self.constant(place)
        if found is None:
            raise Unsupported("an input is missing")
        return found

    def weight(self, place: int) -> Array:
        """A known input as float32."""
        return np.ascontiguousarray(self.needed(place), np.float32)

    @property
    def constants(self) -> list[Array]:
        """All inputs behind the first, which must be known."""
        return [self.needed(place) for place in range(1, len(self.inputs))]


Reader = Callable[[Call], Value]
