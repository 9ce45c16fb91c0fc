"""Register tiles as explicit vectors: the inner loop of every convolution and dense layer.

A tile keeps `rows` × `vectors` running sums in registers and walks once over what is summed:

    sum[m][lane] = start + Σ_s Σ_k  a[place of row m + s·a_step + k·a_stride] · b[s·b_step + k·b_stride + lane]

Where the rows lie in `a` and where their sums go comes from tables of places, so one tile serves convolutions of any
stride and padding, their gradients, and plain matrix products. Rows beyond `live_rows` repeat the last one and are not
stored; lanes beyond `live_lanes` are computed and not stored.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from core.kernels import simd
from core.kernels.processor import LANES, TILE
from core.kernels.simd import Builder, Value, intrinsic, members, whole

_ONE = ir.Constant(simd.INT, 1)


class Sums:
    """The running sums of a tile. They are declared as memory; the compiler keeps them in registers."""

    def __init__(self, builder: Builder, rows: int, vectors: int) -> None:
        self._builder = builder
        self.rows, self.vectors = rows, vectors
        self._places = [[cgutils.alloca_once(builder, simd.VECTOR) for _ in range(vectors)] for _ in range(rows)]

    def start(self, values: list[Value]) -> None:
        """Begin every row with the same vectors."""
        for row in self._places:
            for place, value in zip(row, values, strict=True):
                self._builder.store(value, place)

    def start_row(self, row: int, values: list[Value]) -> None:
        """Begin one row with vectors of its own."""
        for place, value in zip(self._places[row], values, strict=True):
            self._builder.store(value, place)

    def add_one(self, row: int, vector: int, a: Value, b: Value) -> None:
        """Add the product of two vectors to one sum."""
        place = self._places[row][vector]
        self._builder.store(simd.multiply_add(self._builder, a, b, self._builder.load(place)), place)

    def add_product(self, row: int, scalar: Value, vectors: list[Value]) -> None:
        """Add scalar · vector to each sum of a row."""
        for place, vector in zip(self._places[row], vectors, strict=True):
            self._builder.store(simd.multiply_add(self._builder, scalar, vector, self._builder.load(place)), place)

    def take(self, row: int, vector: int) -> Value:
        """A sum as it stands."""
        return self._builder.load(self._places[row][vector])


def _at_rows(builder: Builder, table: Value, first: Value, live: Value, rows: int) -> list[Value]:
    """The table's entries first, first + 1, …; beyond the live rows the last live one again."""
    last = builder.sub(live, _ONE)
    found = []
    for row in range(rows):
        inside = builder.icmp_signed("<", whole(row), live)
        index = builder.add(first, builder.select(inside, whole(row), last))
        found.append(builder.load(builder.gep(table, [index])))
    return found


def _vectors_at(builder: Builder, pointer: Value, count: int) -> list[Value]:
    return [simd.load(builder, builder.gep(pointer, [whole(LANES * number)])) for number in range(count)]


# Pointers that walk ahead by so many numbers each step, and whether that memory will be written.
Ahead = list[tuple[Value, Value, bool]]


# Gives the vectors to multiply with; it gets pointers that walk as b does, b's own first.
Reading = Callable[[list[Value]], list[Value]]
# Writes a vector to a pointer.
Storing = Callable[[Builder, Value, Value], None]


def _accumulate(builder: Builder, sums: Sums, rows: list[Value], b: list[Value], walk: list[Value], ahead: Ahead,
                read: Reading) -> None:
    """Run both summing loops. `rows` points at each row's first number, `b` at the first vector and what goes along."""
    segments, a_step, b_step, depth, b_stride = walk[:5]
    with simd.counted(builder, segments) as segment:
        a_segment = builder.mul(segment, a_step)
        b_segments = [builder.gep(base, [builder.mul(segment, b_step)]) for base in b]
        starts = [builder.gep(row, [a_segment]) for row in rows]
        done = builder.mul(segment, depth)
        coming = [(builder.gep(pointer, [builder.mul(done, pace)]), pace, write) for pointer, pace, write in ahead]
        with simd.counted(builder, depth) as step:
            for pointer, pace, write in coming:
                simd.fetch(builder, builder.gep(pointer, [builder.mul(step, pace)]), write=write, soon=not write)
            a_offset = builder.mul(step, walk[5]) if len(walk) > 5 else step
            vectors = read([builder.gep(base, [builder.mul(step, b_stride)]) for base in b_segments])
            for number, start in enumerate(starts):
                scalar = builder.load(builder.gep(start, [a_offset]), align=4)
                sums.add_product(number, simd.spread(builder, scalar), vectors)


