"""Picture files, read with care: few formats, sizes checked before a pixel is decoded, one sentence when it fails."""

import struct
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

from core.data.dataset import Array
from core.errors import FileError

Result = TypeVar("Result")
MOST_PIXELS = 25_000_000
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "PPM")
SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".pgm", ".ppm", ".pbm"))
# What Pillow's decoders raise on damaged files; a bomb is an exception of its own.
DECODER_ERRORS = (OSError, SyntaxError, ValueError, struct.error, EOFError, IndexError, KeyError, TypeError,
                  OverflowError, AttributeError, ZeroDivisionError, NotImplementedError, MemoryError, zlib.error)


@dataclass(frozen=True, eq=False)
class Picture:
    """The pixels C×H×W of one file (uint8 or uint16, one channel or three), and what was done to them in words."""

    pixels: Array
    notes: tuple[str, ...]


def _pillow() -> ModuleType:
    """Pillow's Image module with the limits set; loaded on first use only."""
    from PIL import Image

    if Image.MAX_IMAGE_PIXELS != MOST_PIXELS or warnings.filters[0][2] is not Image.DecompressionBombWarning:
        Image.MAX_IMAGE_PIXELS = MOST_PIXELS
        # Odd notes of cameras are no reason to alarm anybody; too many pixels are.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
    return Image


def picture_size(path: Path) -> tuple[int, int, int]:
    """Channels (1 or 3), height and width of a picture from its header alone."""
    return _guarded(path, _read_size)


def decode(path: Path) -> Picture:
    """One picture file: upright, without transparency, in 8 or 16 bits; FileError where that cannot be."""
    return _guarded(path, _read_pixels)


def _guarded(path: Path, read: Callable[[Path], Result]) -> Result:
    image = _pillow()
    try:
        return read(path)
    except (image.DecompressionBombError, image.DecompressionBombWarning):
        raise FileError(f"{path.name} has more than {MOST_PIXELS / 1e6:.0f} million pixels; make it smaller.") from None
    except FileNotFoundError:
        raise FileError(f"There is no picture {path}.") from None
    except IsADirectoryError:
        raise FileError(f"{path.name} is a folder, not a picture.") from None
    except PermissionError:
        raise FileError(f"{path.name} may not be read; check its permissions.") from None
    except DECODER_ERRORS:
        raise FileError(f"{path.name} cannot be read as a picture: it is damaged or of another kind. "
                        "PNG, JPEG, BMP, GIF and WebP are read.") from None


def _open(path: Path) -> Any:
    image = _pillow().open(path, formats=FORMATS)
    if image.width * image.height > MOST_PIXELS:
        image.close()
        raise _pillow().DecompressionBombError
    return image


def _read_size(path: Path) -> tuple[int, int, int]:
    with _open(path) as image:
        turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
        height, width = (image.width, image.height) if turned else (image.height, image.width)
        grey = image.mode in ("1", "L", "LA", "La") or image.mode.startswith("I")
        return (1 if grey else 3), height, width


def _read_pixels(path: Path) -> Picture:
    from PIL import ImageOps

    with _open(path) as image:
        image.verify()
    with _open(path) as image:
        several = getattr(image, "is_animated", False)
        notes = ["Only the first of several pictures in the file is used."] if several else []
        image.load()
        if image.getexif().get(0x0112, 1) in range(2, 9):
            image = ImageOps.exif_transpose(image)
            notes.append("The picture is turned upright as its camera noted.")
        pixels, note = _pixels(image)
    return Picture(pixels, (*notes, note) if note else tuple(notes))


def _pixels(image: Any) -> tuple[Array, str]:
    """The pixels C×H×W of a loaded picture, and a note where they were changed."""
    mode = image.mode
    if mode.startswith("I") or mode == "F":
        if mode == "F":
            raise ValueError("pixels are fractions")
        return np.clip(np.asarray(image), 0, 65_535).astype(np.uint16)[None], "16-bit values are scaled to 0 … 1."
    if mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        clear = image.convert("RGBA")
        note = "Transparent parts are shown over white." if clear.getextrema()[3][0] < 255 else ""
        white = _pillow().new("RGBA", clear.size, "white")
        white.alpha_composite(clear)
        return _channels_first(white, grey=mode in ("1", "L", "LA", "La")), note
    return _channels_first(image, grey=mode in ("1", "L")), ""


def _channels_first(image: Any, *, grey: bool) -> Array:
    values = np.asarray(image.convert("L" if grey else "RGB"))
    return values[None] if grey else np.ascontiguousarray(np.moveaxis(values, -1, 0))
