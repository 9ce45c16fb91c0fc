"""The way back of a 5×5 convolution with pictures side by side: the exact reverse of `abreast`, step by step.

A block's gradient goes through A to positions; times the filters' positions and back through B it is the input's, and
times the patch's positions, summed over blocks and pictures, it is the filters' as positions, which go back through G.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from core.kernels import simd
from core.kernels.abreast import CHANNELS, SIDE, along, frame_in, spread_row
from core.kernels.jit import helper, kernel
from core.kernels.processor import LANES
from core.kernels.simd import Builder, Value, intrinsic, members, whole
from core.kernels.tile import Sums
from core.kernels.turning import turn_in, turn_out
from core.kernels.vector_steps import BYTES, CLIPPED, same_bytes
from core.kernels.winograd import Vector, data_reverse

Floats = NDArray[np.float32]
Bytes = NDArray[np.int8]
Integers = NDArray[np.int64]

# Channels and filters whose weights' sums stay in registers together.
_CHANNELS, _FILTERS = (6, 4) if LANES == 16 else (2, 4)


def outputs_reverse(y: Sequence[Vector]) -> list[Vector]:
    """A: 2 output gradients to 6 positions."""
    twice = 2 * y[1]
    return [y[0], y[0] + y[1], y[0] - y[1], y[0] + twice, y[0] - twice, y[1]]


def _add_to(builder: Builder, vector: Value, place: Value) -> None:
    simd.store(builder, builder.fadd(simd.load(builder, place), vector), place)


def _write_slopes(builder: Builder, corners: list[Value], base: Value, step: Value) -> None:
    """Four corners' gradients down to [6][2], whose rows lie `step` apart; across they go where they are needed."""
    for column in range(2):
        down = outputs_reverse([Vector(builder, corners[2 * row + column]) for row in range(2)])
        for place, vector in zip(along(builder, base, step), down, strict=True):
            simd.store(builder, vector.value, builder.gep(place, [whole(column * LANES)]))


def _pair(builder: Builder, place: Value) -> list[Vector]:
    return [Vector(builder, simd.load(builder, builder.gep(place, [whole(number * LANES)]))) for number in range(2)]


