"""5×5 filters as 36 positions each and back again, for `abreast`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from core.kernels import simd
from core.kernels.abreast import CHANNELS, FILTERS, KERNEL, SIDE
from core.kernels.jit import helper, kernel
from core.kernels.processor import LANES
from core.kernels.simd import Builder, Value, intrinsic, members, whole
from core.kernels.vector_steps import copy_run
from core.kernels.winograd import Vector, load_all, patch, positions_at, square, store_all

Floats = NDArray[np.float32]


def weights(g: Sequence[Vector]) -> list[Vector]:
    """G: 5 weights to 6 positions."""
    a, b = (-1 / 6) * (g[0] + g[2] + g[4]), (1 / 6) * (g[1] + g[3])
    c, e = (1 / 24) * g[0] + (1 / 6) * g[2] + (2 / 3) * g[4], (1 / 12) * g[1] + (1 / 3) * g[3]
    return [0.25 * g[0], a - b, a + b, c + e, c - e, g[4]]


def weights_reverse(u: Sequence[Vector]) -> list[Vector]:
    """Gᵀ: 6 positions back to 5 weights."""
    a, b, c, e = u[1] + u[2], u[2] - u[1], u[3] + u[4], u[3] - u[4]
    return [0.25 * u[0] + (-1 / 6) * a + (1 / 24) * c, (1 / 6) * b + (1 / 12) * e, (1 / 6) * (c - a),
            (1 / 6) * b + (1 / 3) * e, (2 / 3) * c + (-1 / 6) * a + u[5]]


@intrinsic
def _read_weights(typing: Any, filters: Any, positions: Any) -> Any:
    """5×5 vectors of weights to 36 positions: (filters, place, down, right), (positions, place)."""
    signature = types.void(filters, positions)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        base = simd.address(context, builder, kinds[0][0], *parts[0][:2])
        made = square(weights, load_all(builder, patch(builder, base, (parts[0][2], parts[0][3]), KERNEL)))
        base = simd.address(context, builder, kinds[1][0], *parts[1])
        store_all(builder, made, positions_at(builder, base, whole(LANES), SIDE))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _write_weights(typing: Any, positions: Any, filters: Any, live: Any) -> Any:
    """36 positions to 5×5 vectors of weights: (positions, place, step), (filters, place, down, right), (live,)."""
    signature = types.void(positions, filters, live)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kinds, parts = signature.args, members(builder, signature.args, arguments)
        base = simd.address(context, builder, kinds[0][0], *parts[0][:2])
        made = square(weights_reverse, load_all(builder, positions_at(builder, base, parts[0][2], SIDE)))
        base = simd.address(context, builder, kinds[1][0], *parts[1][:2])
        places, mask = patch(builder, base, (parts[1][2], parts[1][3]), KERNEL), simd.first_lanes(builder, parts[2][0])
        whole_vector = builder.icmp_signed(">=", parts[2][0], whole(LANES))
        with builder.if_else(whole_vector, likely=True) as (full, some):
            with full:
                store_all(builder, made, places)
            with some:
                for row, targets in zip(made, places, strict=True):
                    for vector, place in zip(row, targets, strict=True):
                        simd.masked_store(builder, vector.value, place, mask)
        return context.get_dummy_value()

    return signature, generate


@helper
def _pack_back(room: Floats, back: Floats, channel: int, first: int, live: int, count: int) -> None:
    """A channel's positions of some filters."""
    for row in range(SIDE):
        for number in range(live):
            place = ((channel // CHANNELS * SIDE + row) * count + first + number) * SIDE * CHANNELS + channel % CHANNELS
            for column in range(SIDE):
                back[place + column * CHANNELS] = room[(row * SIDE + column) * LANES + number]


@kernel
def pack_positions(filters: Floats, start: int, package: Floats, back: Floats, room: Floats, channels: int,
                   count: int) -> None:
    """Weights [5][5][channels][filters] as positions, [block][row][channel][column][FILTERS].

    What is behind the last filter has no meaning. `back` gets [block][row][filter][column][CHANNELS] where it has room,
    what is behind the last channel is left as it is. room: 36 vectors.
    """
    line = channels * count
    for channel in range(channels):
        for first in range(0, count, LANES):
            _read_weights((filters, start + channel * count + first, KERNEL * line, line), (room, 0))
            for number in range(first, min(count, first + LANES), FILTERS):
                for position in range(SIDE * SIDE):
                    row, column = position // SIDE, position % SIDE
                    place = ((number // FILTERS * SIDE + row) * channels + channel) * SIDE + column
                    copy_run(room, position * LANES + number - first, package, place * FILTERS, FILTERS)
            if back.size:
                _pack_back(room, back, channel, first, min(LANES, count - first), count)


@kernel
def weights_from_blocks(positions: Floats, gradient: Floats, start: int, channels: int, count: int) -> None:
    """Gradients of positions [36][channels][filters] become those of the weights [5][5][channels][filters]."""
    line = channels * count
    for channel in range(channels):
        for number in range(0, count, LANES):
            place = channel * count + number
            _write_weights((positions, place, line), (gradient, start + place, KERNEL * line, line), (count - number,))
