"""3×3 filters on pictures of one channel, as the first layer of a network for digits: all taps stay in registers.

A vector holds the same tap of neighbouring filters. Forward the taps of two vectors (one where a processor has few
registers) meet a whole row of pixels; backward the sums for all taps run over a whole picture, and the gradient passes
ReLU's gate on the way, so that nothing is kept in between.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from core.kernels import simd
from core.kernels.jit import kernel
from core.kernels.processor import LANES
from core.kernels.simd import Builder, Value, intrinsic, members, whole
from core.kernels.tile import Sums

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

SIDE = 3
TAPS = SIDE * SIDE
_WIDE = (2 if LANES == 16 else 1) * LANES


def _windows(builder: Builder, corner: Value, line: Value, pixel: Value, channels: int) -> list[Value]:
    """Pointers to the numbers under the taps of a pixel."""
    pixel = builder.mul(pixel, whole(channels))
    rows = [builder.gep(corner, [builder.add(pixel, builder.mul(line, whole(row)))]) for row in range(SIDE)]
    return [builder.gep(row, [whole(number)]) for row in rows for number in range(SIDE * channels)]


def _seen(builder: Builder, pointer: Value) -> Value:
    return simd.spread(builder, builder.load(pointer, align=4))


def _vectors(builder: Builder, base: Value, count: int) -> list[Value]:
    return [simd.load(builder, builder.gep(base, [whole(LANES * number)])) for number in range(count)]


def make_row(vectors: int, channels: int = 1) -> Callable[..., None]:
    """A row of pixels for some vectors of filters on that many channels.

    row((frame, place, line), (filters, place, step to the next tap), (bias, place, floor),
        (output, place, step to the next pixel, pixels))
    """

    @intrinsic
    def row(typing: Any, frame: Any, filters: Any, start: Any, output: Any) -> Any:
        signature = types.void(frame, filters, start, output)

        def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
            kinds, parts = signature.args, members(builder, signature.args, arguments)
            corner, weights, bias, target = (simd.address(context, builder, kind[0], *part[:2])
                                             for kind, part in zip(kinds, parts, strict=True))
            taps = [_vectors(builder, builder.gep(weights, [builder.mul(parts[1][2], whole(tap))]), vectors)
                    for tap in range(TAPS * channels)]
            begin, floor = _vectors(builder, bias, vectors), simd.spread(builder, parts[2][2])
            with simd.counted(builder, parts[3][3]) as pixel:
                sums = list(begin)
                windows = _windows(builder, corner, parts[0][2], pixel, channels)
                for pointer, tap in zip(windows, taps, strict=True):
                    seen = _seen(builder, pointer)
                    sums = [simd.multiply_add(builder, seen, weight, total)
                            for weight, total in zip(tap, sums, strict=True)]
                place = builder.gep(target, [builder.mul(pixel, parts[3][2])])
                for number, total in enumerate(sums):
                    simd.store(builder, simd.not_below(builder, total, floor),
                               builder.gep(place, [whole(LANES * number)]))
            return context.get_dummy_value()

        return signature, generate

    return row


def make_gradients(vectors: int, channels: int = 1) -> Callable[..., None]:
    """Add what one picture gives to the gradients of some vectors of filters, and of their bias.

    gradients((frame, place, line), (gradient, place, step to the next pixel), (output, place, open),
              (sums, place, step to the next tap), (bias sums, place), (rows, pixels in a row))

    The gradient counts where the output is above 0, or everywhere where `open` is 1.
    """
    taps = TAPS * channels

    @intrinsic
    def gradients(typing: Any, frame: Any, gradient: Any, output: Any, sums: Any, bias: Any, count: Any) -> Any:
        signature = types.void(frame, gradient, output, sums, bias, count)

        def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
            kinds, parts = signature.args, members(builder, signature.args, arguments)
            base, given, made, target, below = (simd.address(context, builder, kind[0], *part[:2])
                                                for kind, part in zip(kinds[:5], parts[:5], strict=True))
            line, step, (rows, width) = parts[0][2], parts[1][2], parts[5]
            free = builder.icmp_signed("!=", parts[2][2], whole(0))
            found = Sums(builder, taps + 1, vectors)
            for tap in range(taps + 1):
                found.start_row(tap, [simd.constant(0)] * vectors)
            with simd.counted(builder, rows) as row, simd.counted(builder, width) as column:
                place = builder.mul(builder.add(builder.mul(row, width), column), step)
                slopes = _vectors(builder, builder.gep(given, [place]), vectors)
                values = _vectors(builder, builder.gep(made, [place]), vectors)
                slopes = [_gated(builder, slope, value, free) for slope, value in zip(slopes, values, strict=True)]
                corner = builder.gep(base, [builder.mul(row, line)])
                for tap, pointer in enumerate(_windows(builder, corner, line, column, channels)):
                    found.add_product(tap, _seen(builder, pointer), slopes)
                found.add_product(taps, simd.constant(1), slopes)
            for tap in range(taps + 1):
                start = below if tap == taps else builder.gep(target, [builder.mul(parts[3][2], whole(tap))])
                for number in range(vectors):
                    place = builder.gep(start, [whole(LANES * number)])
                    simd.store(builder, builder.fadd(simd.load(builder, place), found.take(tap, number)), place)
            return context.get_dummy_value()

        return signature, generate

    return gradients


def _gated(builder: Builder, slope: Value, value: Value, free: Value) -> Value:
    """The gradient where the value is above zero, or everywhere; else 0."""
    zero = simd.constant(0)
    passed = builder.select(builder.fcmp_ordered(">", value, zero), slope, zero)
    return builder.select(free, slope, passed)


_wide_row, _narrow_row = make_row(_WIDE // LANES), make_row(1)
_wide_gradients, _narrow_gradients = make_gradients(_WIDE // LANES), make_gradients(1)


@kernel
def convolve_planes(frames: Floats, filters: Floats, bias: Floats, output: Floats, floor: np.float32,
                    sizes: Integers) -> None:
    """output[p, y, x, o] = max(bias[o] + Σ frames[p, y + i, x + j] · filters[i, j, o], floor).

    sizes: pictures, start in frames, step to the next frame, numbers in a row of a frame; start in output, its height
    and width, filters (whole vectors).
    """
    pictures, frame_at, frame_step, line, output_at, height, width, count = sizes[:8]
    for picture in range(pictures):
        for row in range(height):
            corner = frame_at + picture * frame_step + row * line
            place = output_at + (picture * height + row) * width * count
            column = 0
            while count - column >= _WIDE:
                _wide_row((frames, corner, line), (filters, column, count), (bias, column, floor),
                          (output, place + column, count, width))
                column += _WIDE
            if column < count:
                _narrow_row((frames, corner, line), (filters, column, count), (bias, column, floor),
                            (output, place + column, count, width))


@kernel
def add_plane_gradients(frames: Floats, gradient: Floats, output: Floats, sums: Floats, bias_sums: Floats,
                        sizes: Integers) -> None:
    """sums[chunk, i, j, o] = Σ frames[p, y + i, x + j] · g[p, y, x, o] and bias_sums[chunk, o] = Σ g, over chunks.

    g is the gradient where the output is above 0, or everywhere where sizes say `open`. sizes: first picture and the
    one behind the last; pictures of a chunk, start in frames of the first picture, step to the next frame, numbers in
    a row of a frame; height, width and filters of the output; open; bias_sums' step to the next chunk. A range begins
    at a chunk.
    """
    first, end, chunk, frame_at, frame_step, line, height, width, count, free, bias_step = sizes[:11]
    for picture in range(first, end):
        at, bias_at = picture // chunk * TAPS * count, picture // chunk * bias_step
        if picture % chunk == 0:
            sums[at:at + TAPS * count] = np.float32(0)
            bias_sums[bias_at:bias_at + count] = np.float32(0)
        frame, place = frame_at + (picture - first) * frame_step, picture * height * width * count
        column = 0
        while count - column >= _WIDE:
            _wide_gradients((frames, frame, line), (gradient, place + column, count), (output, place + column, free),
                            (sums, at + column, count), (bias_sums, bias_at + column), (height, width))
            column += _WIDE
        if column < count:
            _narrow_gradients((frames, frame, line), (gradient, place + column, count), (output, place + column, free),
                              (sums, at + column, count), (bias_sums, bias_at + column), (height, width))
