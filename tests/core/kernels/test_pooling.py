"""Pools with any window against loops over windows in NumPy, compiled and plain."""

import numpy as np
import pytest

from core.kernels import pooling
from tests.core.kernels.arrays import flat, plain, room

# height, width, channels, out height, out width, window, strides, top, left
CASES = [(5, 6, 3, 2, 3, 2, 2, 2, 2, 0, 0), (5, 6, 2, 3, 3, 3, 3, 2, 2, 1, 1), (4, 4, 17, 4, 4, 2, 2, 1, 1, 0, 0),
         (3, 7, 1, 2, 2, 3, 2, 2, 5, 1, 0), (2, 2, 4, 1, 1, 2, 2, 1, 1, 0, 0)]


def _spans(case):
    height, width, _, out_height, out_width, tall, wide, down, right, top, left = case
    for row in range(out_height):
        for column in range(out_width):
            a, b = row * down - top, column * right - left
            yield row, column, slice(max(a, 0), min(a + tall, height)), slice(max(b, 0), min(b + wide, width))


@pytest.fixture(params=CASES, ids=str)
def case(request):
    return request.param


@pytest.fixture
def pictures(case):
    return np.random.default_rng(sum(case)).normal(size=(2, *case[:3])).astype(np.float32)


def test_maximum_and_its_winner(case, pictures):
    shape = (2, case[3], case[4], case[2])
    gradient = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    wanted, spread = np.zeros(shape), np.zeros(pictures.shape)
    for row, column, rows, columns in _spans(case):
        window = pictures[:, rows, columns]
        wanted[:, row, column] = window.max(axis=(1, 2))
        won = window == window.max(axis=(1, 2), keepdims=True)
        spread[:, rows, columns] += won * gradient[:, row, column, None, None]
    for forward, backward in ((pooling.max_pool, pooling.max_pool_gradient),
                              (plain(pooling.max_pool), plain(pooling.max_pool_gradient))):
        pooled, winners, target = room(*shape), np.zeros(wanted.size, np.int32), flat(np.full(pictures.shape, 9.0))
        forward(flat(pictures), pooled, winners, np.array(case), 0, 2)
        assert np.array_equal(pooled.reshape(shape), wanted)
        backward(flat(gradient), winners, target, np.array(case), 0, 2)
        np.testing.assert_allclose(target.reshape(pictures.shape), spread, rtol=1e-5, atol=1e-6)


def test_the_first_of_equals_wins_and_nan_over_all():
    case = np.array([2, 2, 1, 1, 1, 2, 2, 2, 2, 0, 0])
    for window, place in (([0, 3, 3, 1], 1), ([7, 7, 7, 7], 0), ([1, np.nan, 9, 2], 1)):
        pooled, winners = room(1), np.zeros(1, np.int32)
        pooling.max_pool(flat(window), pooled, winners, case, 0, 1)
        assert winners[0] == place
        assert pooled[0] == window[place] or np.isnan(window[place])


def test_mean(case, pictures):
    shape = (2, case[3], case[4], case[2])
    rng = np.random.default_rng(2)
    gradient, shares = rng.normal(size=shape).astype(np.float32), rng.random(case[3] * case[4]).astype(np.float32)
    wanted, spread = np.zeros(shape), np.zeros(pictures.shape)
    for row, column, rows, columns in _spans(case):
        share = shares[row * case[4] + column]
        wanted[:, row, column] = pictures[:, rows, columns].sum(axis=(1, 2)) * share
        spread[:, rows, columns] += gradient[:, row, column, None, None] * share
    for forward, backward in ((pooling.average_pool, pooling.average_pool_gradient),
                              (plain(pooling.average_pool), plain(pooling.average_pool_gradient))):
        pooled, target = room(*shape), flat(np.full(pictures.shape, 9.0))
        forward(flat(pictures), pooled, shares, np.array(case), 0, 2)
        np.testing.assert_allclose(pooled.reshape(shape), wanted, rtol=1e-5, atol=1e-6)
        backward(flat(gradient), target, shares, np.array(case), 0, 2)
        np.testing.assert_allclose(target.reshape(pictures.shape), spread, rtol=1e-5, atol=1e-6)


def test_global_mean(pictures):
    count, height, width, channels = pictures.shape
    for forward, backward in ((pooling.global_average, pooling.global_average_gradient),
                              (plain(pooling.global_average), plain(pooling.global_average_gradient))):
        mean, target = room(count, channels), room(*pictures.shape)
        forward(flat(pictures), mean, height * width, channels, 0, count)
        np.testing.assert_allclose(mean.reshape(count, channels), pictures.mean(axis=(1, 2)), rtol=1e-5, atol=1e-6)
        backward(mean, target, height * width, channels, 0, count)
        wanted = np.broadcast_to(mean.reshape(count, 1, 1, channels) / (height * width), pictures.shape)
        np.testing.assert_allclose(target.reshape(pictures.shape), wanted, rtol=1e-5, atol=1e-8)
