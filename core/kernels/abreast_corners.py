"""A convolution of few channels and the 2×2 max pool behind it, with pictures side by side in the lanes.

For a picture of one channel Winograd's patterns of sums would cost more than they save. Here each tap of a filter is
one product for each of the four corners of a pool window, and the largest corner is found while all are in registers.
No gradient goes to the input: such layers are the first of their network.
"""

from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from core.kernels import simd
from core.kernels.abreast import frame_in
from core.kernels.abreast_gradients import close_slot
from core.kernels.jit import helper, kernel
from core.kernels.processor import LANES
from core.kernels.simd import Builder, Value, intrinsic, members, whole
from core.kernels.tile import Sums
from core.kernels.turning import turn_in, turn_out
from core.kernels.vector_steps import BYTES, CLIPPED, keep_largest, same_bytes

Floats = NDArray[np.float32]
Bytes = NDArray[np.int8]
Integers = NDArray[np.int64]

# Filters whose four corners, and taps whose weights' sums, stay in registers together.
FILTERS, TAPS = (6, 4) if LANES == 16 else (2, 4)
_CORNERS = 4


def _shifts(builder: Builder, right: Value, down: Value) -> list[Value]:
    """Where the four corners of a window lie, seen from the first."""
    return [whole(0), right, down, builder.add(right, down)]


