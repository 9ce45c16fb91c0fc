"""Batch normalisation's pieces against NumPy in double precision."""

import numpy as np

from core.kernels import normalisation
from tests.core.kernels.arrays import flat, plain, room

PICTURES, PIXELS, CHANNELS, PER_CHUNK = 5, 7, 3, 2
REPEATED = 4
WIDTH = REPEATED * CHANNELS
SIZES = np.array([PIXELS * CHANNELS, WIDTH, PER_CHUNK])


def _values(seed):
    return np.random.default_rng(seed).normal(1000, 1, (PICTURES, PIXELS, CHANNELS)).astype(np.float32)


def _table(*rows):
    return flat([np.tile(row, REPEATED) for row in rows])


def _chunks(values):
    return [values[start:start + PER_CHUNK].astype(float).sum(axis=(0, 1)) for start in range(0, PICTURES, PER_CHUNK)]


def test_sums_are_kept_in_double_precision():
    x = _values(0)
    for function in (normalisation.channel_sums, plain(normalisation.channel_sums)):
        sums = np.full(3 * 2 * WIDTH, 7.0)
        function(flat(x), sums, SIZES, 0, PICTURES)
        table = sums.reshape(3, 2, REPEATED, CHANNELS).sum(axis=2)
        np.testing.assert_allclose(table[:, 0], _chunks(x), rtol=1e-14)
        np.testing.assert_allclose(table[:, 1], _chunks(x.astype(float) ** 2), rtol=1e-14)
        total = table.sum(axis=0) / (PICTURES * PIXELS)
        np.testing.assert_allclose(total[1] - total[0] ** 2, x.astype(float).var(axis=(0, 1)), rtol=1e-8)


def test_gradient_sums():
    x, dy = _values(1), _values(2) - 1000
    mean, scale = x.mean(axis=(0, 1)), np.float32([0.5, 1, 2])
    for function in (normalisation.gradient_sums, plain(normalisation.gradient_sums)):
        sums = np.full(3 * 2 * WIDTH, 7.0)
        function(flat(dy), flat(x), _table(mean, scale), sums, SIZES, 0, PICTURES)
        table = sums.reshape(3, 2, REPEATED, CHANNELS).sum(axis=2)
        np.testing.assert_allclose(table[:, 0], _chunks(dy), rtol=1e-9)
        np.testing.assert_allclose(table[:, 1], _chunks(dy * ((x - mean) * scale)), rtol=1e-5)


def test_numbers_and_gradients_of_some_pictures():
    x, dy = _values(3), _values(4) - 1000
    mean, factor, shift, slope = (np.float32(row) for row in np.random.default_rng(5).normal(size=(4, CHANNELS)))
    for function in (normalisation.normalise, plain(normalisation.normalise)):
        for floor in (-np.inf, 0):
            target = room(*x.shape)
            function(flat(x), target, _table(mean, factor, shift), np.float32(floor), SIZES, 1, 4)
            wanted = np.maximum((x - mean) * factor + shift, floor)
            np.testing.assert_allclose(target.reshape(x.shape)[1:4], wanted[1:4], rtol=1e-5)
            assert not target.reshape(x.shape)[[0, 4]].any()
    for function in (normalisation.normalise_gradient, plain(normalisation.normalise_gradient)):
        target = flat(dy)
        function(target, flat(x), _table(mean, factor, shift, slope), SIZES, 0, PICTURES)
        wanted = (dy - shift - (x - mean) * slope) * factor
        np.testing.assert_allclose(target.reshape(x.shape), wanted, rtol=1e-4, atol=1e-3)
