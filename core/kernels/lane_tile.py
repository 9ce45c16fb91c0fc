"""Register tiles for convolutions whose outputs each look at few channels: every lane is an output channel of its own.

The tiles of `tile` multiply one number with many; here each lane has its number and its weight, so that depthwise
convolutions fill their vectors as well. How far apart a filter's numbers lie comes from a table of offsets.
"""

from collections.abc import Callable
from typing import Any

from numba import types
from numba.core import cgutils

from core.kernels import simd
from core.kernels.processor import LANES
from core.kernels.simd import Builder, Value, intrinsic, members, whole

LANE_ROWS = 8  # sums of a tile: enough to keep the multipliers busy, few enough for a pointer each


def _entries(builder: Builder, table: Value, first: Value, live: Value) -> list[Value]:
    """The table's entries first, first + 1, …; beyond the live ones the last live one again."""
    last = builder.sub(live, whole(1))
    found = []
    for number in range(LANE_ROWS):
        inside = builder.icmp_signed("<", whole(number), live)
        index = builder.add(first, builder.select(inside, whole(number), last))
        found.append(builder.load(builder.gep(table, [index])))
    return found


def _sums(builder: Builder, start: Value) -> list[Value]:
    """Memory for the sums, which the compiler keeps in registers."""
    places = [cgutils.alloca_once(builder, simd.VECTOR) for _ in range(LANE_ROWS)]
    for place in places:
        builder.store(start, place)
    return places


def _add_products(builder: Builder, sums: list[Value], pointers: list[Value], factor: Value) -> None:
    """Add to each sum what its pointer points at, times the factor, lane by lane."""
    for place, pointer in zip(sums, pointers, strict=True):
        product = simd.multiply_add(builder, simd.load(builder, pointer), factor, builder.load(place))
        builder.store(product, place)


def _for_live(builder: Builder, live: Value, work: Callable[[int], None]) -> None:
    """Do the work for each live sum."""
    for number in range(LANE_ROWS):
        with builder.if_then(builder.icmp_signed("<", whole(number), live), likely=True):
            work(number)


@intrinsic
def lane_tile(typing: Any, x: Any, w: Any, y: Any, start: Any, walk: Any, live: Any) -> Any:
    """y[place of row r + lane] = max(bias[lane] + Σ_t x[place of row r + offset of t + lane] · w[t, lane], floor).

    lane_tile((x, x_start, x_places), (w, w_start, w_step), (y, y_start, y_places, lives), (bias, bias_start, floor),
              (offsets, first, count), (first_row, live_rows, lane))

    `lives` says for each row how many lanes are stored, counted from the first vector; this one begins at `lane`.
    """
    signature = types.void(x, w, y, start, walk, live)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds = signature.args
        parts = members(builder, kinds, arguments)
        first, live_rows, lane = parts[5]

        def pointer(part: int, place: int, offset: Value) -> Value:
            return simd.address(context, builder, kinds[part][place], parts[part][place], offset)

        base = builder.gep(pointer(0, 0, parts[0][1]), [lane])
        rows = [builder.gep(base, [place]) for place in
                _entries(builder, pointer(0, 2, whole(0)), first, live_rows)]
        sums = _sums(builder, simd.load(builder, builder.gep(pointer(3, 0, parts[3][1]), [lane])))
        weights, offsets = builder.gep(pointer(1, 0, parts[1][1]), [lane]), pointer(4, 0, parts[4][1])
        with simd.counted(builder, parts[4][2]) as tap:
            factor = simd.load(builder, builder.gep(weights, [builder.mul(tap, parts[1][2])]))
            offset = builder.load(builder.gep(offsets, [tap]))
            _add_products(builder, sums, [builder.gep(row, [offset]) for row in rows], factor)
        _store_rows(builder, sums, (builder.gep(pointer(2, 0, parts[2][1]), [lane]), pointer(2, 2, whole(0)),
                                    pointer(2, 3, whole(0))), (first, live_rows, lane), parts[3][2])
        return context.get_dummy_value()

    return signature, generate


def _store_rows(builder: Builder, sums: list[Value], target: tuple[Value, Value, Value],
                live: tuple[Value, Value, Value], floor: Value) -> None:
    """Store the live lanes of the live rows, nothing below the floor. NaN goes through."""
    base, places, lives = target
    first, live_rows, lane = live
    bottom = simd.spread(builder, floor)
    found, counts = (_entries(builder, table, first, live_rows) for table in (places, lives))

    def put(number: int) -> None:
        value = simd.not_below(builder, builder.load(sums[number]), bottom)
        place, count = builder.gep(base, [found[number]]), builder.sub(counts[number], lane)
        with builder.if_else(builder.icmp_signed(">=", count, whole(LANES)), likely=True) as (full, part):
            with full:
                simd.store(builder, value, place)
            with part:
                simd.masked_store(builder, value, place, simd.first_lanes(builder, count))

    _for_live(builder, live_rows, put)


@intrinsic
def lane_sums(typing: Any, x: Any, dy: Any, sums: Any, walk: Any, live: Any) -> Any:
    """sums[tap, lane] += Σ_s Σ_k x[offset of tap + s, k, lane] · dy[s, k, lane]: the weight gradient.

    lane_sums((x, x_start, offsets), (dy, dy_start), (sums, sums_start, sums_step),
              (segments, x_segment, dy_segment, depth, x_step, dy_step, rest), (first_tap, live_taps))

    Behind the `depth` whole vectors of a segment come `rest` single lanes.
    """
    signature = types.void(x, dy, sums, walk, live)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds = signature.args
        parts = members(builder, kinds, arguments)
        first, live_taps = parts[4]

        def pointer(part: int, place: int, offset: Value) -> Value:
            return simd.address(context, builder, kinds[part][place], parts[part][place], offset)

        base = pointer(0, 0, parts[0][1])
        taps = [builder.gep(base, [offset]) for offset in
                _entries(builder, pointer(0, 2, whole(0)), first, live_taps)]
        made = _sums(builder, simd.constant(0))
        _sum_segments(builder, made, taps, pointer(1, 0, parts[1][1]), parts[3])
        target = pointer(2, 0, parts[2][1])

        def put(number: int) -> None:
            row = builder.add(first, whole(number))
            place = builder.gep(target, [builder.mul(row, parts[2][2])])
            simd.store(builder, builder.fadd(simd.load(builder, place), builder.load(made[number])), place)

        _for_live(builder, live_taps, put)
        return context.get_dummy_value()

    return signature, generate


def _sum_segments(builder: Builder, sums: list[Value], taps: list[Value], dy: Value, walk: list[Value]) -> None:
    """Run both summing loops, and the lanes that are left over in each segment."""
    segments, x_segment, dy_segment, depth, x_step, dy_step, rest = walk
    with simd.counted(builder, segments) as segment:
        x_offset = builder.mul(segment, x_segment)
        slopes = builder.gep(dy, [builder.mul(segment, dy_segment)])
        with simd.counted(builder, depth) as step:
            offset = builder.add(x_offset, builder.mul(step, x_step))
            factor = simd.load(builder, builder.gep(slopes, [builder.mul(step, dy_step)]))
            _add_products(builder, sums, [builder.gep(tap, [offset]) for tap in taps], factor)
        with builder.if_then(builder.icmp_signed(">", rest, whole(0))):
            offset = builder.add(x_offset, builder.mul(depth, x_step))
            last = builder.gep(slopes, [builder.mul(depth, dy_step)])
            factor = simd.masked_load(builder, last, simd.first_lanes(builder, rest))
            _add_products(builder, sums, [builder.gep(tap, [offset]) for tap in taps], factor)