@intrinsic
def _pool_window(typing: Any, frame: Any, filters: Any, start: Any, target: Any, winners: Any) -> Any:
    """One pooled pixel of `FILTERS` filters.

    _pool_window((frame, place, right, down), (filters, place, rows, neighbours), (bias, place, floor, nobody),
                 (target, place, live), (winners, place)); a filter's row covers so many neighbouring vectors.
    """
    signature = types.void(frame, filters, start, target, winners)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        base, weights, bias, end, won = (simd.address(context, builder, kind[0], *part[:2])
                                         for kind, part in zip(kinds, parts, strict=True))
        corners, sums = _shifts(builder, *parts[0][2:]), Sums(builder, FILTERS, _CORNERS)
        for number in range(FILTERS):
            value = simd.spread(builder, builder.load(builder.gep(bias, [whole(number)]), align=4))
            sums.start_row(number, [value] * _CORNERS)
        with simd.counted(builder, parts[1][2]) as row:
            line = builder.gep(base, [builder.mul(row, parts[0][3])])
            taps = builder.gep(weights, [builder.mul(row, builder.mul(parts[1][3], whole(FILTERS)))])
            with simd.counted(builder, parts[1][3]) as tap:
                window = builder.gep(line, [builder.mul(tap, whole(LANES))])
                vectors = [simd.load(builder, builder.gep(window, [corner])) for corner in corners]
                scalars = builder.gep(taps, [builder.mul(tap, whole(FILTERS))])
                for number in range(FILTERS):
                    scalar = builder.load(builder.gep(scalars, [whole(number)]), align=4)
                    sums.add_product(number, simd.spread(builder, scalar), vectors)
        for number in range(FILTERS):
            with builder.if_then(builder.icmp_signed("<", whole(number), parts[3][2]), likely=True):
                found = [sums.take(number, corner) for corner in range(_CORNERS)]
                best, winner = keep_largest(builder, found, parts[2][2], parts[2][3])
                simd.store(builder, best, builder.gep(end, [whole(number * LANES)]))
                byte = builder.gep(won, [whole(number * LANES)])
                builder.store(winner, builder.bitcast(byte, winner.type.as_pointer()), align=1)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _part_slopes(typing: Any, given: Any, winners: Any, made: Any, sums: Any) -> Any:
    """A pooled output's gradient to four corners, of which the one that won gets it; `sums` what went on.

    _part_slopes((gradient, place), (winners, place), (made, place, step to the next corner), (sums, place))
    """
    signature = types.void(given, winners, made, sums)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        slope, won, end, total = (simd.address(context, builder, kind[0], *part[:2])
                                  for kind, part in zip(kinds, parts, strict=True))
        gradient, zero = simd.load(builder, slope), simd.constant(0)
        winner = builder.load(builder.bitcast(won, BYTES.as_pointer()), align=1)
        for corner in range(_CORNERS):
            passed = builder.select(same_bytes(builder, winner, corner), gradient, zero)
            simd.store(builder, passed, builder.gep(end, [builder.mul(parts[2][2], whole(corner))]))
        went = builder.select(same_bytes(builder, winner, CLIPPED), zero, gradient)
        simd.store(builder, builder.fadd(simd.load(builder, total), went), total)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _weigh_windows(typing: Any, frame: Any, slopes: Any, sums_at: Any, live: Any) -> Any:
    """Add to the sums of `TAPS` taps × `FILTERS` filters what a row of windows gives.

    _weigh_windows((frame, place, right, down), (slopes, place, next window, next corner), (sums, place, next tap),
                   (windows, first tap, taps, neighbours, filters)); a filter's row covers so many neighbouring vectors.
                   Beyond the last tap and filter others are repeated.
    """
    signature = types.void(frame, slopes, sums_at, live)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        base, given, target = (simd.address(context, builder, kind[0], *part[:2])
                               for kind, part in zip(kinds[:3], parts[:3], strict=True))
        windows, first, taps, neighbours, filters = parts[3]
        rows = []
        for tap in _clamped(builder, first, TAPS, taps):
            line, beside = builder.sdiv(tap, neighbours), builder.srem(tap, neighbours)
            place = builder.add(builder.mul(line, parts[0][3]), builder.mul(beside, whole(LANES)))
            rows.append(builder.gep(base, [place]))
        columns = [builder.gep(given, [builder.mul(number, whole(LANES))])
                   for number in _clamped(builder, whole(0), FILTERS, filters)]
        sums = Sums(builder, TAPS, FILTERS)
        sums.start([simd.constant(0)] * FILTERS)
        with simd.counted(builder, windows) as window:
            across = builder.mul(window, builder.mul(parts[0][2], whole(2)))
            beside = builder.mul(window, parts[1][2])
            for corner, shift in enumerate(_shifts(builder, *parts[0][2:])):
                place = builder.add(beside, builder.mul(parts[1][3], whole(corner)))
                vectors = [simd.load(builder, builder.gep(column, [place])) for column in columns]
                seen = builder.add(across, shift)
                for number, row in enumerate(rows):
                    sums.add_product(number, simd.load(builder, builder.gep(row, [seen])), vectors)
        for tap in range(TAPS):
            line = builder.gep(target, [builder.mul(parts[2][2], whole(tap))])
            for number in range(FILTERS):
                there = builder.and_(builder.icmp_signed("<", builder.add(first, whole(tap)), taps),
                                     builder.icmp_signed("<", whole(number), filters))
                with builder.if_then(there, likely=True):
                    place = builder.gep(line, [whole(number * LANES)])
                    simd.store(builder, builder.fadd(simd.load(builder, place), sums.take(tap, number)), place)
        return context.get_dummy_value()

    return signature, generate


def _clamped(builder: Builder, first: Value, count: int, end: Value) -> list[Value]:
    """`count` numbers from the first on; instead of those from the end on the last before it."""
    last, found = builder.sub(end, whole(1)), []
    for number in range(count):
        here = builder.add(first, whole(number))
        found.append(builder.select(builder.icmp_signed("<", here, end), here, last))
    return found


