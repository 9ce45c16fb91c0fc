"""Passes over maps in which every channel has numbers of its own: factors that are read, and sums that are kept.

Numbers lie as pixels × channels, so the channel of a number repeats with a period. A sweep goes over a stretch of them
a few neighbouring vectors of the period after the other: their factors and sums then stay in registers. The sums of a
stretch are single precision; at its end they are added to double precision ones.
"""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from core.kernels import simd
from core.kernels.processor import LANES
from core.kernels.simd import Builder, Value, intrinsic, members, whole

BESIDE = 4  # neighbouring vectors worked on together
PERIOD = BESIDE * LANES  # periods are multiples of this
STRETCH = 32  # rows of a period in a stretch: so few that single precision sums lose nothing

_DOUBLES = ir.VectorType(ir.DoubleType(), LANES)

# (builder, the numbers of each array, the factors) to (numbers to be stored, numbers to be added up).
Body = Callable[[Builder, Sequence[Value], Sequence[Value]], tuple[list[Value], list[Value]]]


class _Columns:
    """Neighbouring vectors of the period: their factors and their sums."""

    def __init__(self, builder: Builder, body: Body, rows: list[Value], sums: int) -> None:
        self._builder, self._body = builder, body
        self._factors = [[simd.load(builder, _beside(builder, row, number)) for row in rows]
                         for number in range(BESIDE)]
        self._sums = [[cgutils.alloca_once(builder, simd.VECTOR) for _ in range(BESIDE)] for _ in range(sums)]
        for places in self._sums:
            for place in places:
                builder.store(simd.constant(0), place)

    def row(self, sources: list[Value], targets: list[Value], live: Value | None = None) -> None:
        """Work on a row of each source; where only some numbers are live, no others are written or added."""
        builder = self._builder
        for number in range(BESIDE):
            mask = None if live is None else simd.first_lanes(builder, builder.sub(live, whole(number * LANES)))
            numbers = [simd.load(builder, _beside(builder, source, number)) for source in sources]
            made, added = self._body(builder, numbers, self._factors[number])
            for vector, target in zip(made, targets, strict=True):
                place = _beside(builder, target, number)
                if mask is None:
                    simd.store(builder, vector, place)
                else:
                    simd.masked_store(builder, vector, place, mask)
            for vector, places in zip(added, self._sums, strict=True):
                passed = vector if mask is None else builder.select(mask, vector, simd.constant(0))
                builder.store(builder.fadd(builder.load(places[number]), passed), places[number])

    def add_to(self, pointers: list[Value]) -> None:
        """Add the sums to those in double precision."""
        builder = self._builder
        for places, pointer in zip(self._sums, pointers, strict=True):
            for number, place in enumerate(places):
                target = builder.bitcast(_beside(builder, pointer, number), _DOUBLES.as_pointer())
                total = builder.fadd(builder.load(target, align=8), builder.fpext(builder.load(place), _DOUBLES))
                builder.store(total, target, align=8)


def _beside(builder: Builder, pointer: Value, number: int) -> Value:
    """Some whole vectors further on."""
    return builder.gep(pointer, [whole(number * LANES)])


def make_sweep(body: Body, factors: int, sums: int = 0) -> Callable[..., None]:
    """A sweep over a stretch, for use inside a kernel.

    sweep((array, place, array, place, …), (target, place, …), (table, step), (sums, place, step), (numbers, period))

    The arrays are float32 and begin at a period; the table has `factors` rows, `step` apart; `sums` is float64 with as
    many rows, `step` apart, or () where there are none. The period is a multiple of `PERIOD`; the stretch may end
    anywhere.
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
            with simd.counted(builder, builder.sdiv(period, whole(PERIOD))) as number:
                offset = builder.mul(number, whole(PERIOD))
                columns = _Columns(builder, body, [builder.gep(row, [offset]) for row in rows], sums)
                starts = [[builder.gep(base, [offset]) for base in bases] for bases in pointers]
                _down(builder, columns, starts, builder.sub(numbers, offset), period)
                columns.add_to([builder.gep(row, [offset]) for row in doubles])
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


def _down(builder: Builder, columns: _Columns, starts: list[list[Value]], left: Value, period: Value) -> None:
    """All rows of some columns; `left` numbers from their first to the end of the stretch."""

    def work(row: Value, live: Value | None = None) -> None:
        shift = builder.mul(row, period)
        sources, targets = ([builder.gep(start, [shift]) for start in part] for part in starts)
        columns.row(sources, targets, live)

    enough = builder.icmp_signed(">=", left, whole(PERIOD))
    full = builder.add(builder.sdiv(builder.sub(left, whole(PERIOD)), period), whole(1))
    rows = builder.select(enough, full, whole(0))
    with simd.counted(builder, rows) as number:
        work(number)
    rest = builder.sub(left, builder.mul(rows, period))
    with builder.if_then(builder.icmp_signed(">", rest, whole(0))):
        work(rows, rest)
