"""Where pictures come in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from core.layers.base import Array, Backward, Layer, Pass, Shape, Weights
from core.settings import LARGEST_SIZE, setting


@dataclass(frozen=True)
class Input(Layer):
    """The pictures that enter the network.

    One channel for grey pictures, three for colour. The numbers of a picture run from 0 (black) to 1 (white).
    """

    family: ClassVar[str] = "input"
    ports: ClassVar[tuple[int, int | None]] = (0, 0)

    shape: Shape = setting((1, 28, 28), "Shape", "Channels × height × width of one picture.", kind="shape",
                           low=1, high=LARGEST_SIZE)

    def output_shape(self, *inputs: Shape) -> Shape:
        """The shape of one picture."""
        return self.shape

    def short(self) -> str:
        """What kind of picture comes in."""
        if len(self.shape) == 1:
            return "numbers"
        return {1: "grey pictures", 3: "colour pictures"}.get(self.shape[0], f"{self.shape[0]} channels")

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """y = x: the picture itself is handed in as the only input."""
        return inputs[0], lambda dy: ((dy,), {})
