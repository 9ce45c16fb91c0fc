"""A convolution with few filters and the 2×2 max pool behind it, with neighbouring pooled pixels in a vector.

Few filters would leave lanes of a vector idle, so pixels lie in them here. Even and odd columns of a picture are parted
first: then the four corners of neighbouring pool windows are four runs of neighbouring numbers, each tap of the filters
reads four vectors, and the largest corner is found while all four are still in registers.

A frame holds [channels][rows][even, odd][half]. `taps` [taps, 4] says where each tap of a filter lies under the four
corners, seen from the window's beginning. Lanes beyond a row's end hold numbers of no meaning.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from core.kernels import simd
from core.kernels.jit import helper, kernel
from core.kernels.pixels import TOGETHER, load_pixels, store_pixels
from core.kernels.processor import LANES
from core.kernels.simd import Builder, Value, intrinsic, members, whole
from core.kernels.tile import Sums
from core.kernels.vector_steps import copy_run, keep_largest, unpool_step

Floats = NDArray[np.float32]
Bytes = NDArray[np.int8]
Integers = NDArray[np.int64]

_CORNERS = 4
# Filters, and in the gradient taps, that share what was loaded: with four corners all sums stay in registers.
FILTERS, _TAPS = (2, 1) if LANES == 8 else (3, 2)


def _corner_vectors(builder: Builder, window: Value, table: Value, tap: Value) -> list[Value]:
    """What lies under a tap in the four corners."""
    entry = builder.gep(table, [builder.mul(tap, whole(_CORNERS))])
    places = [builder.load(builder.gep(entry, [whole(corner)])) for corner in range(_CORNERS)]
    return [simd.load(builder, builder.gep(window, [place])) for place in places]


@intrinsic
def _pooled_tile(typing: Any, frame: Any, filters: Any, start: Any, pooled: Any, winners: Any) -> Any:
    """Some neighbouring pooled pixels of `FILTERS` filters.

    _pooled_tile((frame, place, taps, how many), (filters, place), (bias, place, floor, nobody),
                 (pooled, place, step), (winners, place, step)); the steps lead to the next filter.
    """
    signature = types.void(frame, filters, start, pooled, winners)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        window, weights, bias, target, bytes_ = (simd.address(context, builder, kind[0], *part[:2])
                                                 for kind, part in zip(kinds, parts, strict=True))
        table = simd.address(context, builder, kinds[0][2], parts[0][2], whole(0))
        sums = Sums(builder, FILTERS, _CORNERS)
        for number in range(FILTERS):
            value = simd.spread(builder, builder.load(builder.gep(bias, [whole(number)]), align=4))
            sums.start_row(number, [value] * _CORNERS)
        with simd.counted(builder, parts[0][3]) as tap:
            vectors = _corner_vectors(builder, window, table, tap)
            weight = builder.gep(weights, [builder.mul(tap, whole(FILTERS))])
            for number in range(FILTERS):
                scalar = builder.load(builder.gep(weight, [whole(number)]), align=4)
                sums.add_product(number, simd.spread(builder, scalar), vectors)
        for number in range(FILTERS):
            corners = [sums.take(number, corner) for corner in range(_CORNERS)]
            best, winner = keep_largest(builder, corners, parts[2][2], parts[2][3])
            simd.store(builder, best, builder.gep(target, [builder.mul(parts[3][2], whole(number))]))
            place = builder.gep(bytes_, [builder.mul(parts[4][2], whole(number))])
            builder.store(winner, builder.bitcast(place, winner.type.as_pointer()), align=1)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _weight_tile(typing: Any, frame: Any, gradient: Any, sums_at: Any, rows: Any) -> Any:
    """Add to the sums of `_TAPS` taps of `FILTERS` filters, which are vectors, what some rows of windows give.

    _weight_tile((frame, place, step, taps), (gradient, place, step, filter's step, corner's step),
                 (sums, place, filter's step), (rows, first tap, last tap)); steps without a name lead to the next row.
    """
    signature = types.void(frame, gradient, sums_at, rows)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        base, given, target = (simd.address(context, builder, kind[0], *part[:2])
                               for kind, part in zip(kinds[:3], parts[:3], strict=True))
        table = simd.address(context, builder, kinds[0][3], parts[0][3], whole(0))
        count, first, last = parts[3]
        taps = [first, last][:_TAPS]
        sums = Sums(builder, _TAPS * FILTERS, _CORNERS)
        for row in range(sums.rows):
            sums.start_row(row, [simd.constant(0)] * _CORNERS)
        with simd.counted(builder, count) as row:
            window = builder.gep(base, [builder.mul(row, parts[0][2])])
            slopes = builder.gep(given, [builder.mul(row, parts[1][2])])
            seen = [_corner_vectors(builder, window, table, tap) for tap in taps]
            for corner in range(_CORNERS):
                for number in range(FILTERS):
                    place = builder.add(builder.mul(parts[1][3], whole(number)),
                                        builder.mul(parts[1][4], whole(corner)))
                    slope = simd.load(builder, builder.gep(slopes, [place]))
                    for tap in range(_TAPS):
                        sums.add_one(tap * FILTERS + number, corner, slope, seen[tap][corner])
        for number in range(FILTERS):
            for position, tap in enumerate(taps):
                whole_sum = sums.take(position * FILTERS + number, 0)
                for corner in range(1, _CORNERS):
                    whole_sum = builder.fadd(whole_sum, sums.take(position * FILTERS + number, corner))
                place = builder.gep(target, [builder.add(builder.mul(parts[2][2], whole(number)),
                                                         builder.mul(tap, whole(LANES)))])
                if position:
                    # An odd last tap is asked for twice, and counts once.
                    again = builder.icmp_signed("==", first, last)
                    whole_sum = builder.select(again, simd.constant(0), whole_sum)
                simd.store(builder, builder.fadd(simd.load(builder, place), whole_sum), place)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _part_columns(typing: Any, source: Any, source_at: Any, target: Any, target_at: Any, half: Any) -> Any:
    """Two vectors of neighbouring numbers: those at even places to the target, the others `half` behind it."""
    signature = types.void(source, types.int64, target, types.int64, types.int64)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds = signature.args
        start = simd.address(context, builder, kinds[0], arguments[0], arguments[1])
        end = simd.address(context, builder, kinds[2], arguments[2], arguments[3])
        pair = [simd.load(builder, builder.gep(start, [whole(offset)])) for offset in (0, LANES)]
        for number, offset in enumerate((whole(0), arguments[4])):
            lanes = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [2 * lane + number for lane in range(LANES)])
            simd.store(builder, builder.shuffle_vector(*pair, lanes), builder.gep(end, [offset]))
        return context.get_dummy_value()

    return signature, generate


@helper
def _part_picture(source: Floats, start: int, line: Floats, frame: Floats, parting: Integers) -> None:
    """Put a picture (H×W×C from `start` on) into its frame, whose border rows stay as they are."""
    channels, height, width, above, before, rows, half = parting[:7]
    for channel in range(channels):
        for row in range(height):
            place = start + row * width * channels + channel
            if channels == 1:
                copy_run(source, place, line, before, width)
            else:
                for column in range(width):
                    line[before + column] = source[place + column * channels]
            target = (channel * rows + above + row) * 2 * half
            for column in range(0, half, LANES):
                _part_columns(line, 2 * column, frame, target + column, half)


@kernel
def convolve_and_pool(source: Floats, filters: Floats, bias: Floats, taps: Integers, output: Floats, winners: Bytes,
                      rooms: tuple[Floats, Floats, Floats], floor: np.float32, parting: Integers, sizes: Integers,
                      first: int, end: int) -> None:
    """Convolve the pictures from first to end, take the largest of each 2×2 window, not below `floor`.

    `filters` are packed [block][tap][FILTERS]; `winners` [filters][height][step] for each picture remember the corner,
    or `nobody`. rooms: a padded row of one channel, zero at the border; a frame, zero at the border; a row of windows
    [filters][step]. parting: channels, height, width; rows above, columns before; the frame's rows, numbers in half a
    row (whole vectors). sizes: blocks of filters; pooled height and width, step from row to row (whole vectors);
    filters; taps; nobody; numbers in a picture.
    """
    blocks, height, width, step, count, depth, nobody, length = sizes[:8]
    line, frame, pooled = rooms
    frame_row = 2 * parting[6]
    for picture in range(first, end):
        _part_picture(source, picture * length, line, frame, parting)
        winners_at, output_at = picture * blocks * FILTERS * height * step, picture * height * width * count
        for row in range(height):
            for block in range(blocks):
                number = block * FILTERS
                for column in range(0, width, LANES):
                    _pooled_tile((frame, 2 * row * frame_row + column, taps, depth), (filters, number * depth),
                                 (bias, number, floor, nobody), (pooled, number * step + column, step),
                                 (winners, winners_at + (number * height + row) * step + column, height * step))
            for column in range(0, width, LANES):
                for number in range(0, count, TOGETHER):
                    store_pixels((pooled, number * step + column, step),
                                  (output, output_at + (row * width + column) * count + number, count),
                                  (min(TOGETHER, count - number), min(LANES, width - column), count <= TOGETHER))


@helper
def _spread_gradient(given: tuple[Floats, int], winners: Bytes, winners_at: int, room: Floats, corners: Floats,
                     sums: tuple[Floats, int], sizes: Integers) -> None:
    """A picture's gradient back to the corners that won: corners [filters][height][4][step], else 0."""
    _, height, width, step, count = sizes[:5]
    gradient, gradient_at = given
    for row in range(height):
        for column in range(0, width, LANES):
            for number in range(0, count, TOGETHER):
                load_pixels((gradient, gradient_at + (row * width + column) * count + number, count),
                             (room, number * step + column, step),
                             (min(TOGETHER, count - number), min(LANES, width - column)))
        for number in range(count):
            for column in range(0, step, LANES):
                unpool_step((room, number * step + column, LANES),
                            (winners, winners_at + (number * height + row) * step + column),
                            (corners, (number * height + row) * _CORNERS * step + column, step, 2 * step),
                            (sums[0], sums[1] + number * LANES))


@kernel
def add_gradients(source: Floats, gradient: Floats, winners: Bytes, taps: Integers, sums: tuple[Floats, Floats],
                  rooms: tuple[Floats, Floats, Floats, Floats], parting: Integers, sizes: Integers, first: int,
                  end: int) -> None:
    """The gradients of filters and bias from the pictures first to end; ranges begin at chunks.

    sums: of the filters, [filters][taps] vectors whose lanes are still to be added up, and of the bias, [filters]
    vectors, both for each chunk. rooms: row and frame as for `convolve_and_pool`; a row of windows, zero behind the
    last; corners [filters][height][4][step]. sizes as there, and pictures in a chunk behind them.
    """
    blocks, height, width, step, count, depth, _, length, chunk = sizes[:9]
    line, frame, room, corners = rooms
    frame_row, filters, plane = 2 * parting[6], blocks * FILTERS, height * _CORNERS * step
    for picture in range(first, end):
        weights_at, bias_at = picture // chunk * filters * depth * LANES, picture // chunk * filters * LANES
        if picture % chunk == 0:
            sums[0][weights_at:weights_at + filters * depth * LANES] = np.float32(0)
            sums[1][bias_at:bias_at + filters * LANES] = np.float32(0)
        given = (gradient, picture * height * width * count)
        _spread_gradient(given, winners, picture * filters * height * step, room, corners, (sums[1], bias_at), sizes)
        _part_picture(source, picture * length, line, frame, parting)
        for number in range(0, filters, FILTERS):
            for column in range(0, width, LANES):
                for tap in range(0, depth, _TAPS):
                    _weight_tile((frame, column, 2 * frame_row, taps),
                                 (corners, number * plane + column, _CORNERS * step, plane, step),
                                 (sums[0], weights_at + number * depth * LANES, depth * LANES),
                                 (height, tap, min(tap + _TAPS, depth) - 1))


@kernel
def gather_lanes(sums: Floats, used: int, slot_step: int, rows: int, columns: int, target: Floats, start: int,
                 room: Floats) -> None:
    """target[start + c · rows + r] = Σ over slots and lanes of sums[slot][r][c]; always in the same order."""
    part = room[:LANES]
    for row in range(rows):
        for column in range(columns):
            for lane in range(LANES):
                part[lane] = np.float32(0)
            for slot in range(used):
                place = slot * slot_step + (row * columns + column) * LANES
                given = sums[place:place + LANES]
                for lane in range(LANES):
                    part[lane] += given[lane]
            total = np.float32(0)
            for lane in range(LANES):
                total += part[lane]
            target[start + column * rows + row] = total


@kernel
def pack_blocks(weights: Floats, start: int, package: Floats, count: int, depth: int) -> None:
    """package[f // FILTERS][tap][f % FILTERS] = weights[tap][f]."""
    for tap in range(depth):
        for number in range(count):
            block, place = number // FILTERS, number % FILTERS
            package[(block * depth + tap) * FILTERS + place] = weights[start + tap * count + number]