@intrinsic
def _pooled_slopes(typing: Any, given: Any, winners: Any, made: Any, sums: Any) -> Any:
    """A pooled output's gradient, which goes to the corner that won, to positions; what went on is added to `sums`.

    _pooled_slopes((gradient, place), (winners, place), (positions, place, step), (sums, place))
    """
    signature = types.void(given, winners, made, sums)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        slope, won, base, total = (simd.address(context, builder, kind[0], *part[:2])
                                   for kind, part in zip(kinds, parts, strict=True))
        gradient, zero = simd.load(builder, slope), simd.constant(0)
        winner = builder.load(builder.bitcast(won, BYTES.as_pointer()), align=1)
        corners = [builder.select(same_bytes(builder, winner, number), gradient, zero) for number in range(4)]
        _write_slopes(builder, corners, base, parts[2][2])
        _add_to(builder, builder.select(same_bytes(builder, winner, CLIPPED), zero, gradient), total)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _bare_slopes(typing: Any, given: Any, output: Any, made: Any, sums: Any, live: Any) -> Any:
    """The gradients of 2×2 outputs, where these are above the floor, to positions; what went on is added to `sums`.

    _bare_slopes((gradient, place, right, down), (outputs, place, floor), (positions, place, step), (sums, place),
                 (columns, rows)); outputs beyond these count as zero.
    """
    signature = types.void(given, output, made, sums, live)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        slope, value, base, total = (simd.address(context, builder, kind[0], *part[:2])
                                     for kind, part in zip(kinds[:4], parts[:4], strict=True))
        floor, zero, corners = simd.spread(builder, parts[1][2]), simd.constant(0), []
        for number in range(4):
            row, column = divmod(number, 2)
            inside = builder.and_(builder.icmp_signed("<", whole(row), parts[4][1]),
                                  builder.icmp_signed("<", whole(column), parts[4][0]))
            shift = builder.add(builder.mul(parts[0][2], whole(column)), builder.mul(parts[0][3], whole(row)))
            shift = builder.select(inside, shift, whole(0))
            above = builder.fcmp_ordered(">", simd.load(builder, builder.gep(value, [shift])), floor)
            passed = builder.select(above, simd.load(builder, builder.gep(slope, [shift])), zero)
            corners.append(builder.select(inside, passed, zero))
        _write_slopes(builder, corners, base, parts[2][2])
        for corner in corners:
            _add_to(builder, corner, total)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _multiply_back(typing: Any, slopes: Any, filters: Any, made: Any) -> Any:
    """A row of a block's gradient, [filter][2], as positions times the filters of `CHANNELS` channels, summed.

    _multiply_back((slopes, place, filters), (filters, place), (made, place)); made is [channel][6].
    """
    signature = types.void(slopes, filters, made)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        given, weights, target = (simd.address(context, builder, kind[0], *part[:2])
                                  for kind, part in zip(kinds, parts, strict=True))
        sums = Sums(builder, CHANNELS, SIDE)
        sums.start([simd.constant(0)] * SIDE)
        with simd.counted(builder, parts[0][2]) as number:
            across = outputs_reverse(_pair(builder, builder.gep(given, [builder.mul(number, whole(2 * LANES))])))
            scalars = builder.gep(weights, [builder.mul(number, whole(SIDE * CHANNELS))])
            for position, vector in enumerate(across):
                for channel in range(CHANNELS):
                    scalar = builder.load(builder.gep(scalars, [whole(position * CHANNELS + channel)]), align=4)
                    sums.add_one(channel, position, simd.spread(builder, scalar), vector.value)
        for channel in range(CHANNELS):
            for position in range(SIDE):
                simd.store(builder, sums.take(channel, position),
                           builder.gep(target, [whole((channel * SIDE + position) * LANES)]))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _gather_six(typing: Any, positions: Any, target: Any) -> Any:
    """Six positions back to six vectors, to which they are added: (positions, place, step), (target, place, step)."""
    signature = types.void(positions, target)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        start, end = (simd.address(context, builder, kind[0], *part[:2])
                      for kind, part in zip(kinds, parts, strict=True))
        given = [Vector(builder, simd.load(builder, place)) for place in along(builder, start, parts[0][2])]
        for vector, place in zip(data_reverse(given), along(builder, end, parts[1][2]), strict=True):
            _add_to(builder, vector.value, place)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _weigh(typing: Any, positions: Any, slopes: Any, sums_at: Any, live: Any) -> Any:
    """Add to the sums of `_CHANNELS` channels × `_FILTERS` filters what a row of blocks gives at six positions.

    _weigh((positions, place, step), (slopes, place, step), (sums, place, next channel, next position),
           (blocks, channels, filters)); the first two steps lead to the next block. Where fewer channels or filters are
    live, others repeat the last.
    """
    signature = types.void(positions, slopes, sums_at, live)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        bases = [simd.address(context, builder, kind[0], *part[:2])
                 for kind, part in zip(kinds[:3], parts[:3], strict=True)]
        blocks, channels, filters = parts[3]
        rows = _repeating(builder, bases[0], (_CHANNELS, SIDE * LANES), channels)
        columns = _repeating(builder, bases[1], (_FILTERS, 2 * LANES), filters)
        for position in range(SIDE):
            sums = Sums(builder, _CHANNELS, _FILTERS)
            sums.start([simd.constant(0)] * _FILTERS)
            with simd.counted(builder, blocks) as block:
                a_shift, b_shift = builder.mul(block, parts[0][2]), builder.mul(block, parts[1][2])
                vectors = [outputs_reverse(_pair(builder, builder.gep(column, [b_shift])))[position].value
                           for column in columns]
                for number, row in enumerate(rows):
                    place = builder.gep(row, [builder.add(a_shift, whole(position * LANES))])
                    sums.add_product(number, simd.load(builder, place), vectors)
            target = builder.gep(bases[2], [builder.mul(parts[2][3], whole(position))])
            for channel in range(_CHANNELS):
                line = builder.gep(target, [builder.mul(parts[2][2], whole(channel))])
                for number in range(_FILTERS):
                    there = builder.and_(builder.icmp_signed("<", whole(channel), channels),
                                         builder.icmp_signed("<", whole(number), filters))
                    with builder.if_then(there, likely=True):
                        _add_to(builder, sums.take(channel, number), builder.gep(line, [whole(number * LANES)]))
        return context.get_dummy_value()

    return signature, generate


