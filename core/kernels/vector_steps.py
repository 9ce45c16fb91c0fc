"""Single vector steps for loops that the compiler does not vectorise by itself: runs that begin anywhere in an array.

Each step handles up to `LANES` neighbouring channels, of which the first `live` count; the others are not written.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numpy.typing import NDArray

from core.kernels import simd
from core.kernels.jit import helper
from core.kernels.processor import LANES
from core.kernels.simd import Builder, Value, intrinsic, members, whole

Floats = NDArray[np.float32]
_BYTE = ir.IntType(8)
BYTES = ir.VectorType(_BYTE, LANES)
CLIPPED = 4  # the winner's number where ReLU cut all four off


def _bytes(number: int) -> Value:
    return ir.Constant(BYTES, [number] * LANES)


def _for_live(builder: Builder, live: Value, work: Callable[[Value | None], None]) -> None:
    """Make the step with whole vectors where all lanes are live, else with a mask."""
    with builder.if_else(builder.icmp_signed(">=", live, whole(LANES)), likely=True) as (full, part):
        with full:
            work(None)
        with part:
            work(simd.first_lanes(builder, live))


def _put(builder: Builder, vector: Value, pointer: Value, mask: Value | None) -> None:
    if mask is None:
        simd.store(builder, vector, pointer)
    else:
        simd.masked_store(builder, vector, pointer, mask)


@intrinsic
def copy_run(typing: Any, source: Any, source_at: Any, target: Any, target_at: Any, count: Any) -> Any:
    """Copy `count` neighbouring numbers between two arrays that do not overlap."""
    signature = types.void(source, types.int64, target, types.int64, types.int64)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds = signature.args
        start = simd.address(context, builder, kinds[0], arguments[0], arguments[1])
        end = simd.address(context, builder, kinds[2], arguments[2], arguments[3])
        size = context.get_abi_sizeof(context.get_data_type(kinds[0].dtype))
        cgutils.raw_memcpy(builder, end, start, arguments[4], size)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def copy_few(typing: Any, source: Any, source_at: Any, target: Any, target_at: Any, count: Any) -> Any:
    """The same for at most a vector's numbers, without a call."""
    signature = types.void(source, types.int64, target, types.int64, types.int64)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds = signature.args
        start = simd.address(context, builder, kinds[0], arguments[0], arguments[1])
        end = simd.address(context, builder, kinds[2], arguments[2], arguments[3])
        mask = simd.first_lanes(builder, arguments[4])
        simd.masked_store(builder, simd.masked_load(builder, start, mask), end, mask)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def copy_two(typing: Any, source: Any, source_at: Any, target: Any, target_at: Any) -> Any:
    """Copy two vectors' worth of neighbouring numbers."""
    signature = types.void(source, types.int64, target, types.int64)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds = signature.args
        start = simd.address(context, builder, kinds[0], arguments[0], arguments[1])
        end = simd.address(context, builder, kinds[2], arguments[2], arguments[3])
        for offset in (whole(0), whole(LANES)):
            simd.store(builder, simd.load(builder, builder.gep(start, [offset])), builder.gep(end, [offset]))
        return context.get_dummy_value()

    return signature, generate


def _fetcher(write: bool) -> Callable[..., None]:
    """fetch(values, place, count): ask for `count` numbers before they are needed, to be read or written."""

    @intrinsic
    def fetch(typing: Any, values: Any, place: Any, count: Any) -> Any:
        signature = types.void(values, types.int64, types.int64)

        def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
            start = simd.address(context, builder, signature.args[0], arguments[0], arguments[1])
            line = whole(simd.LINE)
            lines = builder.sdiv(builder.add(arguments[2], whole(simd.LINE - 1)), line)
            with simd.counted(builder, lines) as number:
                simd.fetch(builder, builder.gep(start, [builder.mul(number, line)]), write=write)
            return context.get_dummy_value()

        return signature, generate

    return fetch


fetch_to_read, fetch_to_write = _fetcher(False), _fetcher(True)


@intrinsic
def settle(typing: Any) -> Any:
    """Wait until all threads see what was streamed: no lock and no flag makes sure of that by itself."""

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), generate


@helper
def fetch_pixels(maps: Floats, place: int, lies: tuple[int, int, int, int], channels: int) -> None:
    """Ask for pixels to be read; they lie: how many, how many in a row, from row to row and from one to the next."""
    pixels, columns, down, across = lies
    for first in range(0, pixels, columns):
        for number in range(min(columns, pixels - first)):
            fetch_to_read(maps, place + number * across, channels)
        place += down


