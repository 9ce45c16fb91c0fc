"""Winograd's convolution F(4×4, 3×3): a 4×4 block of output from a 6×6 patch with 36 products instead of 144.

Patches, filters and gradients are turned into 36 "positions" each; there a convolution is a plain product of matrices,
tiles × channels times channels × filters, one for each position (Lavin and Gray, 2016). With B, G and A the textbook's
matrices, Y = Aᵀ [(G g Gᵀ) ∘ (Bᵀ d B)] A. The gradients are the exact reverse: through A, the product, then B or G.

Positions lie as [36][tile][channel]. `sizes` of the kernels that walk over tiles: pictures, tiles down, tiles across,
channels; the picture array's start, step to the next picture, to the next row; step to the next position.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from core.kernels import simd
from core.kernels.jit import kernel
from core.kernels.processor import LANES
from core.kernels.simd import Builder, Value, intrinsic, members, whole

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Vector:
    """A vector register with the arithmetic of the transforms, so that they read like the textbook."""

    builder: Builder
    value: Value

    def __add__(self, other: "Vector") -> "Vector":
        return Vector(self.builder, self.builder.fadd(self.value, other.value, flags=("contract",)))

    def __sub__(self, other: "Vector") -> "Vector":
        return Vector(self.builder, self.builder.fsub(self.value, other.value, flags=("contract",)))

    def __rmul__(self, number: float) -> "Vector":
        factor = ir.Constant(simd.VECTOR, [float(number)] * LANES)
        return Vector(self.builder, self.builder.fmul(factor, self.value, flags=("contract",)))


Transform = Callable[[Sequence[Vector]], list[Vector]]


def data(d: Sequence[Vector]) -> list[Vector]:
    """Bᵀ: 6 numbers of a patch to 6 positions."""
    a, b = d[4] - 4 * d[2], d[3] - 4 * d[1]
    c, e = d[4] - d[2], 2 * (d[3] - d[1])
    return [4 * d[0] - 5 * d[2] + d[4], a + b, a - b, c + e, c - e, 4 * d[1] - 5 * d[3] + d[5]]


def data_reverse(p: Sequence[Vector]) -> list[Vector]:
    """B: 6 positions back to the 6 numbers of a patch."""
    a, b, c, e = p[1] + p[2], p[1] - p[2], p[3] + p[4], p[3] - p[4]
    return [4 * p[0], 4 * p[5] - 4 * b - 2 * e, (-5) * p[0] - 4 * a - c, b + 2 * e - 5 * p[5], p[0] + a + c, p[5]]


def output(m: Sequence[Vector]) -> list[Vector]:
    """Aᵀ: 6 positions to 4 outputs."""
    a, b, c, e = m[1] + m[2], m[1] - m[2], m[3] + m[4], m[3] - m[4]
    return [m[0] + a + c, b + 2 * e, a + 4 * c, b + 8 * e + m[5]]


def output_reverse(y: Sequence[Vector]) -> list[Vector]:
    """A: 4 output gradients to 6 positions."""
    even, odd = y[0] + y[2], y[1] + y[3]
    even4, odd4 = y[0] + 4 * y[2], 2 * y[1] + 8 * y[3]
    return [y[0], even + odd, even - odd, even4 + odd4, even4 - odd4, y[3]]


def weights(g: Sequence[Vector]) -> list[Vector]:
    """G: 3 weights to 6 positions."""
    a, b = (-1 / 6) * (g[0] + g[2]), (1 / 6) * g[1]
    c, e = (1 / 24) * g[0] + (1 / 6) * g[2], (1 / 12) * g[1]
    return [0.25 * g[0], a - b, a + b, c + e, c - e, g[2]]


def weights_reverse(u: Sequence[Vector]) -> list[Vector]:
    """Gᵀ: 6 positions back to 3 weights."""
    a, b, c, e = u[1] + u[2], u[2] - u[1], u[3] + u[4], u[3] - u[4]
    return [0.25 * u[0] + (-1 / 6) * a + (1 / 24) * c, (1 / 6) * b + (1 / 12) * e, (-1 / 6) * a + (1 / 6) * c + u[5]]


def _square(transform: Transform, patch: list[list[Vector]]) -> list[list[Vector]]:
    """The transform down the columns and then along the rows."""
    columns = [transform([row[number] for row in patch]) for number in range(len(patch))]
    return [transform([column[number] for column in columns]) for number in range(len(columns[0]))]


def _patch(builder: Builder, base: Value, steps: tuple[Value, Value], size: int) -> list[list[Value]]:
    """Pointers to size × size vectors."""
    down, right = steps
    return [[builder.gep(base, [builder.add(builder.mul(down, whole(row)), builder.mul(right, whole(column)))])
             for column in range(size)] for row in range(size)]


def _positions(builder: Builder, base: Value, step: Value, size: int) -> list[list[Value]]:
    return _patch(builder, base, (builder.mul(step, whole(size)), step), size)


def _load(builder: Builder, places: list[list[Value]]) -> list[list[Vector]]:
    return [[Vector(builder, simd.load(builder, place)) for place in row] for row in places]


def make_reader(size: int, transform: Transform) -> Callable[..., None]:
    """size × size vectors of an array to 36 positions, for use inside a kernel.

    reader((array, place, down, right), (positions, place, step))
    """

    @intrinsic
    def reader(typing: Any, array: Any, positions: Any) -> Any:
        signature = types.void(array, positions)

        def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
            kinds = signature.args
            source, target = members(builder, kinds, arguments)
            base = simd.address(context, builder, kinds[0][0], *source[:2])
            made = _square(transform, _load(builder, _patch(builder, base, (source[2], source[3]), size)))
            base = simd.address(context, builder, kinds[1][0], *target[:2])
            for row, places in zip(made, _positions(builder, base, target[2], 6), strict=True):
                for vector, place in zip(row, places, strict=True):
                    simd.store(builder, vector.value, place)
            return context.get_dummy_value()

        return signature, generate

    return reader


def make_adder(size: int, transform: Transform) -> Callable[..., None]:
    """36 positions to size × size vectors, added to an array, for use inside a kernel.

    adder((positions, place, step), (array, place, down, right))
    """

    @intrinsic
    def adder(typing: Any, positions: Any, array: Any) -> Any:
        signature = types.void(positions, array)

        def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
            kinds = signature.args
            source, target = members(builder, kinds, arguments)
            base = simd.address(context, builder, kinds[0][0], *source[:2])
            made = _square(transform, _load(builder, _positions(builder, base, source[2], 6)))
            base = simd.address(context, builder, kinds[1][0], *target[:2])
            for row, places in zip(made, _patch(builder, base, (target[2], target[3]), size), strict=True):
                for vector, place in zip(row, places, strict=True):
                    simd.store(builder, builder.fadd(vector.value, simd.load(builder, place)), place)
            return context.get_dummy_value()

        return signature, generate

    return adder


@intrinsic
def write_output(typing: Any, positions: Any, array: Any, start: Any, live: Any) -> Any:
    """36 positions to the live part of a 4×4 block of output: max(value + bias, floor).

    write_output((positions, place, step), (array, place, down, right), (bias, place, floor), (rows, columns))
    """
    signature = types.void(positions, array, start, live)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds = signature.args
        source, target, starts, alive = members(builder, kinds, arguments)
        base = simd.address(context, builder, kinds[0][0], *source[:2])
        made = _square(output, _load(builder, _positions(builder, base, source[2], 6)))
        bias = simd.load(builder, simd.address(context, builder, kinds[2][0], *starts[:2]))
        bottom = simd.spread(builder, starts[2])
        base = simd.address(context, builder, kinds[1][0], *target[:2])
        places = _patch(builder, base, (target[2], target[3]), 4)

        def put(row: int, column: int) -> None:
            value = builder.fadd(made[row][column].value, bias)
            value = builder.select(builder.fcmp_ordered("<=", value, bottom), bottom, value)
            simd.store(builder, value, places[row][column])

        inside = [builder.icmp_signed(">=", count, whole(4)) for count in alive]
        with builder.if_else(builder.and_(*inside), likely=True) as (full, edge):
            with full:
                for row, column in product(range(4), range(4)):
                    put(row, column)
            with edge:
                for row, column in product(range(4), range(4)):
                    here = builder.and_(builder.icmp_signed("<", whole(row), alive[0]),
                                        builder.icmp_signed("<", whole(column), alive[1]))
                    with builder.if_then(here):
                        put(row, column)
        return context.get_dummy_value()

    return signature, generate


_read_data = make_reader(6, data)
_read_gradient = make_reader(4, output_reverse)
_read_weights = make_reader(3, weights)
_add_data = make_adder(6, data_reverse)
_add_weights = make_adder(3, weights_reverse)


@kernel
def data_positions(frame: Floats, positions: Floats, sizes: Integers) -> None:
    """The 6×6 patches of frames, every 4 pixels, as positions."""
    pictures, down, across, channels, start, picture_step, row_step, step = sizes[:8]
    place = 0
    for picture in range(pictures):
        for tile in range(down * across):
            corner = start + picture * picture_step + 4 * (tile // across * row_step + tile % across * channels)
            for channel in range(0, channels, LANES):
                _read_data((frame, corner + channel, row_step, channels), (positions, place + channel, step))
            place += channels


@kernel
def gradient_positions(gradient: Floats, positions: Floats, sizes: Integers) -> None:
    """The 4×4 blocks of an output's gradient as positions."""
    pictures, down, across, channels, start, picture_step, row_step, step = sizes[:8]
    place = 0
    for picture in range(pictures):
        for tile in range(down * across):
            corner = start + picture * picture_step + 4 * (tile // across * row_step + tile % across * channels)
            for channel in range(0, channels, LANES):
                _read_gradient((gradient, corner + channel, row_step, channels), (positions, place + channel, step))
            place += channels


@kernel
def output_from_positions(positions: Floats, target: Floats, bias: Floats, floor: np.float32, sizes: Integers) -> None:
    """Products to outputs, max(value + bias, floor). Two more sizes: output height and width, which cut edge tiles."""
    pictures, down, across, channels, start, picture_step, row_step, step, height, width = sizes[:10]
    place = 0
    for picture in range(pictures):
        for tile in range(down * across):
            row, column = 4 * (tile // across), 4 * (tile % across)
            corner = start + picture * picture_step + row * row_step + column * channels
            for channel in range(0, channels, LANES):
                write_output((positions, place + channel, step), (target, corner + channel, row_step, channels),
                             (bias, channel, floor), (height - row, width - column))
            place += channels


@kernel
def frame_from_positions(positions: Floats, frame: Floats, sizes: Integers) -> None:
    """Products of the way back, added to the frames where the patches lay; neighbouring patches overlap."""
    pictures, down, across, channels, start, picture_step, row_step, step = sizes[:8]
    place = 0
    for picture in range(pictures):
        for tile in range(down * across):
            corner = start + picture * picture_step + 4 * (tile // across * row_step + tile % across * channels)
            for channel in range(0, channels, LANES):
                _add_data((positions, place + channel, step), (frame, corner + channel, row_step, channels))
            place += channels


@kernel
def weight_positions(filters: Floats, start: int, positions: Floats, sizes: Integers) -> None:
    """Weights [3][3][channels][filters] as positions, in panels: [position][filters / width][channels][width].

    A panel is what a product reads from beginning to end; rows of all filters would lie a power of two apart and push
    each other out of the first-level cache. sizes: channels, filters, width of a panel, step to the next position.
    """
    channels, count, width, step = sizes[:4]
    line = channels * count
    for channel in range(channels):
        for place in range(0, count, LANES):
            target = (place // width * channels + channel) * width + place % width
            _read_weights((filters, start + channel * count + place, 3 * line, line), (positions, target, step))


@kernel
def weights_from_positions(positions: Floats, filters: Floats, start: int, count: int, step: int) -> None:
    """Gradients of positions, `step` apart, added to weight gradients [3][3][count]."""
    for place in range(0, count, LANES):
        _add_weights((positions, place, step), (filters, start + place, 3 * count, count))
