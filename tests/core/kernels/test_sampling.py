"""Pixels multiplied where they lie in maps, gradients put back and added, against NumPy's slices."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.kernels import packing, sampling
from core.kernels.processor import LANES
from tests.core.kernels.arrays import flat, room

NO_FLOOR = np.float32(-np.inf)
STRIDES = st.tuples(st.integers(1, 4), st.integers(1, 4))
SIZES = st.tuples(st.integers(1, 11), st.integers(1, 40), st.integers(1, 2 * LANES + 3))


def _maps(size, strides, seed=0, count=4):
    """Pictures [count, height, width, channels], what is seen of them, and the kernels' sizes."""
    height, width, channels = size
    x = np.random.default_rng(seed).normal(size=(count, *size)).astype(np.float32)
    seen = x[:, ::strides[0], ::strides[1]]
    sizes = np.array([*seen.shape[1:], height * width * channels, strides[0] * width * channels, strides[1] * channels])
    return x, seen, sizes


@given(size=SIZES, strides=STRIDES, filters=st.integers(1, 3 * LANES + 1), most=st.integers(1, 3),
       first=st.integers(0, 3))
@settings(max_examples=60)
def test_pixels_are_multiplied_where_they_lie(size, strides, filters, most, first):
    x, seen, sizes = _maps(size, strides)
    rng, (_, rows, columns, channels) = np.random.default_rng(1), seen.shape
    weights, bias = rng.normal(size=(channels, filters)), rng.normal(size=filters)
    package, count = room(channels, -(-filters // LANES) * LANES), len(x) - first
    packing.pack_panels(flat(weights), 0, package, channels, filters)
    out = np.full((count * rows * columns + 2) * filters, 7, np.float32)
    pixels = np.arange(most * columns)
    places = np.stack([pixels // columns * sizes[4] + pixels % columns * sizes[5], pixels * filters])
    sampling.convolve_samples(flat(x), package, out, flat(bias), places, np.float32(0), sizes,
                              np.array([first, count, filters, filters, most]))
    made = out.reshape(-1, filters)
    wanted = np.maximum(seen[first:].reshape(-1, channels) @ weights + bias, 0)
    np.testing.assert_allclose(made[1:-1], wanted, rtol=1e-5, atol=1e-4)
    assert (made[[0, -1]] == 7).all()


@given(size=SIZES, strides=STRIDES, first=st.integers(0, 3), count=st.integers(0, 2))
@settings(max_examples=60)
def test_they_are_put_back_and_added(size, strides, first, count):
    x, seen, sizes = _maps(size, strides)
    end = min(len(x), first + count)
    added, spread = flat(x).copy(), np.full(x.size, 7, np.float32)
    sampling.return_pixels(flat(seen), added, sizes, first, end, True)
    sampling.return_pixels(flat(seen), spread, sizes, first, end, False)
    wanted, alone = x.copy(), np.full(x.shape, 7, np.float32)
    wanted[first:end, ::strides[0], ::strides[1]] += seen[first:end]
    alone[first:end] = 0
    alone[first:end, ::strides[0], ::strides[1]] = seen[first:end]
    np.testing.assert_array_equal(added.reshape(x.shape), wanted)
    np.testing.assert_array_equal(spread.reshape(x.shape), alone)
