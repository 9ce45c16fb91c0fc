"""Sums over the pixels of a strided convolution that each tap of its filters sees: the gradients of its weights.

Memory is asked for what comes next meanwhile, and with the first tap the gradient passes the gate of ReLU.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from core.kernels import simd
from core.kernels.jit import helper
from core.kernels.processor import LANES, TILE
from core.kernels.simd import Builder, Value, intrinsic, members, whole
from core.kernels.tile import Sums

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

_ROWS, _TALL, _WIDTH = TILE.rows, TILE.tall_rows, 2 * LANES


class _Gate:
    """The gate of ReLU for the vectors of a pixel: what passes is written down and added up."""

    def __init__(self, context: Any, builder: Builder, kinds: Any, parts: list[Value], vectors: int) -> None:
        self._builder = builder
        self._output, self._target, self._totals = (
            simd.address(context, builder, kinds[at], *parts[at:at + 2]) for at in (0, 2, 4))
        self._sums = Sums(builder, 1, vectors)
        self._sums.start(self._places(self._totals, whole(0), simd.load))

    def _places(self, base: Value, offset: Value, use: Callable[..., Value]) -> list[Value]:
        return [use(self._builder, self._builder.gep(base, [self._builder.add(offset, whole(LANES * number))]))
                for number in range(self._sums.vectors)]

    def passed(self, offset: Value, given: list[Value]) -> list[Value]:
        """The vectors at an offset, 0 where the output is not above 0."""
        builder, zero = self._builder, simd.constant(0)
        found = [builder.select(builder.fcmp_ordered(">", output, zero), vector, zero)
                 for output, vector in zip(self._places(self._output, offset, simd.load), given, strict=True)]
        places = self._places(self._target, offset, lambda _, place: place)
        for vector, place in zip(found, places, strict=True):
            simd.store(builder, vector, place)
        self._sums.start([builder.fadd(self._sums.take(0, number), vector) for number, vector in enumerate(found)])
        return found

    def finish(self) -> None:
        """Put the totals back."""
        places = self._places(self._totals, whole(0), lambda _, place: place)
        for number, place in enumerate(places):
            simd.store(self._builder, self._sums.take(0, number), place)


def _make_sums(rows: int, vectors: int, gates: bool) -> Callable[..., None]:
    """A tile of sums over pixels, for use inside a kernel.

    sums((a, place, picture, line, pixel), (b, place, picture, line, pixel), (c, place, step to the next row),
         (pictures, lines, pixels, live rows, keep), (d, place, pace, e, place, pace))

    c[row, lane] (+)= Σ a[… + row] · b[… + lane]; steps lead to the next picture, line and pixel. `keep` 1 adds to c.
    With each pixel memory is asked for so many more numbers of d and of e, to be read. Where it `gates`, a sixth
    argument (output, place, target, place, totals, place) is walked through as b is: b counts only where the output is
    above 0, is put into the target like that, and its sum is added to the totals.
    """
    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds = signature.args
        parts, found = members(builder, kinds, arguments), Sums(builder, rows, vectors)
        found.start([simd.constant(0)] * vectors)
        _walk(context, builder, kinds, parts, found)
        target = simd.address(context, builder, kinds[2][0], *parts[2][:2])
        live, keep = parts[3][3:]
        _put(builder, found, (target, parts[2][2]), live, builder.icmp_signed("!=", keep, whole(0)))
        return context.get_dummy_value()

    @intrinsic
    def sums(typing: Any, a: Any, b: Any, c: Any, count: Any, ahead: Any) -> Any:
        return types.void(a, b, c, count, ahead), generate

    @intrinsic
    def gated_sums(typing: Any, a: Any, b: Any, c: Any, count: Any, ahead: Any, gate: Any) -> Any:
        return types.void(a, b, c, count, ahead, gate), generate

    return gated_sums if gates else sums


def _walk(context: Any, builder: Builder, kinds: Any, parts: list[list[Value]], found: Sums) -> None:
    """Add the products of all pixels; where there is a gate, the sixth argument, what comes through it."""
    a, b = (simd.address(context, builder, kind[0], *part[:2])
            for kind, part in zip(kinds[:2], parts[:2], strict=True))
    steps, (pictures, lines, pixels) = (parts[0][2:], parts[1][2:]), parts[3][:3]
    coming = [(simd.address(context, builder, kinds[4][at], *parts[4][at:at + 2]), parts[4][at + 2])
              for at in (0, 3)]
    gate = _Gate(context, builder, kinds[5], parts[5], found.vectors) if len(parts) > 5 else None

    def walked(bases: tuple[Value, Value], level: int, number: Value) -> tuple[Value, Value]:
        ahead = [builder.mul(number, step[level]) for step in steps]
        return builder.gep(bases[0], ahead[:1]), builder.add(bases[1], ahead[1])

    with simd.counted(builder, pictures) as picture:
        bases = walked((a, whole(0)), 0, picture)
        with simd.counted(builder, lines) as line:
            line_bases = walked(bases, 1, line)
            done = builder.mul(builder.add(builder.mul(picture, lines), line), pixels)
            with simd.counted(builder, pixels) as pixel:
                number = builder.add(done, pixel)
                for pointer, pace in coming:
                    simd.fetch(builder, builder.gep(pointer, [builder.mul(number, pace)]))
                a_here, offset = walked(line_bases, 2, pixel)
                seen = [simd.load(builder, builder.gep(b, [builder.add(offset, whole(LANES * nth))]))
                        for nth in range(found.vectors)]
                if gate is not None:
                    seen = gate.passed(offset, seen)
                for row in range(found.rows):
                    weight = builder.load(builder.gep(a_here, [whole(row)]), align=4)
                    found.add_product(row, simd.spread(builder, weight), seen)
    if gate is not None:
        gate.finish()


def _put(builder: Builder, found: Sums, target: tuple[Value, Value], live: Value, kept: Value) -> None:
    """Write the live rows, or add them to what is there."""
    for row in range(found.rows):
        with builder.if_then(builder.icmp_signed("<", whole(row), live)):
            start = builder.gep(target[0], [builder.mul(target[1], whole(row))])
            places = [builder.gep(start, [whole(LANES * number)]) for number in range(found.vectors)]
            with builder.if_else(kept) as (added, anew):
                with added:
                    for number, place in enumerate(places):
                        simd.store(builder, builder.fadd(simd.load(builder, place), found.take(row, number)), place)
                with anew:
                    for number, place in enumerate(places):
                        simd.store(builder, found.take(row, number), place)


(_wide_sums, _tall_sums), (_gated_wide_sums, _gated_tall_sums) = (
    (_make_sums(TILE.rows, 2, gates), _make_sums(TILE.tall_rows, 1, gates)) for gates in (False, True))


@helper
def sum_taps(arrays: tuple[Floats, Floats, Floats], taps: Integers, slot: int, keep: int,
             starts: tuple[int, int, int, int], gate: tuple[int, Floats, int, Floats, int, Floats, int],
             near: tuple[Floats, int, int, Floats, int, int], sizes: Integers) -> None:
    """slots[tap, channel, filter] (+)= Σ a[pixel under the tap, channel] · b[pixel, filter] over pictures, pixels.

    arrays: a, b, slots. taps [number, 5]: where in a picture of a the first pixel under the tap lies, and in one of b
    the first pixel that has it inside; lines and pixels in a line of which that is so; the tap's place in a slot.
    `slot`: where the sums go; `keep` adds to what is there. starts: pictures, of which the sums stay in registers for
    so many; begin in a and b. gate: whether the first tap, which sees all pixels, fills b; from which gradient, where
    the output is above 0, and where its sums go, each array with its begin. near: two arrays of which memory is asked
    for meanwhile, where and how many numbers. sizes: a's numbers of a picture, of the step to the next line and pixel;
    the same of b; channels, filters (whole vectors).
    """
    (a, b, slots), (count, together, a_start, b_start) = arrays, starts
    gates, given, given_at, output, output_at, sums, sums_at = gate
    near_a, near_at, near_count, far_a, far_at, far_count = near
    a_picture, a_line, a_pixel, b_picture, b_line, b_pixel, channels, filters = sizes[:8]
    pixels = 0
    for tap in range(len(taps)):
        pixels += taps[tap, 2] * taps[tap, 3]
    tiles = filters // _WIDTH * -(-channels // _ROWS) + filters % _WIDTH // LANES * -(-channels // _TALL)
    steps = max(1, pixels * tiles * count)
    pace, far_pace = -(-near_count // steps), -(-far_count // steps)
    for picture in range(0, count, together):
        run, kept = min(together, count - picture), 1 if picture else keep
        a_here, b_here = a_start + picture * a_picture, picture * b_picture
        for column in range(0, filters, _WIDTH):
            wide = filters - column > LANES
            height = _ROWS if wide else _TALL
            for tap in range(len(taps)):
                for channel in range(0, channels, height):
                    place = slot + (taps[tap, 4] * channels + channel) * filters + column
                    lengths = (run, taps[tap, 2], taps[tap, 3], min(height, channels - channel), kept)
                    ahead = (near_a, near_at, pace, far_a, far_at, far_pace)
                    here, there = a_here + taps[tap, 0] + channel, b_here + taps[tap, 1] + column
                    near_at += run * taps[tap, 2] * taps[tap, 3] * pace
                    far_at += run * taps[tap, 2] * taps[tap, 3] * far_pace
                    if gates and tap == 0 and channel == 0:
                        through = (output, output_at + there, b, b_start + there, sums, sums_at + column)
                        if wide:
                            _gated_wide_sums((a, here, a_picture, a_line, a_pixel),
                                             (given, given_at + there, b_picture, b_line, b_pixel),
                                             (slots, place, filters), lengths, ahead, through)
                        else:
                            _gated_tall_sums((a, here, a_picture, a_line, a_pixel),
                                             (given, given_at + there, b_picture, b_line, b_pixel),
                                             (slots, place, filters), lengths, ahead, through)
                    elif wide:
                        _wide_sums((a, here, a_picture, a_line, a_pixel),
                                   (b, b_start + there, b_picture, b_line, b_pixel), (slots, place, filters), lengths,
                                   ahead)
                    else:
                        _tall_sums((a, here, a_picture, a_line, a_pixel),
                                   (b, b_start + there, b_picture, b_line, b_pixel), (slots, place, filters), lengths,
                                   ahead)
