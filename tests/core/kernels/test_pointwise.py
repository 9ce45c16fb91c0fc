"""Convolutions of one pixel against NumPy's matrix products: at every edge of blocks, panels and tiles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine.arena import Arena
from core.kernels import packing, pointwise
from core.kernels.processor import LANES, TILE
from tests.core.kernels.arrays import flat, room

NO_FLOOR = np.float32(-np.inf)
WIDTHS = st.integers(1, 4 * LANES + 3)
BLOCKS = st.sampled_from([TILE.rows * TILE.tall_rows, 2 * TILE.rows * TILE.tall_rows])


def _close(made, wanted, terms):
    """`terms` is the size of what was added up: where it cancels, its rounding stays."""
    np.testing.assert_allclose(made, wanted, rtol=1e-5, atol=1e-5 * max(1e-3, float(np.max(terms))))


def _panels(matrix):
    """A matrix as the kernels want it."""
    rows, columns = matrix.shape
    package = room(rows, -(-columns // LANES) * LANES)
    packing.pack_panels(flat(matrix), 0, package, rows, columns)
    return package


def _rows(block, *widths):
    return np.stack([np.arange(block) * width for width in widths])


@given(pixels=st.integers(1, 300), channels=WIDTHS, filters=WIDTHS, block=BLOCKS, seed=st.integers(0, 99))
@settings(max_examples=60)
def test_forward_is_a_matrix_product_with_bias_and_touches_nothing_else(pixels, channels, filters, block, seed):
    rng = np.random.default_rng(seed)
    x, weights, bias = (rng.normal(size=size) for size in ((pixels, channels), (channels, filters), filters))
    out = np.full((pixels + 2) * filters, 7, np.float32)
    pointwise.pointwise(flat(np.concatenate([np.zeros(3), x.reshape(-1)])), _panels(weights), out, flat(bias),
                        _rows(block, channels, filters), np.float32(0),
                        np.array([3, filters, pixels, channels, filters, block, 0]))
    made = out.reshape(-1, filters)
    _close(made[1:-1], np.maximum(x @ weights + bias, 0), np.abs(x) @ np.abs(weights) + np.abs(bias))
    assert (made[[0, -1]] == 7).all()


@given(pixels=st.integers(1, 300), channels=WIDTHS, panels=st.integers(1, 3), first=st.integers(0, 2), block=BLOCKS,
       seed=st.integers(0, 99))
@settings(max_examples=60)
def test_what_is_streamed_has_the_same_bits(pixels, channels, panels, first, block, seed):
    rng, filters = np.random.default_rng(seed), panels * 2 * LANES
    x, weights = flat(rng.normal(size=(pixels, channels))), _panels(rng.normal(size=(channels, filters)))
    bias, outs = flat(rng.normal(size=filters)), [Arena().floats((first + pixels + 2) * filters) for _ in range(2)]
    for streams, out in enumerate(outs):
        out[:] = 7
        pointwise.pointwise(x, weights, out, bias, _rows(block, channels, filters), np.float32(0),
                            np.array([0, first * filters, pixels, channels, filters, block, streams]))
    np.testing.assert_array_equal(*outs)


@given(first=st.integers(0, 3), count=st.integers(1, 7), per_slot=st.integers(1, 3), pixels=st.integers(1, 90),
       channels=WIDTHS, filters=WIDTHS, block=BLOCKS, mode=st.sampled_from(
           [pointwise.AS_GIVEN, pointwise.GATED, pointwise.SUMMED]), apart=st.booleans(), seed=st.integers(0, 99))
@settings(max_examples=60)
def test_gradients(first, count, per_slot, pixels, channels, filters, block, mode, apart, seed):
    rng = np.random.default_rng(seed)
    first *= per_slot
    given_, x, weights = (rng.normal(size=size) for size in
                          ((first + count, pixels, filters), (first + count, pixels, channels), (channels, filters)))
    output = rng.integers(0, 2, given_.shape)
    length, slots = -(-filters // LANES) * LANES, -(-(first + count) // per_slot)
    turned = room(filters, -(-channels // LANES) * LANES)
    packing.pack_turned_panels(flat(weights), 0, turned, filters, channels)
    made = (flat(np.full((slots, channels, filters), 5)), flat(np.full((slots, length), 3)),
            flat(np.full(x.shape, 4)))
    pointwise.pointwise_gradients(
        (flat(given_[first:] if apart else given_), flat(output), flat(x), turned, room(block, filters), *made,
         room(4 * LANES + channels + filters)),
        _rows(block, filters, channels), np.stack([np.arange(channels), np.arange(channels) * filters]),
        np.array([first, first + count, per_slot, pixels, channels, filters, block, mode, 1, 1, apart,
                  channels * filters, length, pixels * channels, block, block * channels, channels, 99]))
    assert (made[2].reshape(x.shape)[:first] == 4).all()
    passed, x = (given_ * output if mode == pointwise.GATED else given_)[first:], x[first:]
    _close(made[2].reshape(-1, *x.shape[1:])[first:], passed @ weights.T, np.abs(passed) @ np.abs(weights.T))
    sums, biases = made[0].reshape(slots, channels, filters), made[1].reshape(slots, length)[:, :filters]
    assert (sums[:first // per_slot] == 5).all()
    assert (biases[:first // per_slot] == 3).all()
    for slot in range(first // per_slot, slots):
        some = slice(max(0, slot * per_slot - first), (slot + 1) * per_slot - first)
        pair = x[some].reshape(-1, channels), passed[some].reshape(-1, filters)
        _close(sums[slot], pair[0].T @ pair[1], np.abs(pair[0].T) @ np.abs(pair[1]))
        wanted = np.full(filters, 3) if mode == pointwise.AS_GIVEN else pair[1].sum(axis=0)
        _close(biases[slot], wanted, np.abs(pair[1]).sum(axis=0))


@given(size=st.tuples(st.integers(1, 9), st.integers(1, 30)), strides=st.tuples(st.integers(1, 3), st.integers(1, 3)),
       more=st.integers(0, 1), first=st.integers(0, 2), count=st.integers(1, 5), channels=WIDTHS, filters=WIDTHS,
       rows=st.integers(1, 12), gated=st.booleans())
@settings(max_examples=60)
def test_gradients_of_pixels_that_lie_apart(size, strides, more, first, count, channels, filters, rows, gated):
    """Of every so many pixels down and across; pictures with `more` rows at their end do not follow each other."""
    rng, block, per_slot = np.random.default_rng(0), rows * size[1], 2
    first *= per_slot
    seen = first + count, *size
    x = rng.normal(size=(seen[0], size[0] * strides[0] + more, size[1] * strides[1], channels))
    given_, weights = rng.normal(size=(*seen, filters)), rng.normal(size=(channels, filters))
    output, length = rng.integers(0, 2, given_.shape), -(-filters // LANES) * LANES
    turned, slots = room(filters, -(-channels // LANES) * LANES), -(-seen[0] // per_slot)
    packing.pack_turned_panels(flat(weights), 0, turned, filters, channels)
    made = (room(slots, channels, filters), room(slots, length), room(*seen, channels))
    mode, lies = pointwise.GATED if gated else pointwise.SUMMED, (x[0].size, size[1], strides[0] * x[0, 0].size,
                                                                  strides[1] * channels, 1 if more else seen[0])
    pointwise.pointwise_gradients(
        (flat(given_), flat(output), flat(x), turned, room(block, filters), *made,
         room(4 * LANES + channels + filters)),
        _rows(block, filters, channels), np.stack([np.arange(channels), np.arange(channels) * filters]),
        np.array([first, seen[0], per_slot, size[0] * size[1], channels, filters, block, mode, 1, 1, 0,
                  channels * filters, length, *lies]))
    passed, looked_at = given_ * output if gated else given_, x[:, ::strides[0], ::strides[1]][:, :size[0]]
    _close(made[2].reshape(-1, channels)[first * size[0] * size[1]:],
           passed[first:].reshape(-1, filters) @ weights.T, np.abs(weights).sum() * np.ones(1))
    for slot in range(first // per_slot, slots):
        some = slice(slot * per_slot, (slot + 1) * per_slot)
        pair = looked_at[some].reshape(-1, channels), passed[some].reshape(-1, filters)
        _close(made[0].reshape(slots, channels, filters)[slot], pair[0].T @ pair[1],
               np.abs(pair[0].T) @ np.abs(pair[1]))
        _close(made[1].reshape(slots, length)[slot, :filters], pair[1].sum(axis=0), np.abs(pair[1]).sum(axis=0))


@pytest.mark.parametrize("mode", [pointwise.AS_GIVEN, pointwise.GATED])
@pytest.mark.parametrize(("learns", "sends"), [(0, 1), (1, 0)])
def test_what_is_not_wanted_is_not_made(learns, sends, mode):
    slots, target, width = flat(np.full((LANES, LANES), 5)), flat(np.full((3, LANES), 5)), LANES
    ones = flat(np.ones((3, LANES)))
    pointwise.pointwise_gradients(
        (ones, ones, ones, _panels(np.eye(LANES)), room(24, LANES), slots, room(LANES), target, room(4 * LANES)),
        _rows(24, width, width), _rows(LANES, 1, width),
        np.array([0, 1, 1, 3, width, width, 24, mode, learns, sends, 0, width * width, width, 3 * width, 24, 24 * width,
                  width, 9]))
    assert (slots == (3 if learns else 5)).all()
    assert (target == (1 if sends else 5)).all()


def test_nan_goes_through_and_the_floor_cuts():
    x, out = flat([-2, 3, np.nan]), room(3)
    pointwise.pointwise(x, _panels(np.ones((1, 1))), out, room(1), _rows(24, 1, 1), np.float32(0),
                        np.array([0, 0, 3, 1, 1, 24, 0]))
    assert out[:2].tolist() == [0, 3]
    assert np.isnan(out[2])
