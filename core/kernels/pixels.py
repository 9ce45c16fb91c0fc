"""Pixels and filters change places: a vector for each filter with pixels in its lanes, or pixels behind each other."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from core.kernels import simd
from core.kernels.jit import helper, kernel
from core.kernels.processor import LANES
from core.kernels.simd import Builder, Value, intrinsic, members, whole
from core.kernels.turning import turn_square

Floats = NDArray[np.float32]

TOGETHER = LANES // 2  # filters that are put in order at once
_STRETCH = 1024  # pixels of some channels that are turned before the next channels
_INT32 = ir.IntType(32)
_INDICES = ir.VectorType(_INT32, LANES)


def _zipped(builder: Builder, vectors: list[Value]) -> list[Value]:
    """From a vector per filter, with pixels in its lanes, to pixels behind each other with all filters of each."""
    half = len(vectors) // 2
    rounds, found = half.bit_length(), vectors
    for _ in range(rounds):
        found = [builder.shuffle_vector(found[number], found[number + half], _turns(part))
                 for number in range(half) for part in (0, 1)]
    return found


def _unzipped(builder: Builder, vectors: list[Value]) -> list[Value]:
    """The way back of `_zipped`."""
    half = len(vectors) // 2
    rounds, found = half.bit_length(), vectors
    for _ in range(rounds):
        found = [builder.shuffle_vector(found[2 * number], found[2 * number + 1], _every_other(part))
                 for part in (0, 1) for number in range(half)]
    return found


def _turns(part: int) -> Value:
    """Lanes of two vectors in turn, beginning with the first half of both or with the second."""
    first = part * LANES // 2
    return ir.Constant(_INDICES, [first + lane // 2 + lane % 2 * LANES for lane in range(LANES)])


def _every_other(part: int) -> Value:
    """The even or odd lanes of two vectors behind each other."""
    return ir.Constant(_INDICES, [2 * lane + part for lane in range(LANES)])


@intrinsic
def store_pixels(typing: Any, room: Any, output: Any, live: Any) -> Any:
    """Write a row of windows, a vector for each of up to `TOGETHER` filters, as pixels with their filters.

    store_pixels((room, place, step), (output, place, step), (filters, pixels, loose)). With `loose` what is written
    behind a pixel's filters is overwritten by the next pixels'; nothing is written behind the last.
    """
    signature = types.void(room, output, live)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        start, target = (simd.address(context, builder, kind[0], *part[:2])
                         for kind, part in zip(kinds[:2], parts[:2], strict=True))
        filters, pixels, loose = parts[2]
        given = []
        for number in range(TOGETHER):
            row = builder.select(builder.icmp_signed("<", whole(number), filters), whole(number), whole(0))
            given.append(simd.load(builder, builder.gep(start, [builder.mul(row, parts[0][2])])))
        made, mask = _zipped(builder, given), simd.first_lanes(builder, filters)
        freely = builder.icmp_signed("!=", loose, whole(0))
        for pixel in range(LANES):
            lanes = [pixel % 2 * TOGETHER + lane for lane in range(TOGETHER)]
            vector, place = made[pixel // 2], builder.gep(target, [builder.mul(parts[1][2], whole(pixel))])
            left = builder.mul(builder.sub(pixels, whole(pixel)), filters)
            more = builder.icmp_signed(">=", left, whole(TOGETHER))
            with builder.if_else(builder.and_(more, freely), likely=True) as (wide, narrow):
                with wide:
                    kind = ir.Constant(ir.VectorType(_INT32, TOGETHER), lanes)
                    short = builder.shuffle_vector(vector, vector, kind)
                    builder.store(short, builder.bitcast(place, short.type.as_pointer()), align=4)
                with narrow, builder.if_then(builder.icmp_signed("<", whole(pixel), pixels)):
                    kind = ir.Constant(_INDICES, lanes + lanes)
                    simd.masked_store(builder, builder.shuffle_vector(vector, vector, kind), place, mask)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def load_pixels(typing: Any, given: Any, room: Any, live: Any) -> Any:
    """The way back: pixels with their filters to a vector for each filter, with 0 behind the last pixel.

    load_pixels((given, place, step), (room, place, step), (filters, pixels))
    """
    signature = types.void(given, room, live)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        start, target = (simd.address(context, builder, kind[0], *part[:2])
                         for kind, part in zip(kinds[:2], parts[:2], strict=True))
        filters, pixels = parts[2]
        short = ir.VectorType(simd.FLOAT, TOGETHER).as_pointer()
        loaded = []
        for pixel in range(LANES):
            column = builder.select(builder.icmp_signed("<", whole(pixel), pixels), whole(pixel), whole(0))
            place = builder.gep(start, [builder.mul(parts[0][2], column)])
            loaded.append(builder.load(builder.bitcast(place, short), align=4))
        both = ir.Constant(_INDICES, list(range(LANES)))
        pairs = [builder.shuffle_vector(*loaded[number:number + 2], both) for number in range(0, LANES, 2)]
        mask = simd.first_lanes(builder, pixels)
        for number, vector in enumerate(_unzipped(builder, pairs)):
            with builder.if_then(builder.icmp_signed("<", whole(number), filters)):
                place = builder.gep(target, [builder.mul(parts[1][2], whole(number))])
                simd.store(builder, builder.select(mask, vector, simd.constant(0)), place)
        return context.get_dummy_value()

    return signature, generate


@helper
def _turn_squares(given: Floats, made: Floats, start: int, channels: int, pixels: int) -> None:
    """Turn a picture square by square; the last ones overlap those before, so that none is cut.

    Some channels are read a good way on before the next ones, as memory likes it.
    """
    for low in range(0, pixels, _STRETCH):
        for square in range(0, channels, LANES):
            channel = min(square, channels - LANES)
            for place in range(low, min(low + _STRETCH, pixels), LANES):
                pixel = min(place, pixels - LANES)
                turn_square((given, start + channel * pixels + pixel, pixels),
                            (made, start + pixel * channels + channel, channels))


@kernel
def turn_pictures(given: Floats, made: Floats, channels: int, pixels: int, first: int, end: int) -> None:
    """made[n][pixel][channel] = given[n][channel][pixel] for the pictures n from first to end; reads nothing else."""
    size = channels * pixels
    for picture in range(first, end):
        start = picture * size
        if min(channels, pixels) >= LANES:
            _turn_squares(given, made, start, channels, pixels)
            continue
        for pixel in range(0, pixels - LANES + 1, LANES):
            for channel in range(0, channels, TOGETHER):
                store_pixels((given, start + channel * pixels + pixel, pixels),
                             (made, start + pixel * channels + channel, channels),
                             (min(TOGETHER, channels - channel), LANES, channels <= TOGETHER))
        for channel in range(channels):
            for pixel in range(pixels - pixels % LANES, pixels):
                made[start + pixel * channels + channel] = given[start + channel * pixels + pixel]