def _put_rows(builder: Builder, sums: Sums, places: list[Value], masks: list[Value | None], bottom: Value, adds: bool,
              live_rows: Value | None, store: Storing = simd.store) -> None:
    """Store the rows, or only the live ones, each added to what is there before the next: places may overlap."""
    def put(row: int) -> None:
        for vector, mask in enumerate(masks):
            place, value = builder.gep(places[row], [whole(LANES * vector)]), sums.take(row, vector)
            if adds:
                old = simd.load(builder, place) if mask is None else simd.masked_load(builder, place, mask)
                value = builder.fadd(value, old)
            value = simd.not_below(builder, value, bottom)
            if mask is None:
                store(builder, value, place)
            else:
                simd.masked_store(builder, value, place, mask)

    for row in range(sums.rows):
        if live_rows is None:
            put(row)
        else:
            with builder.if_then(builder.icmp_signed("<", whole(row), live_rows), likely=True):
                put(row)


def _finish(builder: Builder, sums: Sums, places: list[Value], live: tuple[Value, Value], keep: Value,
            floor: Value) -> None:
    """Store the sums: added to what is there where `keep` is set, and never below `floor`. NaN goes through.

    What is replaced is not read: it may be far away, and writing need not wait for it.
    """
    live_rows, live_lanes = live
    bottom = simd.spread(builder, floor)
    kept = builder.icmp_signed("!=", keep, whole(0))
    full = builder.and_(builder.icmp_signed("==", live_rows, whole(sums.rows)),
                        builder.icmp_signed("==", live_lanes, whole(LANES * sums.vectors)))

    def put(adds: bool) -> None:
        with builder.if_else(full, likely=True) as (everything, some):
            with everything:
                _put_rows(builder, sums, places, [None] * sums.vectors, bottom, adds, None)
            with some:
                masks: list[Value | None] = [simd.first_lanes(builder, builder.sub(live_lanes, whole(LANES * vector)))
                                             for vector in range(sums.vectors)]
                _put_rows(builder, sums, places, masks, bottom, adds, live_rows)

    with builder.if_else(kept) as (add, replace):
        with add:
            put(True)
        with replace:
            put(False)


def _stream_rows(builder: Builder, sums: Sums, places: list[Value], live_rows: Value, floor: Value) -> None:
    """Stream the sums, or the live rows of them, never below `floor`."""
    bottom, masks = simd.spread(builder, floor), [None] * sums.vectors
    with builder.if_else(builder.icmp_signed("==", live_rows, whole(sums.rows)), likely=True) as (everything, some):
        with everything:
            _put_rows(builder, sums, places, masks, bottom, False, None, simd.stream)
        with some:
            _put_rows(builder, sums, places, masks, bottom, False, live_rows, simd.stream)


def make_tile(rows: int, vectors: int) -> Callable[..., None]:
    """A tile of that size, for use inside a kernel.

    tile((a, a_start, a_places), (b, b_start), (c, c_start, c_places), (bias, bias_start, floor),
         (segments, a_step, b_step, depth, b_stride), (first_row, live_rows, live_lanes, keep))

    a, b, c and bias are flat float32 arrays, places int64 arrays, `floor` a float32, the rest int64. A sixth
    number of the walk is a_stride, else 1.
    `keep` 1 adds to c, 0 replaces it; `floor` 0 is ReLU, −infinity leaves the sums as they are.
    """

    @intrinsic
    def tile(typing: Any, a: Any, b: Any, c: Any, start: Any, walk: Any, live: Any) -> Any:
        return types.void(a, b, c, start, walk, live), _generator(rows, vectors)

    return tile


def make_fetching_tile(rows: int, vectors: int, writes: bool) -> Callable[..., None]:
    """The same with a seventh argument, (d, d_place, d_pace, e, e_place, e_pace), of what comes next.

    In step k of the sum, counted through all segments, it asks for d[d_place + k · d_pace] and e[e_place + k · e_pace]
    to be brought nearer: d to be read, e to be written where `writes` says so.
    """

    @intrinsic
    def tile(typing: Any, a: Any, b: Any, c: Any, start: Any, walk: Any, live: Any, ahead: Any) -> Any:
        return types.void(a, b, c, start, walk, live, ahead), _generator(rows, vectors, writes)

    return tile


def make_streaming_tile(rows: int, vectors: int) -> Callable[..., None]:
    """The same with a seventh argument, (d, d_place, d_pace), of what is to be read next; c is streamed.

    All lanes are live, every row of c begins at a multiple of a vector's size, and nothing is kept of what is there.
    """

    @intrinsic
    def tile(typing: Any, a: Any, b: Any, c: Any, start: Any, walk: Any, live: Any, ahead: Any) -> Any:
        return types.void(a, b, c, start, walk, live, ahead), _generator(rows, vectors, streams=True)

    return tile


