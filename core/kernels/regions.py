"""Convolutions without frames of zeros: output pixels that see the same part of the filter are worked on together.

At a border a window reaches out of the picture; there the product leaves out the rows and columns of the filter that
lie outside. So does the way back, where with a stride every input pixel sees only some of the filter: all pixels that
see the same part form a region. Nothing is copied, cleared or added to memory.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from core.kernels import simd
from core.kernels.gating import gate_pixels, sum_pixels
from core.kernels.jit import helper, kernel
from core.kernels.pointwise import GATED, SUMMED
from core.kernels.processor import LANES, TILE
from core.kernels.simd import Builder, Value, intrinsic, members, whole
from core.kernels.tile import Sums, fetching_tall_tile, fetching_wide_tile
from core.kernels.vector_steps import fetch_to_read, fetch_to_write

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

_ROWS, _TALL, _WIDTH = TILE.rows, TILE.tall_rows, 2 * LANES
_NO_FLOOR = np.float32(-np.inf)


@helper
def _steps(regions: Integers, count: int, rows: int) -> int:
    """How many steps all tiles of so many rows make for `count` pictures and one panel."""
    steps = 0
    for number in range(len(regions)):
        steps += -(-regions[number, 1] * count // rows) * regions[number, 2] * regions[number, 3]
    return steps


@helper
def _multiply(arrays: tuple[Floats, Floats, Floats, Floats, Floats], places: Integers, regions: Integers,
              floor: np.float32, starts: tuple[int, int, int], walk: tuple[int, int], near: tuple[int, int, int, int]
              ) -> None:
    """c[place(r) + lane] = max(bias[lane] + Σ_s Σ_k a[place(r) + s, k] · b[s, k, lane], floor) for rows r of regions.

    arrays: a, b, c, bias, and what is read next. places [2, rows]: where each row lies in a and in c. regions [number,
    8]: first row, rows for each picture, segments, depth; where b's part begins, its rows, the first row that counts,
    rows from segment to segment. b lies in panels of as many columns as a tile makes. starts: pictures, begin in a and
    c. walk: a's step to the next segment, columns (whole vectors). near: what memory is asked for meanwhile, where it
    begins and how many numbers, to be read and, in c, to be written.
    """
    (a, b, c, bias, coming), (count, a_start, c_start), (a_step, columns) = arrays, starts, walk
    read, reads, write, writes = near
    a_rows, c_rows = places[0], places[1]
    steps = columns // _WIDTH * _steps(regions, count, _ROWS)
    steps = max(1, steps + columns % _WIDTH // LANES * _steps(regions, count, _TALL))
    pace, c_pace = -(-reads // steps), -(-writes // steps)
    for column in range(0, columns, _WIDTH):
        width = min(_WIDTH, columns - column)
        for number in range(len(regions)):
            row, segments, depth = regions[number, 0], regions[number, 2], regions[number, 3]
            end, length = row + regions[number, 1] * count, segments * depth
            b_here = regions[number, 4] + column * regions[number, 5] + regions[number, 6] * width
            steps_of_b = (segments, a_step, regions[number, 7] * width, depth, width)
            if width == _WIDTH:
                while row < end:
                    fetching_wide_tile(
                        (a, a_start, a_rows), (b, b_here), (c, c_start + column, c_rows), (bias, column, floor),
                        steps_of_b, (row, min(_ROWS, end - row), width, 0), (coming, read, pace, c, write, c_pace))
                    row, read, write = row + _ROWS, read + length * pace, write + length * c_pace
            else:
                while row < end:
                    fetching_tall_tile(
                        (a, a_start, a_rows), (b, b_here), (c, c_start + column, c_rows), (bias, column, floor),
                        steps_of_b, (row, min(_TALL, end - row), width, 0), (coming, read, pace, c, write, c_pace))
                    row, read, write = row + _TALL, read + length * pace, write + length * c_pace


@kernel
def convolve_regions(x: Floats, filters: Floats, out: Floats, bias: Floats, places: Integers, regions: Integers,
                     floor: np.float32, sizes: Integers) -> None:
    """out = max(bias + x under the taps · filters, floor), some pictures at a time; tables as for `_multiply`.

    sizes: pictures, pictures at a time; where x and out begin, numbers of a picture in both; x's step to the next
    segment, filters (whole vectors).
    """
    count, block, x_at, out_at, x_numbers, out_numbers, step, columns = sizes[:8]
    first = min(block, count)
    fetch_to_read(x, x_at, first * x_numbers)
    fetch_to_write(out, out_at, first * out_numbers)
    for picture in range(0, count, block):
        here, coming = min(block, count - picture), max(0, min(block, count - picture - block))
        x_here, out_here = x_at + picture * x_numbers, out_at + picture * out_numbers
        _multiply((x, filters, out, bias, x), places, regions, floor, (here, x_here, out_here), (step, columns),
                  (x_here + here * x_numbers, coming * x_numbers, out_here + here * out_numbers, coming * out_numbers))


def _make_sums(rows: int, vectors: int, gates: bool) -> Callable[..., None]:
    """A tile of sums over pixels, for use inside a kernel.

    sums((a, place, picture, line, pixel), (b, place, picture, line, pixel), (c, place, step to the next row),
         (pictures, lines, pixels, live rows, keep), (d, place, pace, e, place, pace))

    c[row, lane] (+)= Σ a[… + row] · b[… + lane]; steps lead to the next picture, line and pixel. `keep` 1 adds to c.
    With each pixel memory is asked for so many more numbers of d and of e, to be read. Where it `gates`, a sixth
    argument (output, place, target, place, totals, place) is walked through as b is: b counts only where the output is
    above 0, is put into the target like that, and its sum is added to the totals.
    """
    def loop(context: Any, builder: Builder, kinds: Any, parts: list[list[Value]], found: Sums) -> None:
        a, b = (simd.address(context, builder, kind[0], *part[:2])
                for kind, part in zip(kinds[:2], parts[:2], strict=True))
        steps, (pictures, lines, pixels) = (parts[0][2:], parts[1][2:]), parts[3][:3]
        coming = [(simd.address(context, builder, kinds[4][at], *parts[4][at:at + 2]), parts[4][at + 2])
                  for at in (0, 3)]
        gate = _Gate(context, builder, kinds[5], parts[5], vectors) if gates else None

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
                            for nth in range(vectors)]
                    if gate is not None:
                        seen = gate.passed(offset, seen)
                    for row in range(rows):
                        weight = builder.load(builder.gep(a_here, [whole(row)]), align=4)
                        found.add_product(row, simd.spread(builder, weight), seen)
        if gate is not None:
            gate.finish()

    def make(context: Any, builder: Builder, kinds: Any, arguments: tuple[Value, ...]) -> Value:
        parts, found = members(builder, kinds, arguments), Sums(builder, rows, vectors)
        found.start([simd.constant(0)] * vectors)
        loop(context, builder, kinds, parts, found)
        target = simd.address(context, builder, kinds[2][0], *parts[2][:2])
        live, keep = parts[3][3:]
        _put(builder, found, (target, parts[2][2]), live, builder.icmp_signed("!=", keep, whole(0)))
        return context.get_dummy_value()

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        return make(context, builder, signature.args, arguments)

    @intrinsic
    def sums(typing: Any, a: Any, b: Any, c: Any, count: Any, ahead: Any) -> Any:
        return types.void(a, b, c, count, ahead), generate

    @intrinsic
    def gated_sums(typing: Any, a: Any, b: Any, c: Any, count: Any, ahead: Any, gate: Any) -> Any:
        return types.void(a, b, c, count, ahead, gate), generate

    return gated_sums if gates else sums


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
def _sum(arrays: tuple[Floats, Floats, Floats], taps: Integers, slot: int, keep: int,
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


@kernel
def region_gradients(arrays: tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats],
                     taps: Integers, places: Integers, regions: Integers, summing: Integers, sizes: Integers) -> None:
    """The way back, a few pictures at a time: through the gate of ReLU, to the weights' and bias's slots, to the input.

    arrays: the given gradient, the output, x, the parts of the filters turned, room for the gradients of a few
    pictures, the slots of the weights and those of the bias, the gradient of x, zeros. taps, summing: the tables of
    `_sum`; places, regions: those of `_multiply`. sizes: first picture, pictures, all of one slot; pictures per slot,
    pictures at a time, pixels of a picture, filters, pixels of a line, channels; what becomes of the given gradient
    (AS_GIVEN, GATED, SUMMED: added up per channel only), whether the weights learn and whether the input wants a
    gradient; where the given gradient, output and x begin, numbers of a picture of x; the steps from a slot to the next
    of weights and bias, pictures whose sums stay in registers.
    """
    given, output, x, turned, room, slots, sums, target, zeros = arrays
    first, count, per_slot, block, pixels, filters, line, channels, mode, learns, sends = sizes[:11]
    given_at, output_at, x_at, x_numbers, slot_step, sum_step, together = sizes[11:18]
    numbers, slot, sums_at = pixels * filters, first // per_slot, first // per_slot * sum_step
    gates_there = mode == GATED and learns and taps[0, 2] * taps[0, 3] == pixels
    for picture in range(0, count, block):
        here, coming = min(block, count - picture), max(0, min(block, count - picture - block))
        at, output_here = given_at + picture * numbers, output_at + picture * numbers
        x_here, length, coming_x = x_at + picture * x_numbers, here * x_numbers, coming * x_numbers
        if learns and not (sends and picture):
            fetch_to_read(x, x_here, length)
        made, made_at = (room, 0) if mode == GATED else (given, at)
        if mode == GATED and not gates_there:
            gate_pixels(given, output, (at, output_here), room, 0, sums, sums_at, np.float32(0), here * pixels, filters)
        elif mode == SUMMED:
            sum_pixels(given, at, sums, sums_at, here * pixels, filters)
        next_at = at + here * numbers
        if learns:
            gate = (gates_there, given, at, output, output_here, sums, sums_at)
            near = (given, next_at, coming * numbers, output, output_here + here * numbers,
                    coming * numbers if mode == GATED else 0)
            if sends and picture == 0:
                near = (given, next_at, coming * numbers, target, x_here, length)
            _sum((x, made, slots), taps, slot * slot_step, int((first + picture) % per_slot != 0),
                 (here, together, x_here, made_at), gate, near, summing)
        if sends:
            _multiply((made, turned, target, zeros, x), places, regions, _NO_FLOOR, (here, made_at, x_here),
                      (line * filters, channels), (x_here + length, coming_x, x_here + length, coming_x))


@kernel
def pack_panels(weights: Floats, start: int, package: Floats, rows: int, columns: int) -> None:
    """package[panel][row][lane] = weights[row][column]: what a tile reads lies together."""
    for first in range(0, columns, _WIDTH):
        width = min(_WIDTH, columns - first)
        for row in range(rows):
            place, source = first * rows + row * width, start + row * columns + first
            for lane in range(width):
                package[place + lane] = weights[source + lane]


@kernel
def pack_swapped(weights: Floats, start: int, package: Floats, taps: Integers, channels: int, filters: int) -> None:
    """For each part of the filters: package[panel][row + filter][lane] = weights[tap][channel][filter].

    taps [number, 4]: which tap; where its part begins in the package, the part's rows, the tap's first row.
    """
    for number in range(len(taps)):
        source, base, rows = start + taps[number, 0] * channels * filters, taps[number, 1], taps[number, 2]
        for first in range(0, channels, _WIDTH):
            width = min(_WIDTH, channels - first)
            place = base + first * rows + taps[number, 3] * width
            for lane in range(width):
                for index in range(filters):
                    package[place + index * width + lane] = weights[source + (first + lane) * filters + index]
