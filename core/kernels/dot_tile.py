"""A register tile of dot products: vectors lie along what is summed, and lanes are added up at the end."""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from core.kernels import simd
from core.kernels.processor import LANES, TILE
from core.kernels.simd import Builder, Value, intrinsic, members, whole
from core.kernels.tile import Sums


def make_dots(rows: int, columns: int) -> Callable[..., None]:
    """A tile of dot products, for use inside a kernel.

    dots((a, a_start, a_step), (b, b_start, b_step), (c, c_start, c_step), (length, live_rows, live_columns))

    c[m·c_step + n] += Σ_k a[m·a_step + k] · b[n·b_step + k], with vectors along k; any length.
    """

    @intrinsic
    def dots(typing: Any, a: Any, b: Any, c: Any, live: Any) -> Any:
        signature = types.void(a, b, c, live)

        def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
            parts = members(builder, signature.args, arguments)
            length, live_rows, live_columns = parts[3]
            bases = [simd.address(context, builder, kind[0], *part[:2])
                     for kind, part in zip(signature.args[:3], parts[:3], strict=True)]
            a_rows = _strided(builder, bases[0], parts[0][2], live_rows, rows)
            b_rows = _strided(builder, bases[1], parts[1][2], live_columns, columns)
            sums = Sums(builder, rows, columns)
            sums.start([simd.constant(0)] * columns)
            _sum_products(builder, sums, a_rows, b_rows, length)
            if rows * columns == LANES:
                _add_all_totals(builder, sums, (bases[2], parts[2][2]), live_rows, live_columns)
                return context.get_dummy_value()
            for row in range(rows):
                with builder.if_then(builder.icmp_signed("<", whole(row), live_rows)):
                    _add_totals(builder, sums, row, (bases[2], parts[2][2]), live_columns)
            return context.get_dummy_value()

        return signature, generate

    return dots


def _strided(builder: Builder, base: Value, step: Value, live: Value, count: int) -> list[Value]:
    """Pointers to rows that lie `step` apart; beyond the live ones the last live one again."""
    last = builder.sub(live, whole(1))
    found = []
    for number in range(count):
        inside = builder.icmp_signed("<", whole(number), live)
        found.append(builder.gep(base, [builder.mul(step, builder.select(inside, whole(number), last))]))
    return found


def _sum_products(builder: Builder, sums: Sums, a_rows: list[Value], b_rows: list[Value], length: Value) -> None:
    """Add the products of all rows of a with all rows of b: whole vectors, then what is left over."""

    def step(offset: Value, read: Callable[[Value], Value]) -> None:
        a_vectors = [read(builder.gep(row, [offset])) for row in a_rows]
        b_vectors = [read(builder.gep(row, [offset])) for row in b_rows]
        for number, vector in enumerate(a_vectors):
            sums.add_product(number, vector, b_vectors)

    with cgutils.for_range(builder, builder.sdiv(length, whole(LANES))) as loop:
        step(builder.mul(loop.index, whole(LANES)), lambda pointer: simd.load(builder, pointer))
    left = builder.srem(length, whole(LANES))
    with builder.if_then(builder.icmp_signed(">", left, whole(0))):
        mask = simd.first_lanes(builder, left)
        step(builder.sub(length, left), lambda pointer: simd.masked_load(builder, pointer, mask))


def _add_totals(builder: Builder, sums: Sums, row: int, target: tuple[Value, Value], live_columns: Value) -> None:
    """Add the lane totals of one row of sums to the target's row."""
    base, step = target
    start = builder.gep(base, [builder.mul(step, whole(row))])
    for column in range(sums.vectors):
        with builder.if_then(builder.icmp_signed("<", whole(column), live_columns)):
            place = builder.gep(start, [whole(column)])
            value = builder.fadd(builder.load(place, align=4), simd.total(builder, sums.take(row, column)))
            builder.store(value, place, align=4)


def _add_all_totals(builder: Builder, sums: Sums, target: tuple[Value, Value], live_rows: Value,
                    live_columns: Value) -> None:
    """Add the lane totals of all sums to the target, where the sums are as many as a vector has lanes."""
    base, step = target
    totals = simd.totals(builder, [sums.take(row, column) for row in range(sums.rows)
                                   for column in range(sums.vectors)])
    for row in range(sums.rows):
        start = builder.gep(base, [builder.mul(step, whole(row))])
        with builder.if_then(builder.icmp_signed("<", whole(row), live_rows)):
            for column in range(sums.vectors):
                with builder.if_then(builder.icmp_signed("<", whole(column), live_columns)):
                    place = builder.gep(start, [whole(column)])
                    value = builder.extract_element(totals, ir.Constant(ir.IntType(32), row * sums.vectors + column))
                    builder.store(builder.fadd(builder.load(place, align=4), value), place, align=4)


dot_tile = make_dots(TILE.dot_rows, TILE.dot_columns)
