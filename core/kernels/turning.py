"""Pictures and numbers change places: from picture after picture to pictures side by side in a vector's lanes."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from core.kernels import simd
from core.kernels.jit import helper
from core.kernels.processor import LANES
from core.kernels.simd import Builder, Value, intrinsic, members, whole

Floats = NDArray[np.float32]
_INDICES = ir.VectorType(ir.IntType(32), LANES)


def turned(builder: Builder, vectors: list[Value]) -> list[Value]:
    """A square of numbers, a vector for each row, mirrored at its diagonal."""
    found, half = vectors, LANES // 2
    for _ in range(LANES.bit_length() - 1):
        found = [builder.shuffle_vector(found[number], found[number + half], _zip(part))
                 for number in range(half) for part in (0, 1)]
    return found


def _zip(part: int) -> Value:
    """Lanes of two vectors in turn, from the first half of both or from the second."""
    first = part * LANES // 2
    return ir.Constant(_INDICES, [first + lane // 2 + lane % 2 * LANES for lane in range(LANES)])


@intrinsic
def _turn_in(typing: Any, source: Any, target: Any, live: Any) -> Any:
    """LANES numbers of some pictures: (source, place, step to the next picture), (target, place), (pictures, numbers).

    Lanes beyond the pictures are zero.
    """
    signature = types.void(source, target, live)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        start, end = (simd.address(context, builder, kind[0], *part[:2])
                      for kind, part in zip(kinds[:2], parts[:2], strict=True))
        pictures, numbers = parts[2]
        rows, there = [], []
        for number in range(LANES):
            there.append(builder.icmp_signed("<", whole(number), pictures))
            row = builder.select(there[-1], whole(number), whole(0))
            rows.append(builder.gep(start, [builder.mul(row, parts[0][2])]))
        full = builder.icmp_signed(">=", numbers, whole(LANES))
        with builder.if_else(full, likely=True) as (all_of_them, some):
            with all_of_them:
                given = [builder.select(inside, simd.load(builder, row), simd.constant(0))
                         for row, inside in zip(rows, there, strict=True)]
                for number, vector in enumerate(turned(builder, given)):
                    simd.store(builder, vector, builder.gep(end, [whole(number * LANES)]))
            with some:
                mask = simd.first_lanes(builder, numbers)
                given = [builder.select(inside, simd.masked_load(builder, row, mask), simd.constant(0))
                         for row, inside in zip(rows, there, strict=True)]
                for number, vector in enumerate(turned(builder, given)):
                    with builder.if_then(builder.icmp_signed("<", whole(number), numbers)):
                        simd.store(builder, vector, builder.gep(end, [whole(number * LANES)]))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _turn_out(typing: Any, source: Any, target: Any, live: Any) -> Any:
    """LANES vectors to some pictures: (source, place), (target, place, step to the next one), (pictures, numbers)."""
    signature = types.void(source, target, live)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        start, end = (simd.address(context, builder, kind[0], *part[:2])
                      for kind, part in zip(kinds[:2], parts[:2], strict=True))
        pictures, numbers = parts[2]
        given = [simd.load(builder, builder.gep(start, [whole(number * LANES)])) for number in range(LANES)]
        full = builder.icmp_signed(">=", numbers, whole(LANES))
        mask = simd.first_lanes(builder, numbers)
        for number, vector in enumerate(turned(builder, given)):
            place = builder.gep(end, [builder.mul(parts[1][2], whole(number))])
            there = builder.icmp_signed("<", whole(number), pictures)
            with builder.if_then(there, likely=True), builder.if_else(full, likely=True) as (all_of_them, some):
                with all_of_them:
                    simd.store(builder, vector, place)
                with some:
                    simd.masked_store(builder, vector, place, mask)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def turn_square(typing: Any, given: Any, made: Any) -> Any:
    """LANES numbers of as many rows change places: (given, place, step to the next row), (made, place, step)."""
    signature = types.void(given, made)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        start, end = (simd.address(context, builder, kind[0], *part[:2])
                      for kind, part in zip(kinds, parts, strict=True))
        rows = [simd.load(builder, builder.gep(start, [builder.mul(parts[0][2], whole(row))])) for row in range(LANES)]
        for number, vector in enumerate(turned(builder, rows)):
            simd.store(builder, vector, builder.gep(end, [builder.mul(parts[1][2], whole(number))]))
        return context.get_dummy_value()

    return signature, generate


@helper
def turn_in(source: tuple[Floats, int, int], pictures: int, target: tuple[Floats, int], count: int) -> None:
    """`count` neighbouring numbers of each picture to as many vectors; (source, place, step), (target, place)."""
    for number in range(0, count, LANES):
        _turn_in((source[0], source[1] + number, source[2]), (target[0], target[1] + number * LANES),
                 (pictures, count - number))


@helper
def turn_out(source: tuple[Floats, int], target: tuple[Floats, int, int], pictures: int, count: int) -> None:
    """`count` vectors to as many neighbouring numbers of each picture; (source, place), (target, place, step)."""
    for number in range(0, count, LANES):
        _turn_out((source[0], source[1] + number * LANES), (target[0], target[1] + number, target[2]),
                  (pictures, count - number))
