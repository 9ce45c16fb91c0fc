"""Convolution by plain loops: any stride, padding, dilation and groups. Always right, not fast.

Maps lie as height × width × channels, weights as [window height][window width][channels of a group][filters]. `sizes`:
height, width, channels; output height and width, filters; window height and width; strides; dilations; padding at the
top and at the left; groups; pictures per slot.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import kernel

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


@kernel
def plain_forward(maps: Floats, weights: Floats, bias: Floats, target: Floats, sizes: Integers, first: int,
                  end: int) -> None:
    """y[o, i, j] = b[o] + Σ_c Σ_a Σ_b x[c, i·s + a·d, j·s + b·d]·w[o, c, a, b]."""
    height, width, channels, out_height, out_width, filters, tall, wide = sizes[:8]
    down, right, apart, beside, top, left, groups = sizes[8:15]
    inputs, outputs = channels // groups, filters // groups
    for place in range(first * out_height * out_width, end * out_height * out_width):
        picture, cell = place // (out_height * out_width), place % (out_height * out_width)
        made = target[place * filters:(place + 1) * filters]
        for number in range(filters):
            made[number] = bias[number]
        for tap in range(tall * wide):
            row = cell // out_width * down + tap // wide * apart - top
            column = cell % out_width * right + tap % wide * beside - left
            if row < 0 or row >= height or column < 0 or column >= width:
                continue
            pixel = ((picture * height + row) * width + column) * channels
            for channel in range(channels):
                group, number = channel // inputs, channel % inputs
                start = (tap * inputs + number) * filters + group * outputs
                weight = weights[start:start + outputs]
                sums = made[group * outputs:(group + 1) * outputs]
                value = maps[pixel + channel]
                for output in range(outputs):
                    sums[output] += value * weight[output]


@kernel
def plain_inputs(gradient: Floats, weights: Floats, target: Floats, sizes: Integers, first: int, end: int) -> None:
    """The gradient of the maps: each output pixel's gradient times the filters, added where its window lay."""
    height, width, channels, out_height, out_width, filters, tall, wide = sizes[:8]
    down, right, apart, beside, top, left, groups = sizes[8:15]
    inputs, outputs = channels // groups, filters // groups
    for index in range(first * height * width * channels, end * height * width * channels):
        target[index] = np.float32(0)
    for place in range(first * out_height * out_width, end * out_height * out_width):
        picture, cell = place // (out_height * out_width), place % (out_height * out_width)
        given = gradient[place * filters:(place + 1) * filters]
        for tap in range(tall * wide):
            row = cell // out_width * down + tap // wide * apart - top
            column = cell % out_width * right + tap % wide * beside - left
            if row < 0 or row >= height or column < 0 or column >= width:
                continue
            pixel = ((picture * height + row) * width + column) * channels
            for channel in range(channels):
                group, number = channel // inputs, channel % inputs
                start = (tap * inputs + number) * filters + group * outputs
                weight = weights[start:start + outputs]
                slope = given[group * outputs:(group + 1) * outputs]
                total = np.float32(0)
                for output in range(outputs):
                    total += slope[output] * weight[output]
                target[pixel + channel] += total


@kernel
def plain_weights(maps: Floats, gradient: Floats, slots: Floats, bias_slots: Floats, sizes: Integers, first: int,
                  end: int) -> None:
    """The gradients of weights and bias, one slot per chunk of pictures; chunks are whole."""
    height, width, channels, out_height, out_width, filters, tall, wide = sizes[:8]
    down, right, apart, beside, top, left, groups, per_slot = sizes[8:16]
    inputs, outputs, cells = channels // groups, filters // groups, out_height * out_width
    count = tall * wide * inputs * filters
    for place in range(first * cells, end * cells):
        picture, cell = place // cells, place % cells
        slot = picture // per_slot
        sums, bias = slots[slot * count:(slot + 1) * count], bias_slots[slot * filters:(slot + 1) * filters]
        if cell == 0 and picture % per_slot == 0:
            sums[:] = 0
            bias[:] = 0
        given = gradient[place * filters:(place + 1) * filters]
        for number in range(filters):
            bias[number] += given[number]
        for tap in range(tall * wide):
            row = cell // out_width * down + tap // wide * apart - top
            column = cell % out_width * right + tap % wide * beside - left
            if row < 0 or row >= height or column < 0 or column >= width:
                continue
            pixel = ((picture * height + row) * width + column) * channels
            for channel in range(channels):
                group, number = channel // inputs, channel % inputs
                start = (tap * inputs + number) * filters + group * outputs
                total = sums[start:start + outputs]
                slope = given[group * outputs:(group + 1) * outputs]
                value = maps[pixel + channel]
                for output in range(outputs):
                    total[output] += value * slope[output]
