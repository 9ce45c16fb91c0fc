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


def test_lengths_of_windows(case, pictures):
    shape = (2, case[3], case[4], case[2])
    gradient = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    wanted, spread = np.zeros(shape), np.zeros(pictures.shape)
    for row, column, rows, columns in _spans(case):
        window = pictures[:, rows, columns].astype(float)
        wanted[:, row, column] = length = np.sqrt((window**2).sum(axis=(1, 2)))
        share = np.divide(gradient[:, row, column], length, out=np.zeros_like(length), where=length > 0)
        spread[:, rows, columns] += share[:, None, None] * window
    for forward, backward in ((pooling.length_pool, pooling.length_pool_gradient),
                              (plain(pooling.length_pool), plain(pooling.length_pool_gradient))):
        pooled, target = room(*shape), flat(np.full(pictures.shape, 9.0))
        forward(flat(pictures), pooled, np.array(case), 0, 2)
        np.testing.assert_allclose(pooled.reshape(shape), wanted, rtol=1e-5, atol=1e-6)
        backward(flat(gradient), flat(pictures), pooled, target, np.array(case), 0, 2)
        np.testing.assert_allclose(target.reshape(pictures.shape), spread, rtol=1e-4, atol=1e-6)


def test_weights_of_windows(case, pictures):
    shape, (tall, wide), (top, left) = (2, case[3], case[4], case[2]), case[5:7], case[9:]
    weights = np.random.default_rng(2).random((tall, wide)).astype(np.float32)
    gradient = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    wanted, spread = np.zeros(shape), np.zeros(pictures.shape)
    for row, column, rows, columns in _spans(case):
        above, before = row * case[7] - top, column * case[8] - left
        part = weights[rows.start - above:rows.stop - above, columns.start - before:columns.stop - before, None]
        wanted[:, row, column] = (part * pictures[:, rows, columns]).sum(axis=(1, 2))
        spread[:, rows, columns] += part * gradient[:, row, column, None, None]
    for forward, backward in ((pooling.weighted_pool, pooling.weighted_pool_gradient),
                              (plain(pooling.weighted_pool), plain(pooling.weighted_pool_gradient))):
        pooled, target = room(*shape), flat(np.full(pictures.shape, 9.0))
        forward(flat(pictures), pooled, flat(weights), np.array(case), 0, 2)
        np.testing.assert_allclose(pooled.reshape(shape), wanted, rtol=1e-5, atol=1e-6)
        backward(flat(gradient), target, flat(weights), np.array(case), 0, 2)
        np.testing.assert_allclose(target.reshape(pictures.shape), spread, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("variant", [lambda kernel: kernel, plain], ids=["compiled", "plain"])
def test_groups_of_channels(variant, size):
    groups = np.random.default_rng(size).normal(size=(12, size)).astype(np.float32)
    groups[4], groups[5, -1] = 1.0, np.nan
    gradient = np.arange(1, 13, dtype=np.float32)
    best, mean, winners = room(12), room(12), np.zeros(12, np.int32)
    variant(pooling.channel_max)(flat(groups), best, winners, size, 2, 12)
    variant(pooling.channel_average)(flat(groups), mean, size, 2, 12)
    np.testing.assert_array_equal(best[2:], groups.max(axis=1)[2:])
    np.testing.assert_array_equal(winners[2:], groups.argmax(axis=1)[2:])
    np.testing.assert_allclose(mean[2:], groups.mean(axis=1)[2:], rtol=1e-5, atol=1e-6)
    assert not best[:2].any()
    to_best, to_mean = flat(np.full((12, size), 9.0)), flat(np.full((12, size), 9.0))
    variant(pooling.channel_max_gradient)(flat(gradient), winners, to_best, size, 2, 12)
    variant(pooling.channel_average_gradient)(flat(gradient), to_mean, size, 2, 12)
    np.testing.assert_array_equal(to_best.reshape(12, size)[2:],
                                  (np.arange(size) == winners[2:, None]) * gradient[2:, None])
    np.testing.assert_allclose(to_mean.reshape(12, size)[2:], np.repeat(gradient[2:, None] / size, size, axis=1))
    assert (to_best.reshape(12, size)[:2] == 9).all()