def keep_largest(builder: Builder, values: list[Value], floor: Value, nobody: Value) -> tuple[Value, Value]:
    """Lane by lane the largest of some vectors and the floor, and which it was; `nobody` (int64) is the floor's number.

    The first of equals wins, and NaN wins over everything.
    """
    best, winner = simd.spread(builder, floor), _spread_byte(builder, nobody)
    for number, value in enumerate(values):
        above = builder.or_(builder.fcmp_ordered(">", value, best), builder.fcmp_unordered("uno", value, value))
        best = builder.select(above, value, best)
        winner = builder.select(above, _bytes(number), winner)
    return best, winner


@intrinsic
def pool_step(typing: Any, maps: Any, pooled: Any, winners: Any, start: Any) -> Any:
    """pooled = max(floor, the four corners), winners = which corner, or `nobody` where none is above the floor.

    pool_step((maps, place, right, down), (pooled, place, live), (winners, place), (floor, nobody)); the first of equals
    wins, and NaN wins over everything. All lanes of `winners` are written.
    """
    signature = types.void(maps, pooled, winners, start)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds = signature.args
        parts = members(builder, kinds, arguments)
        place, right, down = parts[0][1:]
        corner = simd.address(context, builder, kinds[0][0], parts[0][0], place)
        corners = [simd.load(builder, builder.gep(corner, [offset]))
                   for offset in (whole(0), right, down, builder.add(right, down))]
        best, winner = largest_corner(builder, corners, *parts[3])
        target = simd.address(context, builder, kinds[1][0], *parts[1][:2])
        _for_live(builder, parts[1][2], lambda mask: _put(builder, best, target, mask))
        builder.store(winner, builder.bitcast(simd.address(context, builder, kinds[2][0], *parts[2]),
                                              BYTES.as_pointer()), align=1)
        return context.get_dummy_value()

    return signature, generate


def largest_corner(builder: Builder, corners: list[Value], floor: Value, nobody: Value) -> tuple[Value, Value]:
    """The largest of vectors and its number; `floor` and `nobody` where none is above. The first of equals, or NaN."""
    best, winner = simd.spread(builder, floor), _spread_byte(builder, nobody)
    for number, value in enumerate(corners):
        above = builder.or_(builder.fcmp_ordered(">", value, best), builder.fcmp_unordered("uno", value, value))
        best = builder.select(above, value, best)
        winner = builder.select(above, _bytes(number), winner)
    return best, winner


def largest_of_four(builder: Builder, corners: list[Value], floor: Value) -> Value:
    """The largest of four vectors and the floor, lane by lane; NaN wins over everything."""

    def larger(one: Value, other: Value) -> Value:
        return builder.select(builder.fcmp_ordered(">", one, other), one, other)

    broken = builder.or_(*(builder.fcmp_unordered("uno", *pair) for pair in (corners[:2], corners[2:])))
    best = larger(floor, larger(larger(*corners[:2]), larger(*corners[2:])))
    return builder.select(broken, simd.constant(math.nan), best)


def same_bytes(builder: Builder, winners: Value, number: int) -> Value:
    """A mask of the lanes that this corner won."""
    return builder.icmp_signed("==", winners, _bytes(number))


def _spread_byte(builder: Builder, number: Value) -> Value:
    empty = ir.Constant(BYTES, ir.Undefined)
    first = builder.insert_element(empty, builder.trunc(number, _BYTE), ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, empty, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


@intrinsic
def unpool_step(typing: Any, gradient: Any, winners: Any, maps: Any, sums: Any) -> Any:
    """The four corners of `maps` get the gradient where they won, else 0; what was passed on is added to `sums`.

    unpool_step((gradient, place, live), (winners, place), (maps, place, right, down), (sums, place))
    """
    signature = types.void(gradient, winners, maps, sums)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds = signature.args
        parts = members(builder, kinds, arguments)
        given = simd.load(builder, simd.address(context, builder, kinds[0][0], *parts[0][:2]))
        winner_place = simd.address(context, builder, kinds[1][0], *parts[1])
        winner = builder.load(builder.bitcast(winner_place, BYTES.as_pointer()), align=1)
        place, right, down = parts[2][1:]
        corner = simd.address(context, builder, kinds[2][0], parts[2][0], place)

        def write(mask: Value | None) -> None:
            for number, offset in enumerate((whole(0), right, down, builder.add(right, down))):
                value = builder.select(same_bytes(builder, winner, number), given, simd.constant(0))
                _put(builder, value, builder.gep(corner, [offset]), mask)

        _for_live(builder, parts[0][2], write)
        passed = builder.select(builder.icmp_signed("==", winner, _bytes(CLIPPED)), simd.constant(0), given)
        _add_to(context, builder, kinds[3][0], parts[3], passed)
        return context.get_dummy_value()

    return signature, generate


def _add_to(context: Any, builder: Builder, kind: Any, target: list[Value], vector: Value) -> None:
    """Add a vector to a padded array of sums: all lanes are written."""
    pointer = simd.address(context, builder, kind, *target)
    simd.store(builder, builder.fadd(simd.load(builder, pointer), vector), pointer)
