"""Pictures scaled to another size, antialiased: each new pixel is a weighted mean of the old ones it covers."""

from collections.abc import Callable

import numpy as np

from core.data.dataset import Array


def triangle(distance: Array) -> Array:
    """The bilinear filter: falls from 1 to 0 over one pixel."""
    return np.maximum(0.0, 1.0 - np.abs(distance))


def cubic(distance: Array) -> Array:
    """The bicubic filter of Keys, "Cubic Convolution Interpolation" (1981), a = −0.5: sharper, reaches two pixels."""
    t = np.abs(distance)
    near = (1.5 * t - 2.5) * t * t + 1.0
    far = ((-0.5 * t + 2.5) * t - 4.0) * t + 2.0
    return np.where(t < 1, near, np.where(t < 2, far, 0.0))


Filter = Callable[[Array], Array]
REACH: dict[Filter, float] = {triangle: 1.0, cubic: 2.0}


def resize(x: Array, height: int, width: int, kernel: Filter = triangle) -> Array:
    """Scale float pictures …×H×W to …×height×width.

    The filter is widened when a picture shrinks, as Pillow and PyTorch (antialias=True) do. Sums run in a fixed
    order, so the result does not depend on the number of threads.
    """
    return _scale_rows(_scale_rows(x, width, kernel).swapaxes(-1, -2), height, kernel).swapaxes(-1, -2)


def _scale_rows(x: Array, length: int, kernel: Filter) -> Array:
    if x.shape[-1] == length:
        return x
    first, weights = _taps(x.shape[-1], length, kernel)
    result = np.zeros((*x.shape[:-1], length), x.dtype)
    last = x.shape[-1] - 1
    for tap in range(weights.shape[1]):
        result += x[..., np.minimum(first + tap, last)] * weights[:, tap].astype(x.dtype)
    return result


def _taps(old: int, new: int, kernel: Filter) -> tuple[Array, Array]:
    """For each new pixel the first old one it reads, and the weights (new × taps, rows sum to 1) from there on."""
    step = old / new
    widen = max(step, 1.0)
    reach = REACH[kernel] * widen
    centre = (np.arange(new) + 0.5) * step
    first = np.maximum(0, np.floor(centre - reach)).astype(np.intp)
    position = first[:, None] + np.arange(int(np.ceil(2 * reach)) + 2)
    weights = kernel((position + 0.5 - centre[:, None]) / widen) * (position < old)
    used = np.flatnonzero(np.abs(weights).max(axis=0))[-1] + 1
    weights = weights[:, :used]
    return first, weights / weights.sum(axis=1, keepdims=True)
