"""Pools line by line find what pools window by window find: the same numbers, and the same winners."""

import numpy as np
import pytest

from core.kernels import line_pooling, pooling
from tests.core.kernels.arrays import flat, plain, room

# Height, width, channels; window, stride, padding at the top and left; output.
CASES = [(7, 9, 1, 3, 3, 1, 1, 1, 1, 7, 9), (7, 9, 1, 2, 4, 3, 2, 0, 2, 3, 4), (5, 6, 3, 3, 2, 1, 1, 0, 1, 4, 6),
         (6, 5, 5, 4, 3, 2, 3, 2, 0, 4, 2), (8, 8, 2, 8, 8, 1, 1, 0, 0, 1, 1), (4, 4, 3, 1, 1, 3, 3, 0, 0, 2, 2)]
COUNT = 3


def _sizes(case):
    height, width, channels, tall, wide, down, right, top, left, *out = case
    return np.array([height, width, channels, *out, tall, wide, down, right, top, left])


def _rooms(case):
    _, width, channels, _, wide, _, right, _, left, _, across = case
    numbers = max(left + width, (across - 1) * right + wide) * channels
    columns = np.repeat(np.arange(across) * right - left, channels).astype(np.int32)
    return room(numbers), np.zeros(numbers + across * channels, np.int32), columns


def _maps(case, kind):
    rng = np.random.default_rng(len(kind))
    shape = (COUNT, case[0] * case[1] * case[2])
    maps = rng.normal(size=shape) if kind == "numbers" else rng.integers(0, 2, shape).astype(float)
    if kind == "broken":
        maps[rng.random(shape) < 0.3] = -np.inf
    return flat(maps)


@pytest.mark.parametrize("kind", ["numbers", "equals", "broken"])
@pytest.mark.parametrize("variant", [lambda kernel: kernel, plain], ids=["compiled", "plain"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_largest_and_which_it_was(case, variant, kind):
    numbers, maps, sizes = COUNT * case[9] * case[10] * case[2], _maps(case, kind), _sizes(case)
    wanted, places = room(numbers), np.zeros(numbers, np.int32)
    pooling.max_pool(maps, wanted, places, sizes, 0, COUNT)
    made, winners = room(numbers), np.zeros(numbers, np.int32)
    for _ in range(2):  # the second time the room is used
        variant(line_pooling.max_pool_lines)(maps, made, winners, *_rooms(case), sizes, 0, COUNT)
    assert np.array_equal(made, wanted)
    assert np.array_equal(winners, places)


def test_a_number_that_is_none_wins():
    case = CASES[0]
    maps = _maps(case, "numbers")
    maps[40] = np.nan
    made, winners = room(COUNT * 63), np.zeros(COUNT * 63, np.int32)
    line_pooling.max_pool_lines(maps, made, winners, *_rooms(case), _sizes(case), 0, COUNT)
    assert np.isnan(made).sum() == 9
    assert set(winners[np.isnan(made)]) == {40}


@pytest.mark.parametrize("variant", [lambda kernel: kernel, plain], ids=["compiled", "plain"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_sums_and_lengths(case, variant):
    numbers, maps, sizes = COUNT * case[9] * case[10] * case[2], _maps(case, "numbers"), _sizes(case)
    shares = flat(np.random.default_rng(1).random(case[9] * case[10]))
    wanted, lengths, made = room(numbers), room(numbers), room(numbers)
    pooling.average_pool(maps, wanted, shares, sizes, 0, COUNT)
    pooling.length_pool(maps, lengths, sizes, 0, COUNT)
    line = _rooms(case)[0]
    variant(line_pooling.sum_pool_lines)(maps, made, shares, line, sizes, 0, COUNT)
    np.testing.assert_allclose(made, wanted, rtol=1e-5, atol=1e-6)
    variant(line_pooling.sum_pool_lines)(maps, made, flat([])[:0], line, sizes, 0, COUNT)
    np.testing.assert_allclose(made, lengths, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("pixels", [1, 15, 64, 201])
@pytest.mark.parametrize("variant", [lambda kernel: kernel, plain], ids=["compiled", "plain"])
def test_whole_maps(variant, pixels):
    maps = np.random.default_rng(pixels).normal(size=(5, pixels)).astype(np.float32)
    largest, mean = room(5), room(5)
    variant(line_pooling.whole_maps)(flat(maps), largest, room(32), True, pixels, 1, 4)
    variant(line_pooling.whole_maps)(flat(maps), mean, room(32), False, pixels, 1, 4)
    assert np.array_equal(largest[1:4], maps[1:4].max(1))
    np.testing.assert_allclose(mean[1:4], maps[1:4].mean(1, dtype=float), rtol=1e-5, atol=1e-6)
    assert not largest[[0, 4]].any()
    assert not mean[[0, 4]].any()
