"""Moving feature maps (N×H×W×C): into a padded frame and back, through a fused pool, through the gate of ReLU.

Places and sizes come as one flat int64 array `sizes`; each kernel says what is in it.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.gating import gate_pixels, sum_pixels
from core.kernels.jit import kernel
from core.kernels.processor import LANES
from core.kernels.vector_steps import copy_run, pool_step, unpool_step

Floats = NDArray[np.float32]
Bytes = NDArray[np.int8]
Integers = NDArray[np.int64]


@kernel
def copy_maps(source: Floats, target: Floats, sizes: Integers) -> None:
    """Copy the same rows of each picture between two frames: padding writes inside one, cropping reads inside one.

    sizes: pictures, rows, numbers in a row; source's start, step to the next picture, to the next row; target's same.
    """
    pictures, rows, length, source_start, source_picture, source_row = sizes[:6]
    target_start, target_picture, target_row = sizes[6:9]
    for picture in range(pictures):
        for row in range(rows):
            copy_run(source, source_start + picture * source_picture + row * source_row,
                     target, target_start + picture * target_picture + row * target_row, length)


@kernel
def copy_gated(source: Floats, seen: Floats, target: Floats, sizes: Integers) -> None:
    """The same where `seen`, which lies as the target does, is above 0; 0 elsewhere: on through a ReLU's gate."""
    pictures, rows, length, source_start, source_picture, source_row = sizes[:6]
    target_start, target_picture, target_row = sizes[6:9]
    for picture in range(pictures):
        for row in range(rows):
            place = target_start + picture * target_picture + row * target_row
            from_here = source_start + picture * source_picture + row * source_row
            given, gate = source[from_here:from_here + length], seen[place:place + length]
            made = target[place:place + length]
            for index in range(length):
                made[index] = given[index] if gate[index] > 0 else np.float32(0)


@kernel
def clear(target: Floats, start: int, end: int) -> None:
    """Set target[start:end] to zero."""
    target[start:end] = np.float32(0)


@kernel
def pool_by_two(maps: Floats, pooled: Floats, winners: Bytes, floor: np.float32, sizes: Integers) -> None:
    """The largest of each 2×2 window, not below `floor` (0 is ReLU, −infinity none), and which corner it was.

    sizes: pictures, height and width of `maps`, channels; start of maps, of pooled, of winners; winners' step to the
    next picture; number of nobody (4 with ReLU, 0 without). An odd last row or column is left out.
    """
    pictures, height, width, channels, maps_at, pooled_at, winners_start, winners_step, nobody = sizes[:9]
    for picture in range(pictures):
        winners_at = winners_start + picture * winners_step
        for row in range(height // 2):
            place = maps_at + ((picture * height + 2 * row) * width) * channels
            for _ in range(width // 2):
                for channel in range(0, channels, LANES):
                    pool_step((maps, place + channel, channels, width * channels),
                              (pooled, pooled_at + channel, channels - channel),
                              (winners, winners_at + channel), (floor, nobody))
                place += 2 * channels
                pooled_at += channels
                winners_at += channels


@kernel
def unpool_by_two(gradient: Floats, winners: Bytes, maps: Floats, sums: Floats, sizes: Integers) -> None:
    """The gradient goes to the winner of each 2×2 window, 0 elsewhere; its sum per channel is added to `sums`.

    sizes: pictures, height and width of `maps`, channels; start of gradient, of maps, of winners; winners' step to the
    next picture; number of the first picture, pictures per slot, sums' step to the next slot.
    """
    pictures, height, width, channels, gradient_at, maps_at, winners_start, winners_step = sizes[:8]
    first, per_slot, slot_step = sizes[8:11]
    for picture in range(pictures):
        winners_at = winners_start + picture * winners_step
        sums_at = (first + picture) // per_slot * slot_step
        if height % 2 or width % 2:
            start = maps_at + picture * height * width * channels
            for index in range(start, start + height * width * channels):
                maps[index] = np.float32(0)
        for row in range(height // 2):
            place = maps_at + ((picture * height + 2 * row) * width) * channels
            for _ in range(width // 2):
                for channel in range(0, channels, LANES):
                    unpool_step((gradient, gradient_at + channel, channels - channel),
                                (winners, winners_at + channel),
                                (maps, place + channel, channels, width * channels), (sums, sums_at + channel))
                place += 2 * channels
                gradient_at += channels
                winners_at += channels


@kernel
def gate_maps(gradient: Floats, output: Floats, target: Floats, sums: Floats, floor: np.float32,
              sizes: Integers) -> None:
    """target = gradient where output > floor, else 0: ReLU's gradient; its sum per channel is added to `sums`.

    sizes: pictures, pixels, channels; start of gradient and output, of target; number of the first picture, pictures
    per slot, sums' step to the next slot.
    """
    pictures, pixels, channels, place, target_at, first, per_slot, slot_step = sizes[:8]
    for picture in range(pictures):
        sums_at = (first + picture) // per_slot * slot_step
        here = picture * pixels * channels
        gate_pixels(gradient, output, (place + here, place + here), target, target_at + here, sums, sums_at, floor,
                    pixels, channels)


@kernel
def sum_maps(values: Floats, sums: Floats, sizes: Integers) -> None:
    """Add the sum over pixels of each channel to `sums`: the gradient of a bias.

    sizes: pictures, pixels, channels; start of values; number of the first picture, pictures per slot, sums' step to
    the next slot.
    """
    pictures, pixels, channels, place, first, per_slot, slot_step = sizes[:7]
    for picture in range(pictures):
        sums_at = (first + picture) // per_slot * slot_step
        sum_pixels(values, place + picture * pixels * channels, sums, sums_at, pixels, channels)


@kernel
def rearrange(source: Floats, target: Floats, places: NDArray[np.int32], first: int, end: int) -> None:
    """target[i] = source[places[i]] in each of the pictures first to end."""
    length = places.size
    for picture in range(first, end):
        given, made = source[picture * length:(picture + 1) * length], target[picture * length:(picture + 1) * length]
        for index in range(length):
            made[index] = given[places[index]]