def _repeating(builder: Builder, base: Value, rows: tuple[int, int], live: Value) -> list[Value]:
    """Pointers to rows, (how many, how far apart); beyond the live ones the last live one again."""
    last = builder.sub(live, whole(1))
    numbers = [builder.select(builder.icmp_signed("<", whole(number), live), whole(number), last)
               for number in range(rows[0])]
    return [builder.gep(base, [builder.mul(number, whole(rows[1]))]) for number in numbers]


@intrinsic
def _sum_lanes(typing: Any, sums: Any, target: Any) -> Any:
    """The sums of all lanes of LANES vectors, as one vector: (sums, place), (target, place)."""
    signature = types.void(sums, target)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        start, end = (simd.address(context, builder, kind[0], *part) for kind, part in zip(kinds, parts, strict=True))
        vectors = [simd.load(builder, builder.gep(start, [whole(number * LANES)])) for number in range(LANES)]
        simd.store(builder, simd.totals(builder, vectors), end)
        return context.get_dummy_value()

    return signature, generate


@helper
def _slope_row(maps: tuple[Floats, Floats], winners: Bytes, winners_at: int, made: tuple[Floats, Floats], row: int,
               wide: int, sizes: Integers) -> None:
    """All filters' gradients in a row of blocks, half on the way to positions: [block][6][filters][2].

    maps: the outputs' gradients, the outputs. made: where they go, and the bias's sums.
    """
    count, rows, columns, pooled, relu = sizes[7], sizes[8], sizes[9], sizes[10], sizes[13]
    slopes, sums = made
    across, floor = 1 if pooled != 0 else 2, np.float32(0) if relu != 0 else np.float32(-np.inf)
    line = (wide if pooled != 0 else columns) * count * LANES
    for tile in range(wide):
        place = across * (row * line + tile * count * LANES)
        for number in range(count):
            target = (slopes, (tile * SIDE * count + number) * 2 * LANES, count * 2 * LANES)
            total, here = (sums, number * LANES), place + number * LANES
            if pooled != 0:
                _pooled_slopes((maps[0], here), (winners, winners_at + here), target, total)
            else:
                _bare_slopes((maps[0], here, count * LANES, line), (maps[1], here, floor), target, total,
                             (columns - 2 * tile, rows - 2 * row))


@helper
def close_slot(arrays: tuple[Floats, Floats], slot: int, step: int) -> None:
    """The sums of a chunk, lanes added up, to its slot."""
    for place in range(0, step, LANES):
        _sum_lanes((arrays[0], place * LANES), (arrays[1], slot * step + place))


@helper
def _send_back(rooms: tuple[Floats, Floats, Floats, Floats], filters: Floats, tile_row: int, wide: int, step: int,
               sizes: Integers) -> None:
    """The gradient of a row of blocks to the gradient's frame; rooms: frame, columns, slopes, products."""
    channels, count, backs = sizes[0], sizes[7], sizes[14]
    frame, turned, slopes, made = rooms
    turned[:SIDE * step] = np.float32(0)
    length = backs * CHANNELS * SIDE * LANES
    for tile in range(wide):
        for row in range(SIDE):
            for block in range(backs):
                _multiply_back((slopes, (tile * SIDE + row) * count * 2 * LANES, count),
                               (filters, (block * SIDE + row) * count * SIDE * CHANNELS),
                               (made, row * length + block * CHANNELS * SIDE * LANES))
            for channel in range(channels):
                _gather_six((made, row * length + channel * SIDE * LANES, LANES),
                            (turned, row * step + (2 * tile * channels + channel) * LANES, channels * LANES))
    for column in range((2 * wide + 4) * channels):
        _gather_six((turned, column * LANES, step), (frame, 2 * tile_row * step + column * LANES, step))


