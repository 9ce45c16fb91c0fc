"""Passes over maps in which every channel has numbers of its own: factors that are read, and sums that are kept.

Numbers lie as pixels × channels, so the channel of a number repeats with a period. A sweep goes over a stretch of them
one vector of the period after the other: its factors and its sums then stay in registers. The sums of a stretch are
single precision, several beside each other; at its end they are added to double precision ones.
"""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from core.kernels import simd
from core.kernels.processor import LANES
from core.kernels.simd import Builder, Value, intrinsic, members, whole

STRETCH = 64  # rows of a period in a stretch: so few that single precision sums lose nothing

_BESIDE = 4  # sums beside each other, since an addition takes a few cycles
_DOUBLES = ir.VectorType(ir.DoubleType(), LANES)

# (builder, the numbers of each array, the factors) to (numbers to be stored, numbers to be added up).
Body = Callable[[Builder, Sequence[Value], Sequence[Value]], tuple[list[Value], list[Value]]]


class _Column:
    """One vector of the period: its factors, where its numbers lie, and its sums."""

    def __init__(self, builder: Builder, body: Body, factors: list[Value], sums: int) -> None:
        self._builder, self._body, self._factors = builder, body, factors
        self._sums = [[cgutils.alloca_once(builder, simd.VECTOR) for _ in range(_BESIDE)] for _ in range(sums)]
        for places in self._sums:
            for place in places:
                builder.store(simd.constant(0), place)

    def row(self, sources: list[Value], targets: list[Value], beside: int, mask: Value | None = None) -> None:
        """Work on one vector of each source; with a mask only its lanes are written and added."""
        builder = self._builder
        made, added = self._body(builder, [simd.load(builder, source) for source in sources], self._factors)
        for vector, target in zip(made, targets, strict=True):
            if mask is None:
                simd.store(builder, vector, target)
            else:
                simd.masked_store(builder, vector, target, mask)
        for vector, places in zip(added, self._sums, strict=True):
            live = vector if mask is None else builder.select(mask, vector, simd.constant(0))
            builder.store(builder.fadd(builder.load(places[beside]), live), places[beside])

    def add_to(self, pointers: list[Value]) -> None:
        """Add the sums to those in double precision."""
        builder = self._builder
        for places, pointer in zip(self._sums, pointers, strict=True):
            one, two, three, four = (builder.load(place) for place in places)
            total = builder.fadd(builder.fadd(one, two), builder.fadd(three, four))
            target = builder.bitcast(pointer, _DOUBLES.as_pointer())
            kept = builder.load(target, align=8)
            builder.store(builder.fadd(kept, builder.fpext(total, _DOUBLES)), target, align=8)


def make_sweep(body: Body, factors: int, sums: int = 0) -> Callable[..., None]:
    """A sweep over a stretch, for use inside a kernel.

    sweep((array, place, array, place, …), (target, place, …), (table, step), (sums, place, step), (numbers, period))

    The arrays are float32 and begin at a period; the table has `factors` rows, `step` apart; `sums` is float64 with as
    many rows, `step` apart, or () where there are none. The period is whole vectors; the stretch may end anywhere.
    """

    @intrinsic
    def sweep(typing: Any, sources: Any, targets: Any, table: Any, kept: Any, walk: Any) -> Any:
        signature = types.void(sources, targets, table, kept, walk)

        def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
            kinds, parts = signature.args, members(builder, signature.args, arguments)
            pointers = [_pointers(context, builder, kinds[number], parts[number]) for number in (0, 1)]
            rows = _rows(context, builder, kinds[2], [parts[2][0], whole(0), parts[2][1]], factors)
            doubles = _rows(context, builder, kinds[3], parts[3], sums) if sums else []
            numbers, period = parts[4]
            with simd.counted(builder, builder.sdiv(period, whole(LANES))) as number:
                offset = builder.mul(number, whole(LANES))
                column = _Column(builder, body, [simd.load(builder, builder.gep(row, [offset])) for row in rows], sums)
                starts = [[builder.gep(base, [offset]) for base in bases] for bases in pointers]
                _down(builder, column, starts, builder.sub(numbers, offset), period)
                column.add_to([builder.gep(row, [offset]) for row in doubles])
            return context.get_dummy_value()

        return signature, generate

    return sweep


def _pointers(context: Any, builder: Builder, kinds: Any, parts: list[Value]) -> list[Value]:
    """Where each (array, place) begins."""
    return [simd.address(context, builder, kinds[index], parts[index], parts[index + 1])
            for index in range(0, len(parts), 2)]


def _rows(context: Any, builder: Builder, kinds: Any, parts: list[Value], count: int) -> list[Value]:
    """Where each row of a table begins."""
    base = simd.address(context, builder, kinds[0], parts[0], parts[1])
    return [builder.gep(base, [builder.mul(parts[2], whole(number))]) for number in range(count)]


def _down(builder: Builder, column: _Column, starts: list[list[Value]], left: Value, period: Value) -> None:
    """All rows of a column; `left` numbers from its first to the end of the stretch."""

    def work(row: Value, beside: int, mask: Value | None = None) -> None:
        shift = builder.mul(row, period)
        sources, targets = ([builder.gep(start, [shift]) for start in part] for part in starts)
        column.row(sources, targets, beside, mask)

    enough = builder.icmp_signed(">=", left, whole(LANES))
    full = builder.add(builder.sdiv(builder.sub(left, whole(LANES)), period), whole(1))
    rows = builder.select(enough, full, whole(0))
    several = builder.sdiv(rows, whole(_BESIDE))
    with simd.counted(builder, several) as number:
        first = builder.mul(number, whole(_BESIDE))
        for beside in range(_BESIDE):
            work(builder.add(first, whole(beside)), beside)
    done = builder.mul(several, whole(_BESIDE))
    with simd.counted(builder, builder.sub(rows, done)) as number:
        work(builder.add(done, number), 0)
    rest = builder.sub(left, builder.mul(rows, period))
    with builder.if_then(builder.icmp_signed(">", rest, whole(0))):
        work(rows, 0, simd.first_lanes(builder, rest))
