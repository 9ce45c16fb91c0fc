"""Dropped numbers: the right share, scaled up, independent of each other, and the same whoever computes them."""

import numpy as np
import pytest

from core.kernels import noise
from tests.core.kernels.arrays import flat, plain

ROWS, LENGTH = 64, 1000


def _mask(rate, keys=(123, 456), first=0, end=ROWS, function=noise.dropout_rows):
    target = flat(np.ones((ROWS, LENGTH)))
    target.reshape(ROWS, LENGTH)[[*range(first), *range(end, ROWS)]] = 9
    limit = np.array([*keys, min(round(rate * 2**32), 2**32 - 1)], np.uint32)
    function(target, limit, np.float32(1 / (1 - rate)), first, end, LENGTH)
    return target.reshape(ROWS, LENGTH)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_share_and_scale(rate):
    mask = _mask(rate)
    assert set(np.unique(mask)) == {0, np.float32(1 / (1 - rate))}
    deviation = np.sqrt(rate * (1 - rate) / mask.size)
    assert abs((mask == 0).mean() - rate) < 5 * deviation


def test_rows_columns_and_neighbours_are_independent():
    dropped = (_mask(0.5) == 0).astype(float) - 0.5
    limit = 5 / np.sqrt(dropped.size)
    for other in (np.roll(dropped, 1, axis=0), np.roll(dropped, 1, axis=1), dropped[:, ::-1], dropped[::-1]):
        assert abs((dropped * other).mean() * 4) < limit
    assert abs(dropped.mean(axis=0)).max() < 5 * 0.5 / np.sqrt(ROWS)
    assert abs(dropped.mean(axis=1)).max() < 5 * 0.5 / np.sqrt(LENGTH)


def test_other_keys_drop_others():
    assert (_mask(0.5, (1, 2)) != _mask(0.5, (1, 3))).mean() == pytest.approx(0.5, abs=0.02)
    assert (_mask(0.5, (1, 2)) != _mask(0.5, (2, 2))).mean() == pytest.approx(0.5, abs=0.02)


def test_a_row_is_the_same_in_any_range():
    whole, part = _mask(0.3), _mask(0.3, first=10, end=20)
    assert np.array_equal(whole[10:20], part[10:20])
    assert (part[:10] == 9).all()
    assert (part[20:] == 9).all()


@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_plain_python_draws_the_same():
    keys = np.array([7, 8, 2**31], np.uint32)
    one, other = flat(np.ones(10)), flat(np.ones(10))
    noise.dropout_rows(one, keys, np.float32(2), 0, 2, 5)
    plain(noise.dropout_rows)(other, keys, np.float32(2), 0, 2, 5)
    assert np.array_equal(one, other)


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("function", [noise.normal_rows, noise.random_slope_rows])
def test_plain_python_draws_the_same_numbers(function):
    keys, made = np.array([7, 8], np.uint32), []
    numbers = (np.float32(2),) if function is noise.normal_rows else (np.float32(0.1), np.float32(0.4))
    for each in (function, plain(function)):
        made.append(flat(np.zeros(10)))
        each(flat(-np.ones(10)), made[-1], keys, *numbers, 0, 2, 5)
    np.testing.assert_allclose(made[0], made[1], rtol=1e-6)
    assert len(set(made[0].tolist())) == 10


def test_normal_numbers_are_quantiles_of_the_bell():
    """Sorted, they lie where equally likely steps of the bell curve do, far out as well."""
    statistics = pytest.importorskip("scipy.stats")
    rows, length = 100, 10_000
    made = flat(np.zeros(rows * length))
    noise.normal_rows(made, made, np.array([1, 2], np.uint32), np.float32(1), 0, rows, length)
    assert statistics.kstest(made.astype(float), "norm").pvalue > 1e-4
    assert 4.3 < np.abs(made).max() < 6.5
    grid = made.reshape(rows, length).astype(float)
    limit = 5 / np.sqrt(grid.size)
    for other in (np.roll(grid, 1, axis=0), np.roll(grid, 1, axis=1), grid[:, ::-1]):
        assert abs((grid * other).mean()) < limit


def test_a_gradient_meets_the_slopes_of_the_way_forward():
    keys, slopes = np.array([3, 4], np.uint32), (np.float32(0.1), np.float32(0.4))
    values = np.random.default_rng(0).normal(size=3 * 50).astype(np.float32)
    made, gradient = np.zeros_like(values), np.ones_like(values)
    noise.random_slope_rows(values, made, keys, *slopes, 0, 3, 50)
    noise.random_slope_gradient(gradient, values, keys, *slopes, 0, 3, 50)
    np.testing.assert_allclose(gradient * values, made, rtol=1e-6)
    assert np.array_equal(gradient == 1, values > 0)
