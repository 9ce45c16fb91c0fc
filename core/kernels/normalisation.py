"""Batch normalisation: sums per channel for each chunk of pictures, then the numbers themselves.

Pictures are `length` numbers, pixels × channels. Tables and sums are `width` numbers long, the channels repeated until
they fill whole vectors. Sums over a chunk are kept in double precision, and those of squares are taken around a number
near the mean, so a large mean does not swallow the variance. `sizes` is length, width, pictures per chunk, channels.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.kernels import simd
from core.kernels.jit import kernel
from core.kernels.simd import Builder, Value
from core.kernels.sweeps import STRETCH, make_sweep

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]


def _squares(builder: Builder, numbers: Sequence[Value], factors: Sequence[Value]) -> tuple[list[Value], list[Value]]:
    """x, around a shift: x − shift and its square are added up."""
    centred = builder.fsub(numbers[0], factors[0])
    return [], [centred, builder.fmul(centred, centred)]


def _normal(builder: Builder, x: Value, factors: Sequence[Value]) -> Value:
    """(x − mean)·factor + shift."""
    return simd.multiply_add(builder, builder.fsub(x, factors[0]), factors[1], factors[2])


def _number(builder: Builder, numbers: Sequence[Value], factors: Sequence[Value]) -> tuple[list[Value], list[Value]]:
    """x, with mean, factor, shift, floor."""
    return [simd.not_below(builder, _normal(builder, numbers[0], factors), factors[3])], []


def _number_and_other(builder: Builder, numbers: Sequence[Value],
                      factors: Sequence[Value]) -> tuple[list[Value], list[Value]]:
    """x and another branch's number, with mean, factor, shift, floor."""
    made = builder.fadd(_normal(builder, numbers[0], factors), numbers[1])
    return [simd.not_below(builder, made, factors[3])], []


def _gated(builder: Builder, slope: Value, made: Value, floor: Value) -> Value:
    """The gradient where the output is above the floor."""
    return builder.select(builder.fcmp_ordered(">", made, floor), slope, simd.constant(0))


def _slopes(builder: Builder, numbers: Sequence[Value], factors: Sequence[Value]) -> tuple[list[Value], list[Value]]:
    """dy and x, with mean, factor, shift, floor: the gradient g behind ReLU, and g·(x − mean), are added up."""
    dy, x = numbers
    passed = _gated(builder, dy, _normal(builder, x, factors), factors[3])
    return [], [passed, builder.fmul(passed, builder.fsub(x, factors[0]))]


def _joined_slopes(builder: Builder, numbers: Sequence[Value],
                   factors: Sequence[Value]) -> tuple[list[Value], list[Value]]:
    """dy, another reader's, y and x: as `_slopes`, with the gate seen from y; g is stored as well."""
    one, other, y, x = numbers
    total = simd.multiply_add(builder, other, factors[4], one)
    passed = _gated(builder, total, y, factors[3])
    return [passed], [passed, builder.fmul(passed, builder.fsub(x, factors[0]))]


def _slope(builder: Builder, numbers: Sequence[Value], factors: Sequence[Value]) -> tuple[list[Value], list[Value]]:
    """dy and x, with mean, factor, shift, floor, offset, slope: the gradient of x."""
    dy, x = numbers
    passed = _gated(builder, dy, _normal(builder, x, factors), factors[3])
    rest = builder.fsub(passed, factors[4])
    return [builder.fmul(builder.fsub(rest, builder.fmul(builder.fsub(x, factors[0]), factors[5])), factors[1])], []


_sum_squares = make_sweep(_squares, 1, sums=2)
_make = make_sweep(_number, 4)
_make_sum = make_sweep(_number_and_other, 4)
_sum_slopes = make_sweep(_slopes, 4, sums=2)
_join_slopes = make_sweep(_joined_slopes, 5, sums=2)
_make_slope = make_sweep(_slope, 6)


@kernel
def channel_sums(values: Floats, shifts: Floats, sums: Doubles, sizes: Integers, first: int, end: int) -> None:
    """sums[chunk] = Σ (x − shift) and Σ (x − shift)², shifts[chunk] = the first pixel; chunks are whole."""
    length, width, per_chunk, channels = sizes[:4]
    for start in range(first, end, per_chunk):
        place = start // per_chunk * width
        for index in range(width):
            shifts[place + index] = values[start * length + index % channels]
        sums[2 * place:2 * (place + width)] = 0.0
        stop = min(start + per_chunk, end) * length
        for here in range(start * length, stop, STRETCH * width):
            _sum_squares((values, here), (), (shifts[place:place + width], width), (sums, 2 * place, width),
                         (min(STRETCH * width, stop - here), width))


@kernel
def statistics(shifts: Floats, sums: Doubles, found: Doubles, sizes: Integers, pictures: int) -> None:
    """found = mean and variance of each channel, [2, channels], from the sums of a batch of so many pictures."""
    length, width, per_chunk, channels = sizes[:4]
    pixels = length // channels
    chunks = (pictures + per_chunk - 1) // per_chunk
    total = pictures * pixels
    for channel in range(channels):
        mean = 0.0
        for chunk in range(chunks):
            count = min(per_chunk, pictures - chunk * per_chunk) * pixels
            mean += count * np.float64(shifts[chunk * width + channel])
            for index in range(channel, width, channels):
                mean += sums[2 * chunk * width + index]
        mean /= total
        variance = 0.0
        for chunk in range(chunks):
            count = min(per_chunk, pictures - chunk * per_chunk) * pixels
            away = np.float64(shifts[chunk * width + channel]) - mean
            variance += count * away * away
            for index in range(channel, width, channels):
                place = 2 * chunk * width + index
                variance += sums[place + width] + 2.0 * away * sums[place]
        found[channel], found[channels + channel] = mean, max(variance / total, 0.0)