@kernel
def pool_abreast(source: Floats, filters: Floats, bias: Floats, output: Floats, winners: Bytes,
                 rooms: tuple[Floats, Floats], floor: np.float32, sizes: Integers, first: int, end: int) -> None:
    """Convolve the pictures from first to end, N×H×W×C, and take the largest of each 2×2 window, not below `floor`.

    `winners` [pixels][filters][lanes] of a group of pictures: which corner, or 4 for the floor. filters: [block][tap]
    [FILTERS], the bias filled up to whole blocks. rooms: a frame of pictures, zero at the border
    [rows][columns][channels]; outputs [pixels][filters]; both of vectors. sizes: channels, height, width; rows above,
    columns before, columns of the frame; filters' rows and columns; filters; pooled height and width; numbers in a
    picture of the source, of the output.
    """
    channels, height, width, above, before, line, tall, wide, count = sizes[:9]
    rows, columns, source_size, output_size = sizes[9:13]
    frame, maps = rooms
    step, neighbours = line * channels * LANES, wide * channels
    for group in range(first, end, LANES):
        pictures = min(LANES, end - group)
        frame_in((source, group * source_size, source_size), pictures,
                 (frame, (above * line + before) * channels * LANES, step), (height, width * channels))
        for row in range(rows):
            for number in range(0, count, FILTERS):
                package = number * tall * neighbours
                for column in range(columns):
                    place = ((row * columns + column) * count + number) * LANES
                    _pool_window((frame, 2 * row * step + 2 * column * channels * LANES, channels * LANES, step),
                                 (filters, package, tall, neighbours),
                                 (bias, number, floor, CLIPPED if floor == 0 else 0), (maps, place, count - number),
                                 (winners, group * output_size + place))
        turn_out((maps, 0), (output, group * output_size, output_size), pictures, output_size)


@helper
def _weigh_row(frame: tuple[Floats, int, int], slopes: Floats, sums: Floats, walk: tuple[int, int, int, int],
               count: int) -> None:
    """Add what a row of windows gives; frame: (array, place, line), walk: windows, channels, tall, neighbours."""
    columns, channels, tall, neighbours = walk
    taps = tall * neighbours
    for tap in range(0, taps, TAPS):
        for number in range(0, count, FILTERS):
            _weigh_windows((frame[0], frame[1], channels * LANES, frame[2]),
                           (slopes, number * LANES, count * LANES, columns * count * LANES),
                           (sums, (tap * count + number) * LANES, count * LANES),
                           (columns, tap, taps, neighbours, count - number))


@kernel
def pool_gradients_abreast(arrays: tuple[Floats, Floats], winners: Bytes, slots: tuple[Floats, Floats],
                           rooms: tuple[Floats, ...], sizes: Integers, first: int, end: int) -> None:
    """The gradients of a chunk's filters and bias from the pictures first to end; ranges begin at chunks.

    arrays: source, the output's gradient. slots: for each chunk [taps][filters] and [filters], both filled up to whole
    vectors. rooms: the frame as there; gradients of the outputs; of a row of windows [corner][window][filters]; sums of
    filters and bias. sizes as there, and pictures of a chunk, a step to the next slot of either kind.
    """
    channels, height, width, above, before, line, tall, wide, count = sizes[:9]
    rows, columns, source_size, output_size, chunk, step_weights, step_bias = sizes[9:16]
    frame, maps, slopes, sums, bias_sums = rooms
    source, gradient = arrays
    step = line * channels * LANES
    for group in range(first, end, LANES):
        pictures = min(LANES, end - group)
        if group % chunk == 0:
            sums[:step_weights * LANES] = np.float32(0)
            bias_sums[:step_bias * LANES] = np.float32(0)
        turn_in((gradient, group * output_size, output_size), pictures, (maps, 0), output_size)
        frame_in((source, group * source_size, source_size), pictures,
                 (frame, (above * line + before) * channels * LANES, step), (height, width * channels))
        for row in range(rows):
            for place in range(columns * count):
                here = (row * columns * count + place) * LANES
                _part_slopes((maps, here), (winners, group * output_size + here),
                             (slopes, place * LANES, columns * count * LANES), (bias_sums, place % count * LANES))
            _weigh_row((frame, 2 * row * step, step), slopes, sums, (columns, channels, tall, wide * channels),
                       count)
        if group + LANES >= end or (group + LANES) % chunk == 0:
            close_slot((sums, slots[0]), group // chunk, step_weights)
            close_slot((bias_sums, slots[1]), group // chunk, step_bias)


@kernel
def pack_taps(weights: Floats, start: int, package: Floats, taps: int, count: int) -> None:
    """Weights [tap][filters] as [block][tap][FILTERS]; what is behind the last filter is left as it is."""
    for tap in range(taps):
        for number in range(count):
            place = (number // FILTERS * taps + tap) * FILTERS + number % FILTERS
            package[place] = weights[start + tap * count + number]
