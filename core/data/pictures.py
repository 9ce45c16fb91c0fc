"""Pictures into a network: fitted to the input's channels and size by the same few rules everywhere."""

import dataclasses
from pathlib import Path

import numpy as np

from core.data.dataset import Array, Dataset, to_float
from core.data.decode import decode
from core.data.raw import check_bytes, size
from core.data.resize import resize
from core.errors import DataError

MOST_PADDING = 8
# ITU-R BT.601: how bright red, green and blue look.
GREY_WEIGHTS = (0.299, 0.587, 0.114)
FULL = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65_535, np.dtype(np.bool_): 1}
VALUES_AT_ONCE = 8_000_000


def read_picture(path: str | Path) -> tuple[Array, tuple[str, ...]]:
    """A picture file as float32 C×H×W from 0 to 1 (one channel for grey, three for colour), and what was done to it."""
    picture = decode(Path(path))
    full = FULL[picture.pixels.dtype]
    return np.divide(picture.pixels, full, dtype=np.float32), picture.notes


def fit_to(x: Array, shape: tuple[int, ...]) -> tuple[Array, tuple[str, ...]]:
    """One picture (H×W or C×H×W) as a network with input `shape` takes it: float32, and what was done to it in words.

    uint8 and uint16 are scaled to 0 … 1, fractions stay; a second or fourth channel is transparency, shown over
    white; up to 8 missing pixels per axis are padded with zeros evenly, other sizes scaled; `shape` may be flat.
    """
    if x.ndim not in (2, 3) or 0 in x.shape:
        raise DataError(f"A picture has height and width, and perhaps channels; this array is {size(x.shape)}.")
    picture = x[None] if x.ndim == 2 else x
    notes: list[str] = []
    if picture.dtype == np.uint16:
        notes.append("16-bit values are scaled to 0 … 1.")
    full = FULL.get(picture.dtype, 1)
    values = np.divide(picture, full, dtype=np.float32) if full != 1 else picture.astype(np.float32)
    if not np.isfinite(values).all():
        raise DataError("Some pixels are not numbers (NaN or infinite).")
    if len(values) in (2, 4) and len(values) != fitted_shape(values.shape, shape)[0]:
        values = values[:-1] * values[-1:] + (1 - values[-1:])
        notes.append("Transparent parts are shown over white.")
    fitted, more = fit_pictures(values[None], shape)
    return fitted[0], (*notes, *more)


def fit_dataset(dataset: Dataset, shape: tuple[int, ...]) -> Dataset:
    """The data set with every picture fitted to a network's input; itself where nothing has to change.

    The pixels keep their type: uint8 results are rounded. What was done is added to the notes, once.
    """
    if dataset.shape == tuple(shape):
        return dataset
    train_x, test_x, scale = dataset.train_x, dataset.test_x, dataset.scale
    if train_x.dtype == np.uint8 and scale > 1 / 255:
        # Pixels with few steps (0 … 16) would lose them to rounding.
        train_x, test_x, scale = to_float(train_x, scale), to_float(test_x, scale), 1.0
    train_x, notes = fit_pictures(train_x, shape)
    test_x, _ = fit_pictures(test_x, shape)
    return dataclasses.replace(dataset, shape=tuple(int(n) for n in shape), train_x=train_x, test_x=test_x,
                               scale=scale, notes=(*dataset.notes, *notes))


def fit_pictures(x: Array, shape: tuple[int, ...]) -> tuple[Array, tuple[str, ...]]:
    """Pictures N×C×H×W fitted to `shape` in their own type, and what was done to them in words."""
    channels, height, width = fitted_shape(x.shape[1:], shape)
    notes = []
    repeat = 1
    if x.shape[1] != channels:
        if (x.shape[1], channels) == (3, 1):
            x = _grey(x)
            notes.append("Colour is turned to grey (ITU-R 601).")
        elif x.shape[1] == 1:
            repeat = channels
            notes.append(f"Grey is repeated in all {channels} channels.")
        else:
            raise DataError(f"The pictures have {x.shape[1]} channels but the network's input has {channels}. "
                            f"Set the input to {size(x.shape[1:])}.")
    if x.shape[2:] != (height, width):
        x, note = _fit_size(x, height, width)
        notes.append(note)
    if repeat > 1:
        # A view: the repeated channels take no memory.
        x = np.broadcast_to(x, (len(x), repeat, height, width))
    return x.reshape(len(x), *shape) if len(shape) == 1 else x, tuple(notes)


def fitted_shape(old: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Channels, height and width that `shape` asks of pictures of size `old`; a flat shape has to be worked out."""
    if len(shape) == 3:
        return shape[0], shape[1], shape[2]
    if len(shape) != 1:
        raise DataError(f"A network takes pictures as channels×height×width or as one flat row, not {size(shape)}.")
    if np.prod(old) == shape[0]:
        return old[0], old[1], old[2]
    for channels in (1, 3):
        side = round((shape[0] / channels) ** 0.5)
        if channels * side * side == shape[0]:
            return channels, side, side
    raise DataError(f"The network's input is {shape[0]} numbers, but the pictures are {size(old)} = "
                    f"{int(np.prod(old)):,}. Set the input to {size(old)}.")


def _grey(x: Array) -> Array:
    # Block by block: the float copies of a large colour set would not fit in memory.
    result = np.empty((len(x), 1, *x.shape[2:]), x.dtype)
    for rows in _blocks(x):
        block = sum(np.float32(weight) * x[rows, channel] for channel, weight in enumerate(GREY_WEIGHTS))
        result[rows, 0] = np.rint(block) if x.dtype.kind == "u" else block
    return result


def _fit_size(x: Array, height: int, width: int) -> tuple[Array, str]:
    down, right = height - x.shape[2], width - x.shape[3]
    check_bytes(len(x) * x.shape[1] * height * width * x.dtype.itemsize, f"Pictures of {height}×{width}")
    was = f"{x.shape[2]}×{x.shape[3]}"
    result = np.zeros((len(x), x.shape[1], height, width), x.dtype)
    if 0 <= down <= MOST_PADDING and 0 <= right <= MOST_PADDING:
        top, left = down // 2, right // 2
        result[:, :, top:top + x.shape[2], left:left + x.shape[3]] = x
        return result, f"Pictures of {was} are padded with zeros to {height}×{width}."
    for rows in _blocks(x, height * width):
        block = resize(x[rows].astype(np.float32), height, width)
        result[rows] = np.rint(block) if x.dtype.kind == "u" else block
    return result, f"Pictures of {was} are scaled to {height}×{width}."


def _blocks(x: Array, pixels: int = 0) -> list[slice]:
    step = max(1, VALUES_AT_ONCE // max(x[0].size if len(x) else 1, x.shape[1] * pixels))
    return [slice(start, start + step) for start in range(0, len(x), step)]