@helper
def _weigh_row(positions: Floats, slopes: Floats, sums: Floats, wide: int, channels: int, count: int) -> None:
    """Add to the sums [6][6][channels][filters] what a row of blocks gives."""
    for row in range(SIDE):
        for channel in range(0, channels, _CHANNELS):
            for number in range(0, count, _FILTERS):
                _weigh((positions, (row * channels + channel) * SIDE * LANES, channels * SIDE * SIDE * LANES),
                       (slopes, (row * count + number) * 2 * LANES, count * SIDE * 2 * LANES),
                       (sums, ((row * SIDE * channels + channel) * count + number) * LANES, count * LANES,
                        channels * count * LANES),
                       (wide, min(_CHANNELS, channels - channel), min(_FILTERS, count - number)))


@kernel
def add_gradients_abreast(arrays: tuple[Floats, Floats, Floats, Floats], winners: Bytes, filters: Floats,
                          slots: tuple[Floats, Floats], rooms: tuple[Floats, ...], sizes: Integers, first: int,
                          end: int) -> None:
    """The gradients of the input, and of a chunk's filters and bias, from the pictures first to end.

    arrays: source, output, its gradient, the source's. filters: positions [block][row][filter][column][CHANNELS].
    slots: for each chunk the filters' gradients as positions [36][channels][filters], and the bias's, both filled up to
    whole vectors. rooms: frame, columns, positions and outputs as for `convolve_abreast`, positions for a whole row of
    blocks; gradients of outputs; positions of these; products [6][channels of all blocks][6]; sums of filters and bias;
    a frame for the gradient. sizes as there, and ReLU, blocks of channels, pictures of a chunk, a step to the next slot
    of either kind, whether the filters and the input get a gradient.
    """
    channels, height, width, above, before, line, _, count = sizes[:8]
    rows, columns, pooled, source_size, output_size = sizes[8:13]
    chunk, step_weights, step_bias, learns, sends = sizes[15:20]
    frame, turned, positions, maps, slopes_of_maps, slopes, made, sums, bias_sums, back = rooms
    source, output, gradient, target = arrays
    inside, step = (above * line + before) * channels * LANES, line * channels * LANES
    tall, wide = ((rows // 2, columns // 2) if pooled != 0 else ((rows + 1) // 2, (columns + 1) // 2))
    for group in range(first, end, LANES):
        pictures = min(LANES, end - group)
        if group % chunk == 0:
            sums[:step_weights * LANES] = np.float32(0)
            bias_sums[:step_bias * LANES] = np.float32(0)
        turn_in((gradient, group * output_size, output_size), pictures, (slopes_of_maps, 0), output_size)
        if pooled == 0:
            turn_in((output, group * output_size, output_size), pictures, (maps, 0), output_size)
        if learns != 0:
            frame_in((source, group * source_size, source_size), pictures, (frame, inside, step),
                     (height, width * channels))
        if sends != 0:
            back[:] = np.float32(0)
        for row in range(tall):
            _slope_row((slopes_of_maps, maps), winners, group * output_size, (slopes, bias_sums), row, wide, sizes)
            if learns != 0:
                spread_row((frame, 2 * row * step), turned, positions, (wide, channels, step))
                _weigh_row(positions, slopes, sums, wide, channels, count)
            if sends != 0:
                _send_back((back, turned, slopes, made), filters, row, wide, step, sizes)
        if sends != 0:
            for row in range(height):
                turn_out((back, inside + row * step),
                         (target, group * source_size + row * width * channels, source_size), pictures,
                         width * channels)
        if learns != 0 and (group + LANES >= end or (group + LANES) % chunk == 0):
            close_slot((sums, slots[0]), group // chunk, step_weights)
            close_slot((bias_sums, slots[1]), group // chunk, step_bias)
