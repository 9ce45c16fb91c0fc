"""One tile of Winograd's F(4×4, 3×3) between a picture and its positions, for use inside a kernel.

Whatever lies next to the convolution is done on the way. Arguments are tuples: (positions, place, step) of a tile's
vector, (picture, place, down, right) of the patch's corner. `edges` are the patch's rows where the picture begins and
ends, then its columns: pixels outside are read from a vector of zeros and written to a vector that nobody reads.
"""

from dataclasses import dataclass
from typing import Any

from numba import types
from numba.core import cgutils

from core.kernels import simd
from core.kernels.simd import Builder, Value, intrinsic, members, whole
from core.kernels.vector_steps import BYTES, largest_corner, largest_of_four, same_bytes
from core.kernels.winograd import (
    Vector,
    data,
    data_reverse,
    load_all,
    output,
    output_reverse,
    patch,
    positions_at,
    square,
    store_all,
)


@dataclass(frozen=True)
class _Window:
    """A patch of size × size pixels, of which only those between the picture's edges are there.

    `edges` are the patch's rows where the picture begins and ends, then the columns.
    """

    builder: Builder
    size: int
    edges: list[Value]

    def places(self, base: Value, steps: tuple[Value, Value], spare: Value) -> list[list[Value]]:
        """Pointers to the pixels; outside the picture to `spare`."""
        rows, columns = self._inside(*self.edges[:2]), self._inside(*self.edges[2:])
        found = patch(self.builder, base, steps, self.size)
        return [[self.builder.select(self.builder.and_(down, right), place, spare)
                 for right, place in zip(columns, row, strict=True)] for down, row in zip(rows, found, strict=True)]

    def fetch_below(self, base: Value, steps: tuple[Value, Value]) -> None:
        """Ask for the pixels that the tile below adds to this one's: a row of tiles is just the time memory needs.

        Not to write them, even where that is what will happen: processors bring such lines into the first-level cache.
        """
        rows = self.builder.gep(base, [self.builder.mul(steps[0], whole(self.size))])
        for row in patch(self.builder, rows, steps, self.size)[:4]:
            for place in row[-4:]:
                simd.fetch(self.builder, place)

    def _inside(self, begin: Value, end: Value) -> list[Value]:
        builder = self.builder
        return [builder.and_(builder.icmp_signed("<=", begin, whole(number)),
                             builder.icmp_signed("<", whole(number), end)) for number in range(self.size)]


def _zeros(builder: Builder) -> Value:
    """A pointer to a vector of zeros."""
    place = cgutils.alloca_once_value(builder, simd.constant(0))
    return simd.unknown(builder, builder.bitcast(place, simd.FLOAT.as_pointer()))


def _nowhere(builder: Builder) -> Value:
    """A pointer to a vector that nobody reads."""
    place = cgutils.alloca_once(builder, simd.VECTOR)
    return simd.unknown(builder, builder.bitcast(place, simd.FLOAT.as_pointer()))


