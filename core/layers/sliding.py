"""What convolution and pooling share: fitting, padding, and walking over the positions inside a window."""

from collections.abc import Iterator

import numpy as np

from core.layers.base import Array, Shape, ShapeError
from core.layers.window import Window

_ORDINALS = {2: "2nd", 3: "3rd"}


def check_fits(window: Window, shape: Shape) -> tuple[int, int]:
    """Output height and width, or a ShapeError that names both sizes and shows the arithmetic."""
    height, width = shape[1:]
    out = window.output(height, width)
    if min(out) >= 1:
        return out
    pads = window.padded(height, width)
    axis = 0 if out[0] < 1 else 1
    padded = (height + pads[0] + pads[2], width + pads[1] + pads[3])
    gets = f"{height}×{width}" + (f" ({padded[0]}×{padded[1]} with padding)" if any(pads) else "")
    raise ShapeError("too-small", f"needs at least {window.reach(0)}×{window.reach(1)} but gets {gets}",
                     window.formula(shape[1 + axis], axis, pads))


def size_formula(window: Window, shape: Shape) -> str:
    """The output size as arithmetic; two lines where height and width differ."""
    if len(shape) != 3:
        return ""
    pads = window.padded(*shape[1:])
    lines = [window.formula(shape[1 + axis], axis, pads) for axis in (0, 1)]
    return lines[0] if lines[0] == lines[1] else "\n".join(lines)


def unread_warning(window: Window, shape: Shape) -> tuple[str, str, str] | None:
    """A warning where real pixels at the bottom or right are never read (lecture topic 2.3: 2.33 does not fit)."""
    if max(window.skips(0), window.skips(1)) > 1 and min(window.output(*shape[1:])) > 1:
        step = max(window.skips(0), window.skips(1))
        message = (f"reads only every {_ORDINALS.get(step, f'{step}th')} row and column of its {shape[1]}×{shape[2]} "
                   f"input, because its stride is larger than its window")
        return ("unread", message, "")
    rows, columns = window.unread(*shape[1:])
    if not rows and not columns:
        return None
    parts = [f"the last {count} {name}{'s' if count > 1 else ''}"
             for count, name in ((rows, "row"), (columns, "column")) if count]
    axis = 0 if rows else 1
    formula = window.formula(shape[1 + axis], axis, window.padded(*shape[1:]))
    message = f"does not fit evenly and never reads {' and '.join(parts)} of its {shape[1]}×{shape[2]} input"
    return ("unread", message, formula)


def pad_maps(x: Array, pads: tuple[int, int, int, int], value: float = 0.0) -> Array:
    """N×C×H×W with (top, left, bottom, right) rows and columns of `value` around it."""
    return np.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])), constant_values=value)


def taps(window: Window, height: int, width: int) -> Iterator[tuple[int, int, slice, slice]]:
    """For each position (a, b) inside the window: the rows and columns of the padded picture it touches."""
    for a in range(window.kernel[0]):
        top = a * window.dilation[0]
        rows = slice(top, top + (height - 1) * window.stride[0] + 1, window.stride[0])
        for b in range(window.kernel[1]):
            left = b * window.dilation[1]
            yield a, b, rows, slice(left, left + (width - 1) * window.stride[1] + 1, window.stride[1])