class _Gate:
    """What is read of b is added up over the steps; the gate of ReLU may come before: what passes is stored besides."""

    def __init__(self, builder: Builder, vectors: int) -> None:
        self._builder = builder
        self._totals = [cgutils.alloca_once(builder, simd.VECTOR) for _ in range(vectors)]
        for place in self._totals:
            builder.store(simd.constant(0), place)

    def read(self, pointers: list[Value]) -> list[Value]:
        """What passes of the gradient; pointers to it, and where there is a gate to the output and the store."""
        builder, passed = self._builder, []
        if len(pointers) == 1:
            return self._added(_vectors_at(builder, pointers[0], len(self._totals)))
        loaded = [_vectors_at(builder, pointer, len(self._totals)) for pointer in pointers[:2]]
        for number, (given, output) in enumerate(zip(*loaded, strict=True)):
            above = builder.fcmp_ordered(">", output, simd.constant(0))
            vector = builder.select(above, given, simd.constant(0))
            simd.store(builder, vector, builder.gep(pointers[2], [whole(LANES * number)]))
            passed.append(vector)
        return self._added(passed)

    def _added(self, vectors: list[Value]) -> list[Value]:
        """The same vectors."""
        for total, vector in zip(self._totals, vectors, strict=True):
            self._builder.store(self._builder.fadd(self._builder.load(total), vector), total)
        return vectors

    def add_to(self, pointer: Value) -> None:
        """Add what was added up to what is there."""
        for number, total in enumerate(self._totals):
            place = self._builder.gep(pointer, [whole(LANES * number)])
            simd.store(self._builder, self._builder.fadd(simd.load(self._builder, place),
                                                         self._builder.load(total)), place)


def make_totalling_tile(rows: int, vectors: int) -> Callable[..., None]:
    """The same with an eighth argument, (sums, place): what is read of b is added up over the steps, and added there.

    Or (output, place, passed, place, sums, place), of which the first two walk as b does: then of b only that counts
    which has an output above zero, and is stored in `passed`, all lanes of it.
    """

    @intrinsic
    def tile(typing: Any, a: Any, b: Any, c: Any, start: Any, walk: Any, live: Any, ahead: Any, gate: Any) -> Any:
        return types.void(a, b, c, start, walk, live, ahead, gate), _generator(rows, vectors)

    return tile


def _generator(rows: int, vectors: int, writes: bool = False, streams: bool = False) -> Callable[..., Value]:
    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        a_parts, b_parts, c_parts, start_parts, walk_parts, live_parts = parts[:6]
        first, live_rows, live_lanes, keep = live_parts

        def pointer(kind: Any, array: Value, offset: Value) -> Value:
            return simd.address(context, builder, kind, array, offset)

        ahead = [(pointer(kinds[6][at], *parts[6][at:at + 2]), parts[6][at + 2], writes and at > 0)
                 for at in (0, 3) if len(parts) > 6 and at < len(parts[6])]
        a_base = pointer(kinds[0][0], a_parts[0], a_parts[1])
        a_table = pointer(kinds[0][2], a_parts[2], whole(0))
        starts = [builder.gep(a_base, [place]) for place in _at_rows(builder, a_table, first, live_rows, rows)]
        sums = Sums(builder, rows, vectors)
        sums.start(_vectors_at(builder, pointer(kinds[3][0], start_parts[0], start_parts[1]), vectors))
        along = [pointer(kinds[7][at], *parts[7][at:at + 2]) for at in range(0, len(parts[7]), 2)] if parts[7:] else []
        gate = _Gate(builder, vectors) if along else None
        read = gate.read if gate else lambda pointers: _vectors_at(builder, pointers[0], vectors)
        _accumulate(builder, sums, starts, [pointer(kinds[1][0], b_parts[0], b_parts[1]), *along[:-1]], walk_parts,
                    ahead, read)
        if gate:
            gate.add_to(along[-1])
        c_base = pointer(kinds[2][0], c_parts[0], c_parts[1])
        c_table = pointer(kinds[2][2], c_parts[2], whole(0))
        places = [builder.gep(c_base, [place]) for place in _at_rows(builder, c_table, first, live_rows, rows)]
        if streams:
            _stream_rows(builder, sums, places, live_rows, start_parts[2])
        else:
            _finish(builder, sums, places, (live_rows, live_lanes), keep, start_parts[2])
        return context.get_dummy_value()

    return generate


wide_tile = make_tile(TILE.rows, 2)
tall_tile = make_tile(TILE.tall_rows, 1)
fetching_wide_tile, fetching_tall_tile = (make_fetching_tile(*size, writes=True)
                                          for size in ((TILE.rows, 2), (TILE.tall_rows, 1)))
asking_wide_tile, asking_tall_tile, asking_low_tile = (
    make_fetching_tile(*size, writes=False) for size in ((TILE.rows, 2), (TILE.tall_rows, 1), (TILE.rows, 1)))
streaming_wide_tile = make_streaming_tile(TILE.rows, 2)
totalling_wide_tile, totalling_low_tile = make_totalling_tile(TILE.rows, 2), make_totalling_tile(TILE.rows, 1)
