"""Winograd's convolution F(4×4, 3×3): a 4×4 block of output from a 6×6 patch with 36 products instead of 144.

Patches, filters and gradients are turned into 36 "positions" each; there a convolution is a plain product of matrices,
tiles × channels times channels × filters, one for each position (Lavin and Gray, 2016). With B, G and A the textbook's
matrices, Y = Aᵀ [(G g Gᵀ) ∘ (Bᵀ d B)] A. The gradients are the exact reverse: through A, the product, then B or G.

Here are the transforms, and the kernels between filters and positions; those between pictures and positions are in
`winograd_maps`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from core.kernels import simd
from core.kernels.jit import kernel, part
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


# Numbers that the transposed filters of a whole vector of channels and of filters take.
SWAPPED = 9 * LANES * LANES

Transform = Callable[[Sequence[Vector]], list[Vector]]


def data(d: Sequence[Vector]) -> list[Vector]:
    """Bᵀ: 6 numbers of a patch to 6 positions."""
    a, b = d[4] - 4 * d[2], d[3] - 4 * d[1]
    c, e = d[4] - d[2], 2 * (d[3] - d[1])
    return [4 * d[0] + (d[4] - 5 * d[2]), a + b, a - b, c + e, c - e, 4 * d[1] + (d[5] - 5 * d[3])]


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


def square(transform: Transform, patch: list[list[Vector]]) -> list[list[Vector]]:
    """The transform down the columns and then along the rows."""
    columns = [transform([row[number] for row in patch]) for number in range(len(patch))]
    return [transform([column[number] for column in columns]) for number in range(len(columns[0]))]


def patch(builder: Builder, base: Value, steps: tuple[Value, Value], size: int) -> list[list[Value]]:
    """Pointers to size × size vectors."""
    down, right = steps
    rows = [builder.gep(base, [builder.mul(down, whole(row))]) for row in range(size)]
    columns = [builder.mul(right, whole(column)) for column in range(size)]
    return [[builder.gep(row, [column]) for column in columns] for row in rows]


def positions_at(builder: Builder, base: Value, step: Value, size: int) -> list[list[Value]]:
    """Pointers to the positions of one tile and channel, `step` apart."""
    return patch(builder, base, (builder.mul(step, whole(size)), step), size)


def load_all(builder: Builder, places: list[list[Value]]) -> list[list[Vector]]:
    """The vectors at pointers."""
    return [[Vector(builder, simd.load(builder, place)) for place in row] for row in places]


def store_all(builder: Builder, vectors: list[list[Vector]], places: list[list[Value]]) -> None:
    """Write vectors where pointers say."""
    for vector_row, place_row in zip(vectors, places, strict=True):
        for vector, place in zip(vector_row, place_row, strict=True):
            simd.store(builder, vector.value, place)


@intrinsic
def _read_weights(typing: Any, filters: Any, positions: Any) -> Any:
    """3×3 vectors of weights to 36 positions: (filters, place, down, right), (positions, place, step)."""
    signature = types.void(filters, positions)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds = signature.args
        source, target = members(builder, kinds, arguments)
        base = simd.address(context, builder, kinds[0][0], *source[:2])
        made = square(weights, load_all(builder, patch(builder, base, (source[2], source[3]), 3)))
        base = simd.address(context, builder, kinds[1][0], *target[:2])
        store_all(builder, made, positions_at(builder, base, target[2], 6))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _write_weights(typing: Any, positions: Any, filters: Any) -> Any:
    """36 positions to 3×3 vectors of weight gradients: (positions, place, step), (filters, place, down, right)."""
    signature = types.void(positions, filters)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds = signature.args
        source, target = members(builder, kinds, arguments)
        base = simd.address(context, builder, kinds[0][0], *source[:2])
        made = square(weights_reverse, load_all(builder, positions_at(builder, base, source[2], 6)))
        base = simd.address(context, builder, kinds[1][0], *target[:2])
        store_all(builder, made, patch(builder, base, (target[2], target[3]), 3))
        return context.get_dummy_value()

    return signature, generate


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
def weight_positions_back(weights: Floats, start: int, swapped: Floats, positions: Floats, sizes: Integers) -> None:
    """The same of the filters transposed, for the way back: panels [position][channels / width][filters][width].

    swapped: room for `SWAPPED` numbers. sizes: channels, filters, width of a panel, step to the next position.
    """
    channels, count, width, step = sizes[:4]
    for channel in range(0, channels, LANES):
        for place in range(0, count, LANES):
            for tap in range(9):
                for row in range(LANES):
                    source = start + (tap * channels + channel + row) * count + place
                    for column in range(LANES):
                        swapped[(tap * LANES + column) * LANES + row] = weights[source + column]
            for column in range(LANES):
                target = (channel // width * count + place + column) * width + channel % width
                _read_weights((swapped, column * LANES, 3 * LANES * LANES, LANES * LANES), (positions, target, step))


@part
def weights_from_positions(positions: Floats, filters: Floats, start: int, count: int, line: int, step: int) -> None:
    """Gradients of positions, `step` apart, become `count` weight gradients in each of [3][3] runs, `line` apart."""
    for place in range(0, count, LANES):
        _write_weights((positions, place, step), (filters, start + place, 3 * line, line))
