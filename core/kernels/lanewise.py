"""Convolutions lane by lane: each output channel looks at one channel, or a few, of its own group.

x lies as the outputs do: for each plane, number i of every group's channels, pixels × output channels. `sizes` is a
flat int64 array, so that a layer lays it out once.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import kernel
from core.kernels.lane_tile import LANE_ROWS, lane_sums, lane_tile
from core.kernels.processor import LANES

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


@kernel
def lane_rows(x: Floats, w: Floats, y: Floats, bias: Floats, rows: Integers, offsets: Integers, floor: np.float32,
              sizes: Integers) -> None:
    """For each picture and row r: y[place(r) + lane] = max(bias[lane] + Σ_t x[place(r) + offset(t) + lane]·w[t, lane]).

    rows: the place of each row in x and in y, and how many lanes of it are stored, [3, rows]. sizes: pictures, x's
    start, x's step to the next picture, the same two of y; first row, end row; first tap in `offsets` and w, how many;
    lanes in a row of w, a multiple of a vector's.
    """
    pictures, x_start, x_picture, y_start, y_picture, first_row, end_row, first_tap, taps, length = sizes[:10]
    x_rows, y_rows, lives = rows[0], rows[1], rows[2]
    for picture in range(pictures):
        x_here, y_here = x_start + picture * x_picture, y_start + picture * y_picture
        for lane in range(0, length, LANES):
            for row in range(first_row, end_row, LANE_ROWS):
                lane_tile((x, x_here, x_rows), (w, first_tap * length, length), (y, y_here, y_rows, lives),
                          (bias, 0, floor), (offsets, first_tap, taps), (row, min(LANE_ROWS, end_row - row), lane))


@kernel
def lane_columns(x: Floats, dy: Floats, slots: Floats, offsets: Integers, sizes: Integers) -> None:
    """For each slot of pictures and tap t: slot[t, lane] = Σ x[offset(t) + s, k, lane] · dy[s, k, lane] over pixels.

    sizes: first and end picture, pictures per slot; x's start, its step to the next picture, the same two of dy;
    segments, x's and dy's step to the next segment; whole vectors in a segment, x's and dy's step to the next one,
    lanes left over behind them; taps; lanes in a row of a slot.
    """
    first_picture, end_picture, per_slot, x_start, x_picture, dy_start, dy_picture = sizes[:7]
    segments, x_segment, dy_segment, depth, x_step, dy_step, rest, taps, length = sizes[7:16]
    walk = (segments, x_segment, dy_segment, depth, x_step, dy_step, rest)
    for picture in range(first_picture, end_picture):
        x_here = x_start + (picture - first_picture) * x_picture
        dy_here = dy_start + (picture - first_picture) * dy_picture
        slot = picture // per_slot * taps * length
        if picture % per_slot == 0:
            for index in range(slot, slot + taps * length):
                slots[index] = np.float32(0)
        for lane in range(0, length, LANES):
            for tap in range(0, taps, LANE_ROWS):
                lane_sums((x, x_here + lane, offsets), (dy, dy_here + lane), (slots, slot + lane, length), walk,
                          (tap, min(LANE_ROWS, taps - tap)))
