"""A register tile for plain matrix products, whose rows and steps lie evenly: no tables, no masks, no floor.

c[row · c_step + lane] = (what was there) + Σ_k a[row · a_row + k · a_step] · b[k · b_step + lane]
"""

from collections.abc import Callable
from typing import Any

from numba import types
from numba.core import cgutils

from core.kernels import simd
from core.kernels.processor import LANES
from core.kernels.simd import Builder, Value, intrinsic, members, whole


def _strided(builder: Builder, base: Value, step: Value, count: int) -> list[Value]:
    return [builder.gep(base, [builder.mul(step, whole(number))]) for number in range(count)]


def _vectors(builder: Builder, base: Value, count: int) -> list[Value]:
    return [builder.gep(base, [whole(LANES * number)]) for number in range(count)]


def _fetch_next(builder: Builder, base: Value, distance: Value, count: int = 1) -> None:
    """Ask for the vectors as far behind the present ones as these walk: there the next product's lie."""
    for place in _vectors(builder, builder.gep(base, [distance]), count):
        simd.fetch(builder, place)


def _start(builder: Builder, places: list[list[Value]], keep: Value) -> list[list[Value]]:
    """Zeros, or what is there already; each in memory that the compiler turns into a register."""
    sums = [[cgutils.alloca_once(builder, simd.VECTOR) for _ in row] for row in places]
    with builder.if_else(builder.icmp_signed("!=", keep, whole(0))) as (kept, anew):
        with kept:
            for sum_row, place_row in zip(sums, places, strict=True):
                for place, old in zip(sum_row, place_row, strict=True):
                    builder.store(simd.load(builder, old), place)
        with anew:
            for sum_row in sums:
                for place in sum_row:
                    builder.store(simd.constant(0), place)
    return sums


def make_plain_tile(rows: int, vectors: int) -> Callable[..., None]:
    """A tile of that size, for use inside a kernel.

    tile((a, place, a_row, a_step), (b, place, b_step), (c, place, c_step), (depth, keep)); keep 1 adds to c.
    """

    @intrinsic
    def tile(typing: Any, a: Any, b: Any, c: Any, walk: Any) -> Any:
        signature = types.void(a, b, c, walk)

        def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
            parts, kinds = members(builder, signature.args, arguments), signature.args
            a_base, b_base, c_base = (simd.address(context, builder, kind[0], *part[:2])
                                      for kind, part in zip(kinds[:3], parts[:3], strict=True))
            a_rows = _strided(builder, a_base, parts[0][2], rows)
            places = [_vectors(builder, row, vectors) for row in _strided(builder, c_base, parts[2][2], rows)]
            sums = _start(builder, places, parts[3][1])
            with simd.counted(builder, parts[3][0]) as step:
                offset, b_here = builder.mul(step, parts[0][3]), builder.gep(b_base, [builder.mul(step, parts[1][2])])
                _fetch_next(builder, a_rows[0], builder.mul(builder.add(step, parts[3][0]), parts[0][3]))
                _fetch_next(builder, b_here, builder.mul(parts[3][0], parts[1][2]), vectors)
                b_vectors = [simd.load(builder, place) for place in _vectors(builder, b_here, vectors)]
                for start, sum_row in zip(a_rows, sums, strict=True):
                    scalar = simd.spread(builder, builder.load(builder.gep(start, [offset]), align=4))
                    for vector, place in zip(b_vectors, sum_row, strict=True):
                        builder.store(simd.multiply_add(builder, scalar, vector, builder.load(place)), place)
            for sum_row, place_row in zip(sums, places, strict=True):
                for place, target in zip(sum_row, place_row, strict=True):
                    simd.store(builder, builder.load(place), target)
            return context.get_dummy_value()

        return signature, generate

    return tile
