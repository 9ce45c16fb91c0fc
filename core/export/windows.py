"""How far the windows of a pool reach, for programs that only round down."""

from core.layers.base import Shape
from core.layers.window import Window

Sides = tuple[int, int, int, int]
NO_PADDING: Sides = (0, 0, 0, 0)


def reach(window: Window, shape: Shape, output: Shape) -> tuple[Sides, tuple[int, int]]:
    """The padding that a pool needs so that rounding down gives its outputs, and what hangs over at the end of it.

    Rounding up, the last window may hang over the padding, or the padding behind be left unread.
    """
    pads = window.padded(*shape[1:])
    if not window.ceil:
        return pads, (0, 0)
    needed = [(output[1 + axis] - 1) * window.stride[axis] + window.kernel[axis] - shape[1 + axis] - pads[axis]
              for axis in (0, 1)]
    kept = [max(0, min(pads[2 + axis], needed[axis])) for axis in (0, 1)]
    return (pads[0], pads[1], kept[0], kept[1]), (max(0, needed[0] - kept[0]), max(0, needed[1] - kept[1]))


def together(pads: Sides, over: tuple[int, int]) -> Sides:
    """The padding with what hangs over."""
    return (pads[0], pads[1], pads[2] + over[0], pads[3] + over[1])