@intrinsic
def read_data(typing: Any, picture: Any, positions: Any, edges: Any) -> Any:
    """A 6×6 patch to positions: (picture, place, down, right), (positions, place, step), edges."""
    signature = types.void(picture, positions, edges)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds = signature.args
        source, target, around = members(builder, kinds, arguments)
        base = simd.address(context, builder, kinds[0][0], *source[:2])
        window, steps = _Window(builder, 6, around), (source[2], source[3])
        window.fetch_below(base, steps)
        places = window.places(base, steps, _zeros(builder))
        base = simd.address(context, builder, kinds[1][0], *target[:2])
        store_all(builder, square(data, load_all(builder, places)), positions_at(builder, base, target[2], 6))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def write_data(typing: Any, positions: Any, picture: Any, edges: Any, new: Any) -> Any:
    """Positions back to a 6×6 patch, of which the first two rows and columns may be there already and are added to.

    (positions, place, step), (picture, place, down, right), edges, (rows are new, columns are new)
    """
    signature = types.void(positions, picture, edges, new)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds = signature.args
        source, target, around, fresh = members(builder, kinds, arguments)
        base = simd.address(context, builder, kinds[0][0], *source[:2])
        made = square(data_reverse, load_all(builder, positions_at(builder, base, source[2], 6)))
        base, nothing = simd.address(context, builder, kinds[1][0], *target[:2]), _zeros(builder)
        window, steps = _Window(builder, 6, around), (target[2], target[3])
        window.fetch_below(base, steps)
        places = window.places(base, steps, _nowhere(builder))
        new_rows, new_columns = (builder.icmp_signed("!=", flag, whole(0)) for flag in fresh)
        for row, column in ((row, column) for row in range(6) for column in range(6) if row < 2 or column < 2):
            first = (new_rows if column >= 2 else new_columns if row >= 2 else builder.and_(new_rows, new_columns))
            old = simd.load(builder, builder.select(first, nothing, places[row][column]))
            made[row][column] = made[row][column] + Vector(builder, old)
        store_all(builder, made, places)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def write_output(typing: Any, positions: Any, picture: Any, edges: Any, start: Any) -> Any:
    """Positions to a 4×4 block of output, max(value + bias, floor).

    (positions, place, step), (picture, place, down, right), edges, (bias, place, floor)
    """
    signature = types.void(positions, picture, edges, start)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds = signature.args
        source, target, around, starts = members(builder, kinds, arguments)
        made = _biased_output(context, builder, kinds, (source, starts))
        base, floor = simd.address(context, builder, kinds[1][0], *target[:2]), simd.spread(builder, starts[2])
        window, steps = _Window(builder, 4, around), (target[2], target[3])
        window.fetch_below(base, steps)
        places = window.places(base, steps, _nowhere(builder))
        cut = [[Vector(builder, simd.not_below(builder, vector.value, floor)) for vector in row] for row in made]
        store_all(builder, cut, places)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def write_pooled(typing: Any, positions: Any, pooled: Any, edges: Any, start: Any, winners: Any) -> Any:
    """Positions to the largest of each 2×2 of a block of output, and which it was.

    (positions, place, step), (pooled, place, down, right), edges, (bias, place, floor), (winners, place, nobody)
    """
    signature = types.void(positions, pooled, edges, start, winners)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds = signature.args
        source, target, around, starts, won = members(builder, kinds, arguments)
        made = _biased_output(context, builder, kinds, (source, starts))
        window, steps, nowhere = _Window(builder, 2, around), (target[2], target[3]), _nowhere(builder)
        places = window.places(simd.address(context, builder, kinds[1][0], *target[:2]), steps, nowhere)
        base = simd.address(context, builder, kinds[4][0], *won[:2])
        bytes_at = window.places(base, steps, builder.bitcast(nowhere, base.type))
        for row in range(2):
            for column in range(2):
                corners = [made[2 * row + down][2 * column + right].value for down in (0, 1) for right in (0, 1)]
                best, winner = largest_corner(builder, corners, starts[2], won[2])
                simd.store(builder, best, places[row][column])
                builder.store(winner, builder.bitcast(bytes_at[row][column], BYTES.as_pointer()), align=1)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def write_largest(typing: Any, positions: Any, pooled: Any, edges: Any, start: Any) -> Any:
    """As `write_pooled`, without telling which it was."""
    signature = types.void(positions, pooled, edges, start)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds = signature.args
        source, target, around, starts = members(builder, kinds, arguments)
        made = _biased_output(context, builder, kinds, (source, starts))
        base, floor = simd.address(context, builder, kinds[1][0], *target[:2]), simd.spread(builder, starts[2])
        places = _Window(builder, 2, around).places(base, (target[2], target[3]), _nowhere(builder))
        for row in range(2):
            for column in range(2):
                corners = [made[2 * row + down][2 * column + right].value for down in (0, 1) for right in (0, 1)]
                simd.store(builder, largest_of_four(builder, corners, floor), places[row][column])
        return context.get_dummy_value()

    return signature, generate


def _biased_output(context: Any, builder: Builder, kinds: Any, given: tuple[list[Value], ...]) -> list[list[Vector]]:
    """Aᵀ m A plus the bias; `given` are the positions and the (bias, place, …), the first and the fourth of `kinds`.

    What is added to the second position of the second row goes to all 16 outputs.
    """
    source, starts = given
    base = simd.address(context, builder, kinds[0][0], *source[:2])
    positions = load_all(builder, positions_at(builder, base, source[2], 6))
    bias = Vector(builder, simd.load(builder, simd.address(context, builder, kinds[3][0], *starts[:2])))
    positions[1][1] = positions[1][1] + bias
    return square(output, positions)


