"""Convolutions without frames of zeros: output pixels that see the same part of the filter are worked on together.

At a border a window reaches out of the picture; there the product leaves out the rows and columns of the filter that
lie outside. So does the way back, where with a stride every input pixel sees only some of the filter: all pixels that
see the same part form a region. Nothing is copied, cleared or added to memory.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.gating import gate_pixels, sum_pixels
from core.kernels.jit import helper, kernel
from core.kernels.pointwise import AS_GIVEN, GATED, SUMMED
from core.kernels.processor import LANES, TILE
from core.kernels.region_sums import sum_taps
from core.kernels.tile import fetching_tall_tile, fetching_wide_tile
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
def multiply_regions(arrays: tuple[Floats, Floats, Floats, Floats, Floats], places: Integers, regions: Integers,
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
                     floor: np.float32, sizes: Integers, count: int, x_at: int, out_at: int) -> None:
    """out = max(bias + x under the taps · filters, floor), some pictures at a time; tables: see `multiply_regions`.

    sizes: pictures at a time, numbers of a picture of x and of out; x's step to the next segment, filters (whole
    vectors). `count` pictures are convolved, which begin at x_at and go to out_at.
    """
    block, x_numbers, out_numbers, step, columns = sizes[:5]
    first = min(block, count)
    fetch_to_read(x, x_at, first * x_numbers)
    fetch_to_write(out, out_at, first * out_numbers)
    for picture in range(0, count, block):
        here, coming = min(block, count - picture), max(0, min(block, count - picture - block))
        x_here, out_here = x_at + picture * x_numbers, out_at + picture * out_numbers
        multiply_regions((x, filters, out, bias, x), places, regions, floor, (here, x_here, out_here), (step, columns),
                  (x_here + here * x_numbers, coming * x_numbers, out_here + here * out_numbers, coming * out_numbers))


@kernel
def region_gradients(arrays: tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats],
                     taps: Integers, places: Integers, regions: Integers, summing: Integers, sizes: Integers,
                     first: int, count: int, given_at: int) -> None:
    """The way back, a few pictures at a time: through the gate of ReLU, to the weights' and bias's slots, to the input.

    arrays: the given gradient, the output, x, the parts of the filters turned, room for the gradients of a few
    pictures, the slots of the weights and those of the bias, the gradient of x, zeros. taps, summing: as for
    `sum_taps`; places, regions: as for `multiply_regions`. sizes: pictures per slot and at a time, pixels of a
    picture, filters, pixels of a line, channels; what becomes of the given gradient (AS_GIVEN, GATED, SUMMED: added up
    per channel only), whether the weights learn and whether the input wants a gradient; numbers of a picture of x; the
    steps from a slot to the next of weights and bias, pictures whose sums stay in registers. It is about `count`
    pictures from `first` on, whose gradient begins at `given_at`.
    """
    given, output, x, turned, room, slots, sums, target, zeros = arrays
    per_slot, block, pixels, filters, line, channels, mode, learns, sends = sizes[:9]
    x_numbers, slot_step, sum_step, together = sizes[9:13]
    numbers, picture = pixels * filters, 0
    gates_there = mode == GATED and learns and taps[0, 2] * taps[0, 3] == pixels
    while picture < count:
        slot, inside = (first + picture) // per_slot, (first + picture) % per_slot
        here = min(block, per_slot - inside, count - picture)
        coming, sums_at = min(block, count - picture - here), slot * sum_step
        if inside == 0 and mode != AS_GIVEN:
            sums[sums_at:sums_at + sum_step] = np.float32(0)
        at, output_here = given_at + picture * numbers, (first + picture) * numbers
        x_here, length, coming_x = (first + picture) * x_numbers, here * x_numbers, coming * x_numbers
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
            sum_taps((x, made, slots), taps, slot * slot_step, int(inside != 0),
                     (here, together, x_here, made_at), gate, near, summing)
        if sends:
            multiply_regions((made, turned, target, zeros, x), places, regions, _NO_FLOOR, (here, made_at, x_here),
                      (line * filters, channels), (x_here + length, coming_x, x_here + length, coming_x))
        picture += here


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
