"""3×3 filters on pictures of three channels, as the first layer of a network for photographs: all taps in registers.

As in `planes`, but with one vector of filters at a time: its 27 taps fill the registers of processors that have 32.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import kernel
from core.kernels.planes import TAPS, make_gradients, make_row
from core.kernels.processor import LANES

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

CHANNELS = 3
_TAPS = TAPS * CHANNELS

_row, _gradients = make_row(1, CHANNELS), make_gradients(1, CHANNELS)


@kernel
def convolve_colours(frames: Floats, filters: Floats, bias: Floats, output: Floats, floor: np.float32,
                     sizes: Integers) -> None:
    """output[p, y, x, o] = max(bias[o] + Σ frames[p, y + i, x + j, c] · filters[i, j, c, o], floor).

    sizes as for `convolve_planes`.
    """
    pictures, frame_at, frame_step, line, output_at, height, width, count = sizes[:8]
    for picture in range(pictures):
        for row in range(height):
            corner = frame_at + picture * frame_step + row * line
            place = output_at + (picture * height + row) * width * count
            for column in range(0, count, LANES):
                _row((frames, corner, line), (filters, column, count), (bias, column, floor),
                     (output, place + column, count, width))


@kernel
def add_colour_gradients(frames: Floats, gradient: Floats, output: Floats, sums: Floats, bias_sums: Floats,
                         sizes: Integers) -> None:
    """sums[chunk, i, j, c, o] = Σ frames[p, y + i, x + j, c] · g[p, y, x, o] and bias_sums[chunk, o] = Σ g.

    g, sizes and chunks as for `add_plane_gradients`.
    """
    first, end, chunk, frame_at, frame_step, line, height, width, count, free, bias_step = sizes[:11]
    for picture in range(first, end):
        at, bias_at = picture // chunk * _TAPS * count, picture // chunk * bias_step
        if picture % chunk == 0:
            sums[at:at + _TAPS * count] = np.float32(0)
            bias_sums[bias_at:bias_at + count] = np.float32(0)
        frame, place = frame_at + (picture - first) * frame_step, picture * height * width * count
        for column in range(0, count, LANES):
            _gradients((frames, frame, line), (gradient, place + column, count), (output, place + column, free),
                       (sums, at + column, count), (bias_sums, bias_at + column), (height, width))
