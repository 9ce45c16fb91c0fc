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
from core.kernels.jit import kernel
from core.kernels.processor import LANES, TILE
from core.kernels.simd import Builder, Value, intrinsic, members, whole
from core.kernels.tile import Sums, tall_tile, wide_tile
from core.kernels.vector_steps import fetch_to_read

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

_ROWS, _TALL, _WIDTH = TILE.rows, TILE.tall_rows, 2 * LANES


@kernel
def multiply_regions(a: Floats, b: Floats, c: Floats, bias: Floats, places: Integers, regions: Integers,
                     floor: np.float32, sizes: Integers) -> None:
    """c[place(r) + lane] = max(bias[lane] + Σ_s Σ_k a[place(r) + s, k] · b[s, k, lane], floor) for rows r of regions.

    places [2, rows]: where each row lies in a and in c. regions [number, 8]: first row, rows for each picture,
    segments, depth; where b's part begins, its rows, the first row that counts, rows from segment to segment. b lies in
    panels of as many columns as a tile makes. sizes: pictures, a's start, c's start, a's step to the next segment,
    columns (whole vectors), numbers of a picture of a.
    """
    count, a_start, c_start, a_step, columns, a_numbers = sizes[:6]
    # Tiles read here and there; from end to end memory is several times as fast.
    fetch_to_read(a, a_start, count * a_numbers)
    a_rows, c_rows = places[0], places[1]
    for column in range(0, columns, _WIDTH):
        width = min(_WIDTH, columns - column)
        for number in range(len(regions)):
            row, segments, depth = regions[number, 0], regions[number, 2], regions[number, 3]
            end = row + regions[number, 1] * count
            b_here = regions[number, 4] + column * regions[number, 5] + regions[number, 6] * width
            walk = (segments, a_step, regions[number, 7] * width, depth, width)
            if width == _WIDTH:
                while row < end:
                    wide_tile((a, a_start, a_rows), (b, b_here), (c, c_start + column, c_rows), (bias, column, floor),
                              walk, (row, min(_ROWS, end - row), width, 0))
                    row += _ROWS
            else:
                while row < end:
                    tall_tile((a, a_start, a_rows), (b, b_here), (c, c_start + column, c_rows), (bias, column, floor),
                              walk, (row, min(_TALL, end - row), width, 0))
                    row += _TALL


def _make_sums(rows: int, vectors: int) -> Callable[..., None]:
    """A tile of sums over pixels, for use inside a kernel.

    sums((a, place, picture, line, pixel), (b, place, picture, line, pixel), (c, place, step to the next row),
         (pictures, lines, pixels, live rows, keep))

    c[row, lane] (+)= Σ a[… + row] · b[… + lane]; steps lead to the next picture, line and pixel. `keep` 1 adds to c.
    """

    @intrinsic
    def sums(typing: Any, a: Any, b: Any, c: Any, count: Any) -> Any:
        signature = types.void(a, b, c, count)

        def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
            kinds, parts = signature.args, members(builder, signature.args, arguments)
            starts = [simd.address(context, builder, kind[0], *part[:2])
                      for kind, part in zip(kinds[:3], parts[:3], strict=True)]
            found = Sums(builder, rows, vectors)
            for row in range(rows):
                found.start_row(row, [simd.constant(0)] * vectors)
            steps, (pictures, lines, pixels, live, keep) = (parts[0][2:], parts[1][2:]), parts[3]

            def walked(bases: list[Value], level: int, number: Value) -> list[Value]:
                return [builder.gep(base, [builder.mul(number, step[level])])
                        for base, step in zip(bases, steps, strict=True)]

            with simd.counted(builder, pictures) as picture:
                bases = walked(starts[:2], 0, picture)
                with simd.counted(builder, lines) as line:
                    line_bases = walked(bases, 1, line)
                    with simd.counted(builder, pixels) as pixel:
                        a_here, b_here = walked(line_bases, 2, pixel)
                        seen = [simd.load(builder, builder.gep(b_here, [whole(LANES * number)]))
                                for number in range(vectors)]
                        for row in range(rows):
                            number = builder.load(builder.gep(a_here, [whole(row)]), align=4)
                            found.add_product(row, simd.spread(builder, number), seen)
            _put(builder, found, (starts[2], parts[2][2]), live, builder.icmp_signed("!=", keep, whole(0)))
            return context.get_dummy_value()

        return signature, generate

    return sums


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


_wide_sums, _tall_sums = _make_sums(TILE.rows, 2), _make_sums(TILE.tall_rows, 1)


@kernel
def sum_regions(a: Floats, b: Floats, slots: Floats, taps: Integers, sizes: Integers) -> None:
    """slots[chunk, tap, channel, filter] += Σ a[pixel under the tap, channel] · b[pixel, filter] over pictures, pixels.

    taps [number, 4]: where in a picture of a the first pixel under the tap lies, and in one of b the first pixel that
    has it inside; lines and pixels in a line of which that is so. sizes: first picture, pictures; pictures of a chunk,
    pictures whose sums stay in registers; a's start, its numbers of a picture, of the step to the next line and pixel;
    the same of b; channels, filters (whole vectors); step to the next slot. The pictures belong to one chunk.
    """
    first, count, chunk, together, a_start, a_picture, a_line, a_pixel = sizes[:8]
    b_start, b_picture, b_line, b_pixel, channels, filters, slot_step = sizes[8:15]
    slot = first // chunk * slot_step
    fetch_to_read(a, a_start, count * a_picture)
    for picture in range(0, count, together):
        run, keep = min(together, count - picture), int((first + picture) % chunk != 0)
        a_here, b_here = a_start + picture * a_picture, b_start + picture * b_picture
        for column in range(0, filters, _WIDTH):
            wide = filters - column > LANES
            height = _ROWS if wide else _TALL
            for tap in range(len(taps)):
                a_tap, b_tap = a_here + taps[tap, 0], b_here + taps[tap, 1] + column
                for channel in range(0, channels, height):
                    place = slot + (tap * channels + channel) * filters + column
                    lengths = (run, taps[tap, 2], taps[tap, 3], min(height, channels - channel), keep)
                    if wide:
                        _wide_sums((a, a_tap + channel, a_picture, a_line, a_pixel),
                                   (b, b_tap, b_picture, b_line, b_pixel), (slots, place, filters), lengths)
                    else:
                        _tall_sums((a, a_tap + channel, a_picture, a_line, a_pixel),
                                   (b, b_tap, b_picture, b_line, b_pixel), (slots, place, filters), lengths)


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