@kernel
def fill_table(found: Doubles, weight: Floats, bias: Floats, settings: Doubles, table: Floats, sizes: Integers) -> None:
    """Rows of the table: mean, factor γ / √(variance + ε), shift β, floor. settings: ε, floor."""
    width, channels = sizes[1], sizes[3]
    for index in range(width):
        channel = index % channels
        table[index] = found[channel]
        table[width + index] = weight[channel] / np.sqrt(found[channels + channel] + settings[0])
        table[2 * width + index] = bias[channel]
        table[3 * width + index] = settings[1]


@kernel
def normalise(values: Floats, target: Floats, table: Floats, sizes: Integers, first: int, end: int) -> None:
    """target = max((x − mean)·factor + shift, floor): floor 0 is ReLU, −infinity none. The table is `fill_table`'s."""
    length, width = sizes[:2]
    for here in range(first * length, end * length, STRETCH * width):
        _make((values, here), (target, here), (table, width), (), (min(STRETCH * width, end * length - here), width))


@kernel
def normalise_and_add(values: Floats, other: Floats, target: Floats, table: Floats, sizes: Integers, first: int,
                      end: int) -> None:
    """target = max((x − mean)·factor + shift + other, floor)."""
    length, width = sizes[:2]
    for here in range(first * length, end * length, STRETCH * width):
        _make_sum((values, here, other, here), (target, here), (table, width), (),
                  (min(STRETCH * width, end * length - here), width))


@kernel
def gradient_sums(gradient: Floats, values: Floats, table: Floats, sums: Doubles, sizes: Integers, first: int,
                  end: int) -> None:
    """sums[chunk] = Σ g and then Σ g·(x − mean), g the gradient where the output is above the floor, else 0."""
    length, width, per_chunk = sizes[:3]
    for start in range(first, end, per_chunk):
        place = start // per_chunk * 2 * width
        sums[place:place + 2 * width] = 0.0
        stop = min(start + per_chunk, end) * length
        for here in range(start * length, stop, STRETCH * width):
            _sum_slopes((gradient, here, values, here), (), (table, width), (sums, place, width),
                        (min(STRETCH * width, stop - here), width))


@kernel
def joined_gradient_sums(gradient: Floats, other: Floats, output: Floats, values: Floats, target: Floats,
                         table: Floats, sums: Doubles, sizes: Integers, first: int, end: int) -> None:
    """As `gradient_sums` for g of gradient + share·other, with target = g; any of the arrays may be the target.

    The table has one more row: the share, 0 where nobody else reads the output.
    """
    length, width, per_chunk = sizes[:3]
    for start in range(first, end, per_chunk):
        place = start // per_chunk * 2 * width
        sums[place:place + 2 * width] = 0.0
        stop = min(start + per_chunk, end) * length
        for here in range(start * length, stop, STRETCH * width):
            _join_slopes((gradient, here, other, here, output, here, values, here), (target, here), (table, width),
                         (sums, place, width), (min(STRETCH * width, stop - here), width))


@kernel
def add_up(sums: Doubles, totals: Doubles, sizes: Integers, pictures: int) -> None:
    """totals = both sums of each channel over the chunks of so many pictures, [2, channels]."""
    width, per_chunk, channels = sizes[1], sizes[2], sizes[3]
    chunks = (pictures + per_chunk - 1) // per_chunk
    for row in range(2):
        for channel in range(channels):
            total = 0.0
            for chunk in range(chunks):
                for index in range(channel, width, channels):
                    total += sums[(2 * chunk + row) * width + index]
            totals[row * channels + channel] = total


@kernel
def fill_slopes(found: Doubles, totals: Doubles, settings: Doubles, table: Floats, slopes: Floats, sizes: Integers,
                count: int) -> None:
    """Six rows: mean, factor, shift of `table`; floor; offset Σg/n; slope Σg·(x − mean)/(n·(variance + ε)).

    settings: ε, floor.
    """
    width, channels = sizes[1], sizes[3]
    for index in range(3 * width):
        slopes[index] = table[index]
    for index in range(width):
        channel = index % channels
        slopes[3 * width + index] = settings[1]
        slopes[4 * width + index] = totals[channel] / count
        slopes[5 * width + index] = totals[channels + channel] / (count * (found[channels + channel] + settings[0]))


@kernel
def weight_gradients(found: Doubles, totals: Doubles, epsilon: float, weight: Floats, bias: Floats) -> None:
    """The gradients of γ, Σg·(x − mean)/√(variance + ε), and of β, Σg."""
    channels = bias.size
    for channel in range(channels):
        weight[channel] = totals[channels + channel] / np.sqrt(found[channels + channel] + epsilon)
        bias[channel] = totals[channel]


@kernel
def follow(found: Doubles, mean: Floats, variance: Floats, momentum: float, count: int) -> None:
    """Running statistics take a share of the batch's; the variance is the unbiased one of `count` numbers."""
    channels = mean.size
    unbiased = count / max(1, count - 1)
    for channel in range(channels):
        mean[channel] = (1 - momentum) * mean[channel] + momentum * found[channel]
        variance[channel] = (1 - momentum) * variance[channel] + momentum * unbiased * found[channels + channel]


@kernel
def normalise_gradient(gradient: Floats, values: Floats, target: Floats, table: Floats, sizes: Integers, first: int,
                       end: int) -> None:
    """target = (g − offset − (x − mean)·slope)·factor, the gradient through the batch's own mean and variance."""
    length, width = sizes[:2]
    for here in range(first * length, end * length, STRETCH * width):
        _make_slope((gradient, here, values, here), (target, here), (table, width), (),
                    (min(STRETCH * width, end * length - here), width))
