"""From numbers to colours: one sequential map for positive data, blue–surface–orange for signed data, grey for pixels.

Lightness rises evenly along the sequential map, and both maps stay readable for colour-blind eyes and in grey print.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from core.layers.base import Array
from guibuilder.theme import Colours, mix

_SEQUENTIAL = ((0.0, "#0F141B"), (0.25, "#35383A"), (0.5, "#706B4F"), (0.75, "#B3A86C"), (1.0, "#F8F0B4"))
_BELOW_ZERO = ((0.0, "#0F141B"), (0.25, "#14304A"), (0.5, "#1C5587"), (0.75, "#3F86C9"), (1.0, "#9CCBF8"))
_LEAST = 1e-12


@dataclass(frozen=True)
class Scale:
    """Which numbers the ends of a colour map stand for."""

    low: float
    high: float

    @property
    def span(self) -> float:
        """The distance of the ends, never 0."""
        return max(self.high - self.low, _LEAST)

    @staticmethod
    def of(values: Array, *, signed: bool) -> "Scale":
        """From the least to the greatest value; around 0 where signed. Positive data begins at 0."""
        finite = values[np.isfinite(values)]
        if not finite.size:
            return Scale(-1.0, 1.0) if signed else Scale(0.0, 1.0)
        low, high = float(finite.min()), float(finite.max())
        if signed:
            most = max(abs(low), abs(high))
            return Scale(-most, most) if most > _LEAST else Scale(-1.0, 1.0)
        low = min(low, 0.0)
        return Scale(low, high if high > low + _LEAST else low + 1.0)


@lru_cache(maxsize=8)
def sequential() -> tuple[int, ...]:
    """256 colours from dark to light."""
    return _between(_SEQUENTIAL)


@lru_cache(maxsize=8)
def diverging(colours: Colours) -> tuple[int, ...]:
    """256 colours from blue through the panel's surface (= 0) to orange."""
    surface = mix(QColor(colours.panel), QColor(colours.text), 0.03).name()
    return _between(((0.0, colours.data_low), (0.5, surface), (1.0, colours.data_high)))


@lru_cache(maxsize=2)
def glowing() -> tuple[int, ...]:
    """256 colours for maps with negative values: blue, dark (= 0), light; what is positive looks as in `sequential`."""
    return _between((*((0.5 - 0.5 * place, colour) for place, colour in reversed(_BELOW_ZERO)),
                     *((0.5 + 0.5 * place, colour) for place, colour in _SEQUENTIAL[1:])))


@lru_cache(maxsize=2)
def grey() -> tuple[int, ...]:
    """256 greys from black to white, for pixels."""
    return _between(((0.0, "#000000"), (1.0, "#FFFFFF")))


def _between(stops: tuple[tuple[float, str], ...]) -> tuple[int, ...]:
    at = np.linspace(0.0, 1.0, 256)
    places = [place for place, _ in stops]
    ends = [QColor(colour) for _, colour in stops]
    red, green, blue = (np.interp(at, places, [getattr(end, part)() for end in ends])
                        for part in ("red", "green", "blue"))
    return tuple(QColor(round(r), round(g), round(b)).rgb() for r, g, b in zip(red, green, blue, strict=True))


def as_bytes(values: Array, scale: Scale) -> NDArray[np.uint8]:
    """Places 0…255 in a colour map; what is not finite lies at the low end."""
    places = (np.nan_to_num(values, nan=scale.low, posinf=scale.high, neginf=scale.low) - scale.low) / scale.span
    return np.clip(places * 255.0 + 0.5, 0, 255).astype(np.uint8)


def image(places: NDArray[np.uint8], table: tuple[int, ...]) -> QImage:
    """A picture of height × width places through a colour table; owns its memory."""
    height, width = places.shape
    padded = np.zeros((height, -(-width // 4) * 4), np.uint8)
    padded[:, :width] = places
    picture = QImage(padded.data, width, height, padded.shape[1], QImage.Format.Format_Indexed8)
    picture.setColorTable(table)
    return picture.copy()


def input_image(picture: Array) -> QImage:
    """A network's input (C×H×W, pixels from 0 to 1, or normalised: then stretched) as grey or colour."""
    low, high = float(np.min(picture, initial=0.0)), float(np.max(picture, initial=0.0))
    scale = Scale(0.0, 1.0) if low >= 0.0 and high <= 1.001 else Scale(low, high)
    places = as_bytes(picture, scale)
    if picture.ndim != 3 or len(picture) not in (1, 3):
        return image(places.reshape(1, -1) if picture.ndim != 3 else places[0], grey())
    if len(places) == 1:
        return image(places[0], grey())
    height, width = places.shape[1:]
    four = np.full((height, width, 4), 255, np.uint8)
    four[:, :, :3] = places.transpose(1, 2, 0)
    return QImage(four.data, width, height, 4 * width, QImage.Format.Format_RGBX8888).copy()