def _put_gradient(context: Any, builder: Builder, kinds: Any, block: list[list[Vector]],
                  ends: tuple[list[Value], list[Value]]) -> None:
    """A 4×4 block of gradient to positions, its sum added to the bias's; `ends` are the first two arguments.

    The sum is the second position of the second row.
    """
    target, sums = ends
    base = simd.address(context, builder, kinds[0][0], *target[:2])
    made = square(output_reverse, block)
    store_all(builder, made, positions_at(builder, base, target[2], 6))
    place = simd.address(context, builder, kinds[1][0], *sums)
    simd.store(builder, builder.fadd(simd.load(builder, place), made[1][1].value), place)


@intrinsic
def read_gradient(typing: Any, positions: Any, sums: Any, gradient: Any, edges: Any) -> Any:
    """A 4×4 block of gradient to positions: (positions, place, step), (sums, place), (gradient, place, down, right)."""
    signature = types.void(positions, sums, gradient, edges)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds = signature.args
        target, sum_parts, source, around = members(builder, kinds, arguments)
        base = simd.address(context, builder, kinds[2][0], *source[:2])
        window, steps = _Window(builder, 4, around), (source[2], source[3])
        window.fetch_below(base, steps)
        places = window.places(base, steps, _zeros(builder))
        _put_gradient(context, builder, kinds, load_all(builder, places), (target, sum_parts))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def read_gated(typing: Any, positions: Any, sums: Any, gradient: Any, edges: Any, made: Any) -> Any:
    """As `read_gradient`, but 0 where the output, an array like the gradient, is not above zero: ReLU's gradient."""
    signature = types.void(positions, sums, gradient, edges, made)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, zero = signature.args, simd.constant(0)
        target, sum_parts, source, around = members(builder, kinds[:4], arguments[:4])
        steps, nothing, window = (source[2], source[3]), _zeros(builder), _Window(builder, 4, around)
        base = simd.address(context, builder, kinds[2][0], *source[:2])
        window.fetch_below(base, steps)
        given = load_all(builder, window.places(base, steps, nothing))
        base = simd.address(context, builder, kinds[4], arguments[4], source[1])
        window.fetch_below(base, steps)
        outputs = load_all(builder, window.places(base, steps, nothing))

        def gated(slope: Vector, value: Vector) -> Vector:
            above = builder.fcmp_ordered(">", value.value, zero)
            return Vector(builder, builder.select(above, slope.value, zero))

        block = [[gated(*pair) for pair in zip(*rows, strict=True)] for rows in zip(given, outputs, strict=True)]
        _put_gradient(context, builder, kinds, block, (target, sum_parts))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def read_pooled(typing: Any, positions: Any, sums: Any, gradient: Any, edges: Any, winners: Any) -> Any:
    """As `read_gradient` from 2×2 pooled pixels, whose gradient goes to the winner of each 2×2 corners.

    The fifth argument is (winners, place). Where the winner is nobody the gradient goes nowhere.
    """
    signature = types.void(positions, sums, gradient, edges, winners)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, zero = signature.args, simd.constant(0)
        target, sum_parts, source, around, won = members(builder, kinds, arguments)
        steps, nothing, window = (source[2], source[3]), _zeros(builder), _Window(builder, 2, around)
        base = simd.address(context, builder, kinds[2][0], *source[:2])
        given = load_all(builder, window.places(base, steps, nothing))
        base = simd.address(context, builder, kinds[4][0], *won)
        bytes_at = window.places(base, steps, builder.bitcast(nothing, base.type))

        def passed(row: int, column: int) -> Vector:
            winner = builder.load(builder.bitcast(bytes_at[row // 2][column // 2], BYTES.as_pointer()), align=1)
            here = same_bytes(builder, winner, row % 2 * 2 + column % 2)
            return Vector(builder, builder.select(here, given[row // 2][column // 2].value, zero))

        block = [[passed(row, column) for column in range(4)] for row in range(4)]
        _put_gradient(context, builder, kinds, block, (target, sum_parts))
        return context.get_dummy_value()

    return signature, generate
