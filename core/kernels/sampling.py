"""Every so many pixels down and across a map (N×H×W×C): taken out, and added where they came from.

`sizes` are rows, pixels of a row and channels of what is taken; the numbers of a whole picture, from row to row of the
pixels seen, and from one to the next.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from core.kernels import simd
from core.kernels.jit import kernel
from core.kernels.pointwise import multiply_pixels
from core.kernels.processor import LANES
from core.kernels.simd import Builder, Value, intrinsic, members, whole
from core.kernels.vector_steps import fetch_to_write

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


def _move(builder: Builder, source: Value, target: Value, mask: Value | None, adds: bool) -> None:
    """Copy a vector, or add it; with a mask only some lanes."""
    def read(pointer: Value) -> Value:
        return simd.load(builder, pointer) if mask is None else simd.masked_load(builder, pointer, mask)

    vector = read(source)
    if adds:
        vector = builder.fadd(read(target), vector)
    if mask is None:
        simd.store(builder, vector, target)
    else:
        simd.masked_store(builder, vector, target, mask)


def _make_row(adds: bool) -> Callable[..., None]:
    """row((source, place, step), (target, place, step), (pixels, channels, ahead)): steps lead from pixel to pixel.

    Memory is asked for what lies `ahead` numbers behind each vector that is read.
    """

    @intrinsic
    def row(typing: Any, source: Any, target: Any, sizes: Any) -> Any:
        def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
            parts = members(builder, signature.args, arguments)
            starts = [simd.address(context, builder, kind[0], *part[:2])
                      for kind, part in zip(signature.args[:2], parts[:2], strict=True)]
            pixels, channels, ahead = parts[2]
            vectors = builder.sdiv(channels, whole(LANES))
            done = builder.mul(vectors, whole(LANES))
            left = builder.sub(channels, done)
            mask = simd.first_lanes(builder, left)
            with simd.counted(builder, pixels) as pixel:
                given, made = (builder.gep(start, [builder.mul(pixel, part[2])])
                               for start, part in zip(starts, parts[:2], strict=True))
                with simd.counted(builder, vectors) as number:
                    offset = builder.mul(number, whole(LANES))
                    simd.fetch(builder, builder.gep(given, [builder.add(offset, ahead)]))
                    _move(builder, builder.gep(given, [offset]), builder.gep(made, [offset]), None, adds)
                with builder.if_then(builder.icmp_signed(">", left, whole(0))):
                    _move(builder, builder.gep(given, [done]), builder.gep(made, [done]), mask, adds)
            return context.get_dummy_value()

        return types.void(source, target, sizes), generate

    return row


_copy_row, _add_row = _make_row(False), _make_row(True)


@kernel
def convolve_samples(maps: Floats, taken: Floats, filters: Floats, out: Floats, bias: Floats, places: Integers,
                     floor: np.float32, seen: Integers, sizes: Integers) -> None:
    """taken = the pixels seen, one behind the other; out [pixels, filters] = max(taken · filters + bias, floor).

    `seen` are the sizes of all; `filters` lie in panels; places as for `pointwise`. sizes: first picture, how many,
    where out begins, filters, rows that are taken at a time. Memory is asked for the next ones in time.
    """
    rows, columns, channels, numbers, down, across = seen[:6]
    first, pictures, target, count, most = sizes[:5]
    place = first * rows * columns * channels
    fetch_to_write(out, target, min(most, rows) * columns * count)
    for picture in range(first, first + pictures):
        for start in range(0, rows, most):
            here, made, source = min(most, rows - start), place, picture * numbers + start * down
            coming = source + here * down if start + here < rows else (picture + 1) * numbers
            for row in range(here):
                _copy_row((maps, source + row * down, across), (taken, made, channels),
                          (columns, channels, coming - source))
                made += columns * channels
            pixels = here * columns
            multiply_pixels((taken, place, places[0]), filters, (out, target, places[1]), (bias, floor),
                            (pixels, channels, count), (taken, place, 0, target + pixels * count))
            place, target = made, target + pixels * count


@kernel
def return_pixels(taken: Floats, maps: Floats, sizes: Integers, first: int, end: int, adds: bool) -> None:
    """Add each to where it was taken from; unless `adds`, to zeros: what was in the pictures is forgotten."""
    rows, columns, channels, numbers, down, across = sizes[:6]
    length = columns * channels
    place = first * rows * length
    for picture in range(first, end):
        if not adds:
            maps[picture * numbers:(picture + 1) * numbers] = np.float32(0)
        for row in range(rows):
            _add_row((taken, place, channels), (maps, picture * numbers + row * down, across),
                     (columns, channels, length))
            place += length
