"""Boxes in oblique projection, and how large a feature map stack is drawn."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from core.drawing.routes import Point
from core.layers.base import Shape

# Pixels of the largest map's side; other sides go with the square root, so that 7 of 224 can still be read.
_SIDE, _LEAST_SIDE = 180.0, 10.0
_SMALLEST_LARGEST = 16
_SLANT = (0.38, 0.28)
_THINNEST, _PER_CHANNEL, _THICKEST = 4.0, 2.6, 130.0
_BAR, _BAR_BASE, _BAR_STEP, _TALLEST_BAR = 12.0, 20.0, 14.0, 230.0
_LEAST_WINDOW = 6.0
# How large a box is drawn whose size nobody knows.
UNKNOWN = (26.0, 70.0, 22.0, 16.0)


@dataclass(frozen=True)
class Solid:
    """A box: its front's top left corner, its width and height, and how far back it goes to the right and up.

    The front shows channels across and rows down, the side to the right shows one map: columns go back, rows down.
    """

    left: float
    top: float
    thickness: float
    height: float
    back: float
    up: float

    @property
    def right(self) -> float:
        """Its right end."""
        return self.left + self.thickness + self.back

    @property
    def upper(self) -> float:
        """Its upper end."""
        return self.top - self.up

    @property
    def bottom(self) -> float:
        """Its lower end."""
        return self.top + self.height

    @property
    def middle(self) -> float:
        """The height of its centre."""
        return (self.upper + self.bottom) / 2

    def on_side(self, across: float, down: float) -> Point:
        """A place on the map at the right, both from 0 to 1."""
        return (self.left + self.thickness + across * self.back, self.top + down * self.height - across * self.up)

    def front(self, start: float = 0.0, end: float = 1.0) -> tuple[Point, ...]:
        """The corners of the front, or of a part of its width (from 0 to 1)."""
        one, two = self.left + start * self.thickness, self.left + end * self.thickness
        return ((one, self.top), (two, self.top), (two, self.bottom), (one, self.bottom))

    def roof(self, start: float = 0.0, end: float = 1.0) -> tuple[Point, ...]:
        """The corners of the top."""
        one, two = self.left + start * self.thickness, self.left + end * self.thickness
        return ((one, self.top), (one + self.back, self.upper), (two + self.back, self.upper), (two, self.top))

    def side(self) -> tuple[Point, ...]:
        """The corners of the map at the right."""
        return (self.on_side(0, 0), self.on_side(1, 0), self.on_side(1, 1), self.on_side(0, 1))

    def opened(self, kernel: tuple[int, int], size: tuple[int, int]) -> tuple[Point, ...]:
        """The corners of a window of `kernel` pixels on the map of `size` pixels (height, width), above its middle."""
        high = min(0.96, max(kernel[0] / size[0], _LEAST_WINDOW / self.height))
        wide = min(0.96, max(kernel[1] / size[1], _LEAST_WINDOW / max(self.back, 1e-6)))
        down, across = min(max(0.02, 0.32 - high / 2), 0.98 - high), 0.5 - wide / 2
        places = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
        return tuple(self.on_side(across + x * wide, down + y * high) for x, y in places)


def measure(shape: Shape | None, largest: int) -> tuple[float, float, float, float]:
    """(thickness, height, back, up) in pixels of what is drawn for a shape.

    `largest` is the longest side of any map in the network.
    """
    if shape is None:
        return UNKNOWN
    if len(shape) == 3:
        rows, columns = (max(_LEAST_SIDE, _SIDE * math.sqrt(each / largest)) for each in shape[1:])
        thick = min(_THICKEST, _THINNEST + _PER_CHANNEL * math.sqrt(shape[0]))
        return thick, rows, columns * _SLANT[0], columns * _SLANT[1]
    length = math.prod(shape)
    return _BAR, min(_TALLEST_BAR, _BAR_BASE + _BAR_STEP * math.log2(length + 1)), 5.0, 4.0


def longest_side(shapes: Iterable[Shape | None]) -> int:
    """The longest side of the maps, and not too small a number, so that 2×2 is not drawn as a wall."""
    sides = [side for shape in shapes if shape is not None and len(shape) == 3 for side in shape[1:]]
    return max([_SMALLEST_LARGEST, *sides])
