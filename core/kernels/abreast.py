"""5×5 convolution with pictures side by side: each lane of a vector belongs to a picture of its own.

Where channels and filters are few, pixels or filters would leave lanes idle or have to be shuffled; pictures never do.
The arithmetic is Winograd's F(2×2, 5×5): 36 products make the 2×2 outputs that take 100 by the definition, with the
same positions as F(4×4, 3×3) (see `winograd`); a 2×2 pool behind it takes the largest of exactly these four.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from core.kernels import simd
from core.kernels.jit import helper, kernel
from core.kernels.processor import LANES
from core.kernels.simd import Builder, Value, intrinsic, members, whole
from core.kernels.tile import Sums
from core.kernels.turning import turn_in, turn_out
from core.kernels.vector_steps import CLIPPED, keep_largest
from core.kernels.winograd import Vector, data

Floats = NDArray[np.float32]
Bytes = NDArray[np.int8]
Integers = NDArray[np.int64]

# Filters, and on the way back channels, whose sums stay in registers together.
FILTERS, CHANNELS = (4, 3) if LANES == 16 else (2, 2)
KERNEL, SIDE = 5, 6  # weights of a filter, positions of a patch across and down
_BLOCK = 2  # outputs of a patch across and down


def outputs(m: Sequence[Vector]) -> list[Vector]:
    """Aᵀ: 6 positions to 2 outputs."""
    return [m[0] + (m[1] + m[2]) + (m[3] + m[4]), (m[1] - m[2]) + 2 * (m[3] - m[4]) + m[5]]


@intrinsic
def spread_six(typing: Any, source: Any, target: Any) -> Any:
    """Six vectors to six positions: (values, place, step), (target, place, step)."""
    signature = types.void(source, target)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        start, end = (simd.address(context, builder, kind[0], *part[:2])
                      for kind, part in zip(kinds, parts, strict=True))
        given = [Vector(builder, simd.load(builder, place)) for place in along(builder, start, parts[0][2])]
        for vector, place in zip(data(given), along(builder, end, parts[1][2]), strict=True):
            simd.store(builder, vector.value, place)
        return context.get_dummy_value()

    return signature, generate


def along(builder: Builder, start: Value, step: Value) -> list[Value]:
    """Pointers to six vectors or rows."""
    return [builder.gep(start, [builder.mul(step, whole(number))]) for number in range(SIDE)]


@intrinsic
def _multiply(typing: Any, positions: Any, filters: Any, made: Any) -> Any:
    """A row of six positions of a patch times `FILTERS` filters, summed over channels, then across to two outputs.

    _multiply((positions, place, channels), (filters, place), (made, place)); made is [filter][2].
    """
    signature = types.void(positions, filters, made)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        given, weights, target = (simd.address(context, builder, kind[0], *part[:2])
                                  for kind, part in zip(kinds, parts, strict=True))
        sums = Sums(builder, FILTERS, SIDE)
        sums.start([simd.constant(0)] * SIDE)
        with simd.counted(builder, parts[0][2]) as channel:
            row = builder.gep(given, [builder.mul(channel, whole(SIDE * LANES))])
            scalars = builder.gep(weights, [builder.mul(channel, whole(SIDE * FILTERS))])
            for position in range(SIDE):
                vector = simd.load(builder, builder.gep(row, [whole(position * LANES)]))
                for number in range(FILTERS):
                    scalar = builder.load(builder.gep(scalars, [whole(position * FILTERS + number)]), align=4)
                    sums.add_one(number, position, simd.spread(builder, scalar), vector)
        for number in range(FILTERS):
            for column, vector in enumerate(outputs([Vector(builder, sums.take(number, position))
                                                     for position in range(SIDE)])):
                simd.store(builder, vector.value, builder.gep(target, [whole((2 * number + column) * LANES)]))
        return context.get_dummy_value()

    return signature, generate


def _corners(builder: Builder, base: Value, number: int, bias: Value) -> list[Value]:
    """The 2×2 outputs of a filter from its six rows, with the bias."""
    found: list[list[Value]] = []
    for column in range(_BLOCK):
        rows = [Vector(builder, simd.load(builder, builder.gep(base, [whole(((row * FILTERS + number) * 2 + column)
                                                                            * LANES)]))) for row in range(SIDE)]
        found.append([builder.fadd(vector.value, bias) for vector in outputs(rows)])
    return [found[column][row] for row in range(_BLOCK) for column in range(_BLOCK)]


@intrinsic
def _finish(typing: Any, made: Any, start: Any, target: Any, winners: Any, live: Any) -> Any:
    """From six rows of two outputs to the block, above it the bias, not below the floor.

    _finish((made, place), (bias, place, floor, nobody), (target, place, right, down), (winners, place),
            (filters, columns, rows, pooled)); where `pooled` is set only the largest is stored, and which corner it
    was, or `nobody`. Blocks may reach beyond the picture's rows and columns.
    """
    signature = types.void(made, start, target, winners, live)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        base, bias, end, won = (simd.address(context, builder, kind[0], *part[:2])
                                for kind, part in zip(kinds[:4], parts[:4], strict=True))
        floor, (filters, columns, rows, pooled) = simd.spread(builder, parts[1][2]), parts[4]
        for number in range(FILTERS):
            with builder.if_then(builder.icmp_signed("<", whole(number), filters), likely=True):
                scalar = builder.load(builder.gep(bias, [whole(number)]), align=4)
                corners = _corners(builder, base, number, simd.spread(builder, scalar))
                place = builder.gep(end, [whole(number * LANES)])
                with builder.if_else(builder.icmp_signed("!=", pooled, whole(0))) as (one, four):
                    with one:
                        best, winner = keep_largest(builder, corners, parts[1][2], parts[1][3])
                        simd.store(builder, best, place)
                        byte = builder.gep(won, [whole(number * LANES)])
                        builder.store(winner, builder.bitcast(byte, winner.type.as_pointer()), align=1)
                    with four:
                        for corner, value in enumerate(corners):
                            row, column = divmod(corner, _BLOCK)
                            inside = builder.and_(builder.icmp_signed("<", whole(row), rows),
                                                  builder.icmp_signed("<", whole(column), columns))
                            with builder.if_then(inside, likely=True):
                                shift = builder.add(builder.mul(parts[2][2], whole(column)),
                                                    builder.mul(parts[2][3], whole(row)))
                                simd.store(builder, simd.not_below(builder, value, floor), builder.gep(place, [shift]))
        return context.get_dummy_value()

    return signature, generate


@helper
def frame_in(source: tuple[Floats, int, int], pictures: int, frame: tuple[Floats, int, int],
             sizes: tuple[int, int]) -> None:
    """Pictures, (array, place, numbers in a picture), to lanes of a frame, (array, place, line).

    sizes: rows, numbers in a row.
    """
    rows, length = sizes
    for row in range(rows):
        turn_in((source[0], source[1] + row * length, source[2]), pictures, (frame[0], frame[1] + row * frame[2]),
                length)


@helper
def spread_row(frame: tuple[Floats, int], turned: Floats, positions: Floats, sizes: tuple[int, int, int]) -> None:
    """A row of patches, first down and then across, to positions [patch][6][channels][6].

    frame: where the row begins. turned: room for [6][columns][channels]. sizes: patches, channels, the frame's line.
    """
    wide, channels, step = sizes
    for column in range((2 * wide + 4) * channels):
        spread_six((frame[0], frame[1] + column * LANES, step), (turned, column * LANES, step))
    for patch in range(wide):
        for row in range(SIDE):
            for channel in range(channels):
                spread_six((turned, row * step + (2 * patch * channels + channel) * LANES, channels * LANES),
                           (positions, ((patch * SIDE + row) * channels + channel) * SIDE * LANES, LANES))


@kernel
def convolve_abreast(source: Floats, filters: Floats, bias: Floats, output: Floats, winners: Bytes,
                     rooms: tuple[Floats, Floats, Floats, Floats, Floats], floor: np.float32, sizes: Integers,
                     first: int, end: int) -> None:
    """Convolve the pictures from first to end, N×H×W×C, not below `floor`; where `pooled` only the largest of four.

    `winners` remember for a group of pictures [pixels][filters][lanes] which of the four it was, or 4 for the floor.
    filters: [block][row][channel][column][FILTERS] positions; the bias is filled up to whole blocks. rooms: a frame of
    pictures, zero at the border [rows][columns][channels]; columns of positions [6][columns][channels]; positions of a
    row of patches [patch][6][channels][6]; rows of outputs [6][FILTERS][2]; outputs [pixels][filters]; all of vectors.
    sizes: channels, height, width; rows above, columns before, columns of the frame; blocks of filters, filters;
    output's height, width; pooled; numbers in a picture of the source, of the output.
    """
    channels, height, width, above, before, line, blocks, count = sizes[:8]
    rows, columns, pooled, source_size, output_size = sizes[8:13]
    frame, turned, positions, made, maps = rooms
    across, step = 1 if pooled != 0 else 2, line * channels * LANES
    tall, wide = ((rows // 2, columns // 2) if pooled != 0 else ((rows + 1) // 2, (columns + 1) // 2))
    out_line = (wide if pooled != 0 else columns) * count * LANES
    for group in range(first, end, LANES):
        pictures = min(LANES, end - group)
        frame_in((source, group * source_size, source_size), pictures,
                 (frame, (above * line + before) * channels * LANES, step), (height, width * channels))
        for tile_row in range(tall):
            spread_row((frame, 2 * tile_row * step), turned, positions, (wide, channels, step))
            for tile in range(wide):
                patch = tile * SIDE * SIDE * channels * LANES
                for block in range(blocks):
                    for row in range(SIDE):
                        _multiply((positions, patch + row * channels * SIDE * LANES, channels),
                                  (filters, (block * SIDE + row) * channels * SIDE * FILTERS),
                                  (made, row * FILTERS * 2 * LANES))
                    _finish((made, 0), (bias, block * FILTERS, floor, CLIPPED if floor == 0 else 0),
                            (maps, across * (tile_row * out_line + tile * count * LANES) + block * FILTERS * LANES,
                             count * LANES, out_line),
                            (winners, group * output_size * pooled
                             + (tile_row * out_line + tile * count * LANES) + block * FILTERS * LANES),
                            (count - block * FILTERS, columns - 2 * tile, rows - 2 * tile_row, pooled))
        turn_out((maps, 0), (output, group * output_size, output_size), pictures, output_size)
