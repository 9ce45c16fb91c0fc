"""Numbers per channel: table rows repeated over a stretch, sums per chunk; against NumPy, compiled and plain."""

import numpy as np
import pytest

from core.kernels import per_channel
from tests.core.kernels.arrays import flat, plain

CHANNELS, REPEATED, PIXELS, PICTURES, CHUNK, HINGES = 3, 2, 5, 4, 2, 2
WIDTH, LENGTH = CHANNELS * REPEATED, CHANNELS * PIXELS
SIZES = np.array([LENGTH, WIDTH, CHUNK, HINGES], np.int64)
RNG = np.random.default_rng(0)
X, DY = RNG.normal(size=(2, PICTURES, PIXELS, CHANNELS)).astype(np.float32)


def _table(*rows):
    return flat(np.tile(np.array(rows, np.float32), REPEATED))


def _sums(rows):
    return np.full(PICTURES // CHUNK * rows * WIDTH, np.nan)


def _totals(sums, rows):
    return sums.reshape(-1, rows, REPEATED, CHANNELS).sum(axis=2)


def _chunks(array):
    """Sums over the pixels and pictures of each chunk."""
    return array.astype(float).reshape(-1, CHUNK * PIXELS, CHANNELS).sum(axis=1)


@pytest.fixture(params=[lambda kernel: kernel, plain], ids=["compiled", "plain"])
def variant(request):
    return request.param


def test_slopes(variant):
    slope = np.array([0.5, -0.25, 0.0], np.float32)
    target, gradient, sums = flat(np.zeros(X.shape)), flat(DY), _sums(1)
    variant(per_channel.sloped_rows)(flat(X), target, _table(slope), SIZES, 0, PICTURES)
    np.testing.assert_array_equal(target.reshape(X.shape), np.where(X > 0, X, slope * X))
    variant(per_channel.sloped_gradient)(gradient, flat(X), _table(slope), sums, SIZES, 0, PICTURES)
    np.testing.assert_array_equal(gradient.reshape(X.shape), np.where(X > 0, DY, slope * DY))
    np.testing.assert_allclose(_totals(sums, 1)[:, 0], _chunks(DY * np.minimum(X, 0)), rtol=1e-5)


def test_factors_and_shifts(variant):
    factor, shift = np.array([[2, -1, 0.5], [1, 0, -3]], np.float32)
    target, gradient, sums = flat(np.zeros(X.shape)), flat(DY), _sums(2)
    variant(per_channel.scaled_rows)(flat(X), target, _table(factor, shift), SIZES, 0, PICTURES)
    np.testing.assert_allclose(target.reshape(X.shape), factor * X + shift, rtol=1e-5, atol=1e-6)
    variant(per_channel.scaled_gradient)(gradient, flat(X), _table(factor, shift), sums, SIZES, 0, PICTURES)
    np.testing.assert_array_equal(gradient.reshape(X.shape), factor * DY)
    np.testing.assert_allclose(_totals(sums, 2)[:, 0], _chunks(DY * X), rtol=1e-5)
    np.testing.assert_allclose(_totals(sums, 2)[:, 1], _chunks(DY), rtol=1e-5)


def test_hinges(variant):
    slopes, offsets = RNG.normal(size=(2, HINGES, CHANNELS)).astype(np.float32)
    over = [np.maximum(offset - X, 0) for offset in offsets]
    target, gradient, sums = flat(np.zeros(X.shape)), flat(DY), _sums(2 * HINGES)
    table = _table(*slopes, *offsets)
    variant(per_channel.hinged_rows)(flat(X), target, table, SIZES, 0, PICTURES)
    wanted = np.maximum(X, 0) + sum(slope * each for slope, each in zip(slopes, over, strict=True))
    np.testing.assert_allclose(target.reshape(X.shape), wanted, rtol=1e-5, atol=1e-6)
    room = flat(np.zeros(WIDTH))
    variant(per_channel.hinged_gradient)(gradient, flat(X), table, room, sums, SIZES, 0, PICTURES)
    factor = (X > 0) - sum(slope * (each > 0) for slope, each in zip(slopes, over, strict=True))
    np.testing.assert_allclose(gradient.reshape(X.shape), DY * factor, rtol=1e-5, atol=1e-6)
    for number, (slope, each) in enumerate(zip(slopes, over, strict=True)):
        np.testing.assert_allclose(_totals(sums, 4)[:, number], _chunks(DY * each), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(_totals(sums, 4)[:, HINGES + number], _chunks(DY * slope * (each > 0)), rtol=1e-4,
                                   atol=1e-6)


def test_only_the_chunks_asked_for_are_touched(variant):
    sums, gradient = _sums(1), flat(DY)
    variant(per_channel.sloped_gradient)(gradient, flat(X), _table(np.zeros(3)), sums, SIZES, CHUNK, PICTURES)
    assert np.isnan(sums[:WIDTH]).all()
    assert np.isfinite(sums[WIDTH:]).all()
    np.testing.assert_array_equal(gradient.reshape(X.shape)[:CHUNK], DY[:CHUNK])


def test_sums_are_gathered_by_channel(variant):
    sums = np.random.default_rng(3).normal(size=(2, 3, REPEATED, CHANNELS))
    target = flat(np.zeros(2 + 2 * CHANNELS))
    sizes = np.array([3, WIDTH, CHANNELS, 1, 2], np.int64)
    variant(per_channel.gather_sums)(sums.reshape(-1), 2, target, 2, sizes)
    np.testing.assert_allclose(target[2:].reshape(2, CHANNELS), sums.sum(axis=(0, 2))[1:], rtol=1e-6)
    assert not target[:2].any()
    variant(per_channel.gather_sums)(sums.reshape(-1), 1, target, 2, sizes)
    np.testing.assert_allclose(target[2:].reshape(2, CHANNELS), sums[0].sum(axis=1)[1:], rtol=1e-6)
