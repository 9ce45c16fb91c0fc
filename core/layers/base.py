"""What every layer declares: settings, shape rule, arrays, cost, and its arithmetic as a NumPy definition.

A layer is a frozen value. Weights and randomness come from outside. Shapes leave out the batch axis:
(channels, height, width) for maps, (units,) for vectors. The definition works on N×C×H×W or N×K arrays of any
float type.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from core.errors import CoreError, SettingError
from core.layers.window import Window
from core.settings import check_all, setting, settings_of, values_of

Shape = tuple[int, ...]
Array = NDArray[Any]
Weights = Mapping[str, Array]
Backward = Callable[[Array], tuple[tuple[Array, ...], dict[str, Array]]]

INITIALISATIONS = ("zeros", "constant", "normal", "xavier-uniform", "xavier-normal", "he-uniform", "he-normal")


class ShapeError(CoreError):
    """The inputs do not fit the layer. The message goes behind the layer's name: "needs at least 5×5 but gets 4×4"."""

    def __init__(self, code: str, message: str, formula: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.formula = formula


@dataclass(frozen=True)
class ArraySpec:
    """An array that a layer keeps: PyTorch-shaped, with how it starts and whether training changes it.

    `initial` is one of `INITIALISATIONS` or "ones"; `fan_in` and `fan_out` count the connections of one unit,
    `value` is what "constant" fills in,
    where it is not the one chosen for the network.
    """

    shape: Shape
    initial: str = "zeros"
    trained: bool = True
    fan_in: int = 1
    fan_out: int = 1
    value: float | None = None

    @property
    def size(self) -> int:
        """How many numbers the array holds."""
        count = 1
        for length in self.shape:
            count *= length
        return count


@dataclass
class Pass:
    """How a forward pass is made.

    `noise=False` in training keeps batch statistics but turns dropout and noise off. Where `marks` is a list, layers
    append what decided their branches (masks, winners), so that a gradient check can skip kinks. BatchNorm leaves its
    new running values in `statistics`.
    """

    training: bool = False
    noise: bool = True
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    marks: list[Array] | None = None
    statistics: dict[str, Array] = field(default_factory=dict)

    def mark(self, decided: Array) -> None:
        """Remember what decided between branches, where someone asked for it."""
        if self.marks is not None:
            self.marks.append(decided)


@dataclass(frozen=True)
class Layer:
    """Base of all layers: a value made of settings."""

    family: ClassVar[str] = ""
    ports: ClassVar[tuple[int, int | None]] = (1, 1)
    rank: ClassVar[int | None] = None
    differs_in_training: ClassVar[str] = ""

    frozen: bool = setting(False, "Frozen", "Keep this layer's weights as they are while the others train.",
                           keyword=True)
    bypassed: bool = setting(False, "Bypassed", "Pass the input through unchanged, as if the layer were not there.",
                             keyword=True)

    def __post_init__(self) -> None:
        check_all(self)

    @property
    def type(self) -> str:
        """The name in files and in the palette."""
        return type(self).__name__

    def values(self) -> dict[str, Any]:
        """The settings as a file holds them."""
        return values_of(self)

    def changed(self, **settings: Any) -> Self:
        """The layer with other settings; SettingError for one that it does not have or a value out of limits."""
        known = settings_of(self)
        for name in settings:
            if name not in known:
                raise SettingError(f"{self.type} has no setting {name!r}; it has {', '.join(known)}.")
        return replace(self, **settings)

    def output_shape(self, *inputs: Shape) -> Shape:
        """The shape that comes out, or a ShapeError with numbers."""
        raise NotImplementedError

    def arrays(self, *inputs: Shape) -> dict[str, ArraySpec]:
        """The arrays the layer keeps, by name."""
        return {}

    def macs(self, inputs: Sequence[Shape], output: Shape) -> int:
        """Multiply-adds for one picture, forward."""
        return 0

    def window(self) -> Window | None:
        """The sliding window, for layers that have one; receptive fields follow from it."""
        return None

    def short(self) -> str:
        """The settings in a few words, for the node on the canvas."""
        return ""

    def shape_formula(self, *inputs: Shape) -> str:
        """The arithmetic behind the output shape, one line an axis; empty where nothing is computed."""
        return ""

    def parameter_formula(self, *inputs: Shape) -> str:
        """The arithmetic behind the number of parameters: "(5·5·1 + 1)·6 = 156"."""
        return ""

    def warning(self, *inputs: Shape) -> tuple[str, str, str] | None:
        """(code, message, formula) of something that works but deserves a look."""
        return None

    def forward(self, weights: Weights, inputs: Sequence[Array], run: Pass) -> tuple[Array, Backward]:
        """The output and a function from its gradient to (one gradient per input, gradients of the arrays)."""
        raise NotImplementedError


def describe(shape: Shape | None) -> str:
    """A shape in words: "6×28×28", "120" or "?"."""
    return "?" if shape is None else "×".join(str(size) for size in shape)


def need_maps(layer: Layer, shape: Shape) -> None:
    """Refuse a flat vector where feature maps are needed."""
    if len(shape) != 3:
        raise ShapeError("needs-maps", f"needs feature maps (channels × height × width) but gets a flat vector of "
                                       f"{shape[0]:,}. Put it before Flatten.")


def need_vector(layer: Layer, shape: Shape) -> None:
    """Refuse feature maps where a flat vector is needed."""
    if len(shape) != 1:
        raise ShapeError("needs-vector", f"needs a flat vector but gets {describe(shape)}. Put a Flatten before it.")


def spread_over(values: Array, x: Array) -> Array:
    """One number per channel, shaped so that it meets N×C×H×W or N×C numbers channel by channel."""
    return values.reshape(-1, *(1,) * (x.ndim - 2))


def per_channel(x: Array) -> Array:
    """The sum of N×C×H×W or N×C numbers over everything but the channel: [C]."""
    total: Array = x.sum(axis=(0, *range(2, x.ndim)))
    return total


def grouped(number: int) -> str:
    """A number with its thousands apart: 61,706."""
    return f"{number:,}"
