"""Every so many pixels down and across a map (N×H×W×C): multiplied where they lie; gradients are added there.

`sizes` are rows, pixels of a row and channels of what is seen; the numbers of a whole picture, from row to row of the
pixels seen, and from one to the next.
"""

from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from core.kernels import simd
from core.kernels.jit import kernel
from core.kernels.pointwise import multiply_pixels
from core.kernels.processor import LANES
from core.kernels.simd import Builder, Value, intrinsic, members, whole
from core.kernels.vector_steps import fetch_pixels, fetch_to_write

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


@intrinsic
def _add_row(typing: Any, source: Any, target: Any, sizes: Any) -> Any:
    """add((source, place, step), (target, place, step), (pixels, channels)): steps lead from pixel to pixel."""

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        parts = members(builder, signature.args, arguments)
        starts = [simd.address(context, builder, kind[0], *part[:2])
                  for kind, part in zip(signature.args[:2], parts[:2], strict=True)]
        pixels, channels = parts[2]
        vectors = builder.sdiv(channels, whole(LANES))
        done = builder.mul(vectors, whole(LANES))
        left = builder.sub(channels, done)
        mask = simd.first_lanes(builder, left)
        with simd.counted(builder, pixels) as pixel:
            given, made = (builder.gep(start, [builder.mul(pixel, part[2])])
                           for start, part in zip(starts, parts[:2], strict=True))
            with simd.counted(builder, vectors) as number:
                offset = builder.mul(number, whole(LANES))
                place = builder.gep(made, [offset])
                added = simd.load(builder, builder.gep(given, [offset]))
                simd.store(builder, builder.fadd(simd.load(builder, place), added), place)
            with builder.if_then(builder.icmp_signed(">", left, whole(0))):
                place = builder.gep(made, [done])
                added = simd.masked_load(builder, builder.gep(given, [done]), mask)
                simd.masked_store(builder, builder.fadd(simd.masked_load(builder, place, mask), added), place, mask)
        return context.get_dummy_value()

    return types.void(source, target, sizes), generate


@kernel
def convolve_samples(maps: Floats, filters: Floats, out: Floats, bias: Floats, places: Integers, floor: np.float32,
                     seen: Integers, sizes: Integers) -> None:
    """out [pixels, filters] = max(the pixels seen · filters + bias, floor).

    `seen` are the sizes of all; `filters` lie in panels; places: where the pixels of some rows lie in maps and in out.
    sizes: first picture, how many, where out begins, filters, rows at a time. Memory is asked for the next ones in
    time.
    """
    rows, columns, channels, numbers, down, across = seen[:6]
    first, pictures, target, count, most = sizes[:5]
    fetch_to_write(out, target, min(most, rows) * columns * count)
    for picture in range(first, first + pictures):
        for start in range(0, rows, most):
            here, place = min(most, rows - start), picture * numbers + start * down
            pixels, coming = here * columns, place + here * down if start + here < rows else (picture + 1) * numbers
            fetch_pixels(maps, coming, (pixels, columns, down, across), channels)
            multiply_pixels((maps, place, places[0]), filters, (out, target, places[1]), (bias, floor),
                            (pixels, channels, count), (maps, place, 0, target + pixels * count))
            target += pixels * count


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
                     (columns, channels))
            place += length
