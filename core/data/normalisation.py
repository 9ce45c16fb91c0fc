"""Normalisation of pictures by mean and spread per channel: a visible setting of the data, kept with the project."""

from dataclasses import dataclass

import numpy as np

from core.data.dataset import Array, Dataset
from core.errors import DataError

SMALLEST_SPREAD = 1e-3
PIXELS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Normalisation:
    """(x − mean) / spread for each channel of pictures from 0 to 1; empty means pictures stay as they are."""

    mean: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.spread):
            raise DataError(f"Normalisation has {len(self.mean)} means but {len(self.spread)} spreads; "
                            "each channel needs one of both.")
        if not np.isfinite([*self.mean, *self.spread]).all() or any(value <= 0 for value in self.spread):
            raise DataError("Normalisation needs finite means and spreads above 0.")

    def __bool__(self) -> bool:
        return bool(self.mean)

    def apply(self, x: Array) -> Array:
        """Normalise float32 pictures N×C×H×W (or one, C×H×W, or flat ones where there is one channel) in place."""
        if not self.mean:
            return x
        channels = len(self.mean)
        if channels > 1 and (x.ndim < 3 or x.shape[-3] != channels):
            raise DataError(f"Normalisation is set for {channels} channels but the pictures are {x.shape}.")
        shape = (channels, 1, 1) if channels > 1 else (1,)
        x -= np.array(self.mean, np.float32).reshape(shape)
        x /= np.array(self.spread, np.float32).reshape(shape)
        return x


def normalisation_of(dataset: Dataset) -> Normalisation:
    """Mean and standard deviation of each channel over the training part, in pixel values from 0 to 1.

    Flat rows of pixels count as one channel.
    """
    x = dataset.train_x if dataset.train_x.ndim == 4 else dataset.train_x[:, None, None]
    channels = x.shape[1]
    total, squares = np.zeros(channels), np.zeros(channels)
    step = max(1, PIXELS_AT_ONCE // max(1, x[0].size))
    for start in range(0, len(x), step):
        block = x[start:start + step].astype(np.float64) * dataset.scale
        total += block.sum(axis=(0, 2, 3))
        squares += np.square(block).sum(axis=(0, 2, 3))
    count = len(x) * x.shape[2] * x.shape[3]
    mean = total / count
    spread = np.sqrt(np.maximum(squares / count - mean**2, SMALLEST_SPREAD**2))
    return Normalisation(tuple(round(float(value), 4) for value in mean),
                         tuple(round(float(value), 4) for value in spread))
