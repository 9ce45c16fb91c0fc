"""Sliding windows: one rule for the output size of convolution and pooling, and its arithmetic in words.

Source of the formulas: lecture topic 2.3, (N − F + 2P)/S + 1; dilation and ceil follow PyTorch.
"""

import math
from dataclasses import dataclass

Padding = str | tuple[int, int, int, int]


@dataclass(frozen=True)
class Window:
    """A window that slides over height and width. Pairs are (height, width); padding is (top, left, bottom, right)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: Padding
    ceil: bool = False

    def reach(self, axis: int) -> int:
        """How many pixels one window spans along an axis: dilation·(kernel − 1) + 1."""
        return self.dilation[axis] * (self.kernel[axis] - 1) + 1

    def padded(self, height: int, width: int) -> tuple[int, int, int, int]:
        """The padding in pixels (top, left, bottom, right) on a picture of this size."""
        if self.padding == "valid":
            return (0, 0, 0, 0)
        if isinstance(self.padding, tuple):
            return self.padding
        missing = [max(0, (-(-size // self.stride[axis]) - 1) * self.stride[axis] + self.reach(axis) - size)
                   for axis, size in enumerate((height, width))]
        return (missing[0] // 2, missing[1] // 2, missing[0] - missing[0] // 2, missing[1] - missing[1] // 2)

    def output(self, height: int, width: int) -> tuple[int, int]:
        """Number of window positions along height and width; 0 or less where the window does not fit."""
        pads = self.padded(height, width)
        return (self._positions(height, 0, pads[0], pads[2]), self._positions(width, 1, pads[1], pads[3]))

    def _positions(self, size: int, axis: int, before: int, after: int) -> int:
        room = size + before + after - self.reach(axis)
        if room < 0:
            return room // self.stride[axis] + 1 if self.stride[axis] == 1 else 0
        if not self.ceil:
            return room // self.stride[axis] + 1
        count = -(-room // self.stride[axis]) + 1
        # PyTorch drops a last window that would start in the padding behind the picture.
        return count - 1 if (count - 1) * self.stride[axis] >= size + before else count

    def unread(self, height: int, width: int) -> tuple[int, int]:
        """How many real rows and columns at the bottom and right no window ever covers."""
        pads = self.padded(height, width)
        outs = self.output(height, width)
        left = []
        for axis, size in enumerate((height, width)):
            last = (outs[axis] - 1) * self.stride[axis] + self.reach(axis) - pads[axis]
            left.append(max(0, size - last) if outs[axis] > 0 else 0)
        return (left[0], left[1])

    def skips(self, axis: int) -> int:
        """Every how many rows (or columns) one is read, where a stride leaves gaps; 1 = none skipped."""
        return self.stride[axis] if self.kernel[axis] == 1 and self.stride[axis] > 1 else 1

    def formula(self, size: int, axis: int, pads: tuple[int, int, int, int]) -> str:
        """The output size along one axis as arithmetic: "(28 − 5 + 2·2)/1 + 1 = 28"."""
        before, after = (pads[0], pads[2]) if axis == 0 else (pads[1], pads[3])
        span = str(self.kernel[axis])
        if self.dilation[axis] != 1:
            span = f"({self.dilation[axis]}·({self.kernel[axis]} − 1) + 1)"
        pad = f" + 2·{before}" if before == after else f" + {before} + {after}"
        pad = pad if before or after else ""
        stride = self.stride[axis]
        exact = (size + before + after - self.reach(axis)) / stride + 1
        counted = self._positions(size, axis, before, after)
        text = f"({size} − {span}{pad})/{stride} + 1 = {_number(exact)}"
        if exact == counted or exact < 1:
            return text
        return f"{text}, rounded {'up' if counted > exact else 'down'} to {counted}"


def _number(value: float) -> str:
    if value == int(value):
        return str(int(value)).replace("-", "−")
    return f"{math.floor(value * 100 + 0.5) / 100:.2f}".replace("-", "−")
