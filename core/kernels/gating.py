"""The gate of ReLU over a run of pixels, and sums per channel: they stay in registers from the first pixel to the last.

Four sums are kept at a time, of neighbouring channels or of neighbouring pixels, so that one addition need not wait for
the one before.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils
from numpy.typing import NDArray

from core.kernels import simd
from core.kernels.jit import helper
from core.kernels.processor import LANES
from core.kernels.simd import Builder, Value, intrinsic, members, whole

Floats = NDArray[np.float32]

_KEPT = 4

# What happens to a vector of the gradient at an offset from the first: stored where it belongs, and given back.
Passing = Callable[[Value, Value | None], Value]


def _walk(builder: Builder, vectors: int, numbers: list[Value], mask: Value | None, passing: Passing) -> list[Value]:
    """Go through the pixels, `_KEPT // vectors` at a time and then one by one; gives each vector's sums."""
    pixels, step = numbers
    together = _KEPT // vectors
    sums = [[cgutils.alloca_once(builder, simd.VECTOR) for _ in range(vectors)] for _ in range(together)]
    for row in sums:
        for place in row:
            builder.store(simd.constant(0), place)

    def take(pixel: Value, row: list[Value]) -> None:
        start = builder.mul(pixel, step)
        for vector, place in enumerate(row):
            passed = passing(builder.add(start, whole(LANES * vector)), mask if vector == vectors - 1 else None)
            builder.store(builder.fadd(builder.load(place), passed), place)

    rounds = builder.sdiv(pixels, whole(together))
    with simd.counted(builder, rounds) as number:
        for nth, kept in enumerate(sums):
            take(builder.add(builder.mul(number, whole(together)), whole(nth)), kept)
    done = builder.mul(rounds, whole(together))
    with simd.counted(builder, builder.sub(pixels, done)) as number:
        take(builder.add(done, number), sums[0])
    totals = []
    for vector in range(vectors):
        found = [builder.load(row[vector]) for row in sums]
        while len(found) > 1:
            found = [builder.fadd(*pair) for pair in zip(found[::2], found[1::2], strict=True)]
        totals.append(found[0])
    return totals


def _add_to_sums(builder: Builder, totals: list[Value], pointer: Value) -> None:
    for vector, total in enumerate(totals):
        place = builder.gep(pointer, [whole(LANES * vector)])
        simd.store(builder, builder.fadd(simd.load(builder, place), total), place)


def _for_masks(builder: Builder, vectors: int, live: Value, work: Callable[[Value | None], None]) -> None:
    """Only a single vector may have lanes that nobody wants."""
    if vectors > 1:
        work(None)
        return
    with builder.if_else(builder.icmp_signed(">=", live, whole(LANES)), likely=True) as (full, part):
        with full:
            work(None)
        with part:
            work(simd.first_lanes(builder, live))


def _make_gate(vectors: int) -> Callable[..., None]:
    """gate((gradient, place), (output, place, floor), (target, place), (sums, place), (pixels, step, live))."""

    @intrinsic
    def gate(typing: Any, gradient: Any, output: Any, target: Any, sums: Any, walk: Any) -> Any:
        def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
            parts = members(builder, signature.args, arguments)
            given, made, goal, total = (simd.address(context, builder, kind[0], *part[:2])
                                        for kind, part in zip(signature.args[:4], parts[:4], strict=True))
            bottom = simd.spread(builder, parts[1][2])

            def passing(offset: Value, mask: Value | None) -> Value:
                above = builder.fcmp_ordered(">", simd.load(builder, builder.gep(made, [offset])), bottom)
                passed = builder.select(above, simd.load(builder, builder.gep(given, [offset])), simd.constant(0))
                place = builder.gep(goal, [offset])
                if mask is None:
                    simd.store(builder, passed, place)
                else:
                    simd.masked_store(builder, passed, place, mask)
                return passed

            _for_masks(builder, vectors, parts[4][2], lambda mask: _add_to_sums(
                builder, _walk(builder, vectors, parts[4][:2], mask, passing), total))
            return context.get_dummy_value()

        return types.void(gradient, output, target, sums, walk), generate

    return gate


def _make_sum(vectors: int) -> Callable[..., None]:
    """add((values, place), (sums, place), (pixels, step))."""

    @intrinsic
    def add(typing: Any, values: Any, sums: Any, walk: Any) -> Any:
        def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
            parts = members(builder, signature.args, arguments)
            given, total = (simd.address(context, builder, kind[0], *part)
                            for kind, part in zip(signature.args[:2], parts[:2], strict=True))

            def passing(offset: Value, mask: Value | None) -> Value:
                return simd.load(builder, builder.gep(given, [offset]))

            _add_to_sums(builder, _walk(builder, vectors, parts[2], None, passing), total)
            return context.get_dummy_value()

        return types.void(values, sums, walk), generate

    return add


_gate_four, _gate_two, _gate_one = _make_gate(4), _make_gate(2), _make_gate(1)
_sum_four, _sum_two, _sum_one = _make_sum(4), _make_sum(2), _make_sum(1)


@helper
def gate_pixels(gradient: Floats, output: Floats, places: tuple[int, int], target: Floats, target_at: int, sums: Floats,
                sums_at: int, floor: np.float32, pixels: int, channels: int) -> None:
    """target = gradient where output > floor, else 0, for neighbouring pixels; its sum per channel is added to `sums`.

    `places` are those of gradient and output. All lanes of the last vector of `sums` are written.
    """
    channel, (place, output_at) = 0, places
    while channels - channel >= 4 * LANES:
        _gate_four((gradient, place + channel), (output, output_at + channel, floor), (target, target_at + channel),
                   (sums, sums_at + channel), (pixels, channels, LANES))
        channel += 4 * LANES
    if channels - channel >= 2 * LANES:
        _gate_two((gradient, place + channel), (output, output_at + channel, floor), (target, target_at + channel),
                  (sums, sums_at + channel), (pixels, channels, LANES))
        channel += 2 * LANES
    while channel < channels:
        _gate_one((gradient, place + channel), (output, output_at + channel, floor), (target, target_at + channel),
                  (sums, sums_at + channel), (pixels, channels, channels - channel))
        channel += LANES


@helper
def sum_pixels(values: Floats, place: int, sums: Floats, sums_at: int, pixels: int, channels: int) -> None:
    """Add the sum over neighbouring pixels of each channel to `sums`, of which whole vectors are written."""
    channel = 0
    while channels - channel >= 4 * LANES:
        _sum_four((values, place + channel), (sums, sums_at + channel), (pixels, channels))
        channel += 4 * LANES
    if channels - channel >= 2 * LANES:
        _sum_two((values, place + channel), (sums, sums_at + channel), (pixels, channels))
        channel += 2 * LANES
    while channel < channels:
        _sum_one((values, place + channel), (sums, sums_at + channel), (pixels, channels))
        channel += LANES
