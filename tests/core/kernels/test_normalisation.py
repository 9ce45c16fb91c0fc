"""Batch normalisation's pieces against NumPy in double precision."""

import math

import numpy as np
import pytest

from core.kernels import normalisation
from core.kernels.sweeps import PERIOD
from tests.core.kernels.arrays import flat, room

PICTURES, PER_CHUNK = 5, 2
EPSILON = 1e-3
# Pixels × channels: fewer and more channels than lanes, whole vectors and not, more pixels than a stretch.
SHAPES = [(7, 3), (1, 5), (150, 16), (4, 40), (33, 17), (1, 1)]


def _sizes(pixels, channels):
    return np.array([pixels * channels, math.lcm(channels, PERIOD), PER_CHUNK, channels])


def _values(seed, pixels, channels):
    return np.random.default_rng(seed).normal(0, 1, (PICTURES, pixels, channels)).astype(np.float32)


def _table(width, *rows):
    return flat([np.tile(row, width // len(row)) for row in rows])


def _chunks(values):
    return [values[start:start + PER_CHUNK].sum(axis=(0, 1)) for start in range(0, PICTURES, PER_CHUNK)]


def _random_table(width, channels, floor):
    """A table with mean, factor, shift, floor, and its rows in double precision."""
    rows = np.float32(np.random.default_rng(5).normal(size=(3, channels)))
    return _table(width, *rows, np.full(channels, floor, np.float32)), rows.astype(float)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("mean", [0, 1000])
def test_statistics_stay_exact_far_from_zero(shape, mean):
    x, sizes = _values(0, *shape) + np.float32(mean), _sizes(*shape)
    channels, width = sizes[3], sizes[1]
    found, shifts, sums = np.zeros(2 * channels), room(3 * width), np.full(3 * 2 * width, 7.0)
    normalisation.channel_sums(flat(x), shifts, sums, sizes, 2, PICTURES)
    normalisation.channel_sums(flat(x), shifts, sums, sizes, 0, 2)
    normalisation.statistics(shifts, sums, found, sizes, PICTURES)
    np.testing.assert_allclose(found[:channels], x.astype(float).mean(axis=(0, 1)), rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(found[channels:], x.astype(float).var(axis=(0, 1)), rtol=1e-6)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("floor", [-np.inf, 0])
def test_numbers_of_some_pictures(shape, floor):
    x, other, sizes = _values(1, *shape), _values(2, *shape), _sizes(*shape)
    table, (mean, factor, shift) = _random_table(sizes[1], sizes[3], floor)
    made, summed = room(*x.shape), room(*x.shape)
    normalisation.normalise(flat(x), made, table, sizes, 1, 4)
    normalisation.normalise_and_add(flat(x), flat(other), summed, table, sizes, 1, 4)
    normal = (x - mean) * factor + shift
    for target, wanted in ((made, normal), (summed, normal + other)):
        np.testing.assert_allclose(target.reshape(x.shape)[1:4], np.maximum(wanted, floor)[1:4], rtol=1e-5, atol=1e-5)
        assert not target.reshape(x.shape)[[0, 4]].any()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("floor", [-np.inf, 0])
def test_sums_of_gradients(shape, floor):
    x, dy, other, sizes = _values(3, *shape), _values(4, *shape), _values(5, *shape), _sizes(*shape)
    width, channels = sizes[1], sizes[3]
    table, (mean, factor, shift) = _random_table(width, channels, floor)
    made = (x - mean) * factor + shift
    sums, totals, target = np.full(3 * 2 * width, 7.0), np.zeros(2 * channels), room(*x.shape)

    def agrees(passed):
        normalisation.add_up(sums, totals, sizes, PICTURES)
        np.testing.assert_allclose(totals[:channels], sum(_chunks(passed)), rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(totals[channels:], sum(_chunks(passed * (x - mean))), rtol=1e-5, atol=1e-4)

    normalisation.gradient_sums(flat(dy), flat(x), table, sums, sizes, 0, PICTURES)
    agrees(np.where(made > floor, dy, 0))
    for share in (0, 1):
        joined = np.concatenate([table[:4 * width], np.full(width, share, np.float32)])
        normalisation.joined_gradient_sums(flat(dy), flat(other), flat(made), flat(x), target, joined, sums, sizes, 0,
                                           PICTURES)
        passed = np.where(made > floor, dy + share * other, 0)
        np.testing.assert_allclose(target.reshape(x.shape), passed, rtol=1e-6)
        agrees(passed)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("floor", [-np.inf, 0])
def test_the_gradient_through_the_statistics(shape, floor):
    x, dy, sizes = _values(6, *shape), _values(7, *shape), _sizes(*shape)
    width, channels, count = sizes[1], sizes[3], PICTURES * shape[0]
    gamma, beta = np.float32(np.random.default_rng(8).uniform(0.5, 1, (2, channels)))
    found = np.concatenate([x.astype(float).mean(axis=(0, 1)), x.astype(float).var(axis=(0, 1))])
    settings, table, slopes = np.array([EPSILON, floor]), room(4 * width), room(6 * width)
    normalisation.fill_table(found, gamma, beta, settings, table, sizes)
    scale = 1 / np.sqrt(found[channels:] + EPSILON)
    normal = (x - found[:channels]) * scale
    passed = np.where(normal * gamma + beta > floor, dy, 0).astype(float)
    plain, products = passed.sum(axis=(0, 1)), (passed * normal).sum(axis=(0, 1))
    totals, weight, bias = np.concatenate([plain, products / scale]), room(channels), room(channels)
    normalisation.weight_gradients(found, totals, EPSILON, weight, bias)
    np.testing.assert_allclose(weight, products, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(bias, plain, rtol=1e-6)
    target = room(*x.shape)
    normalisation.fill_slopes(found, totals, settings, table, slopes, sizes, count)
    normalisation.normalise_gradient(flat(dy), flat(x), target, slopes, sizes, 0, PICTURES)
    wanted = (passed - (plain + normal * products) / count) * (gamma * scale)
    np.testing.assert_allclose(target.reshape(x.shape), wanted, atol=2e-5 * np.abs(wanted).max())


def test_running_statistics_follow_with_the_unbiased_variance():
    found, mean, variance = np.array([1.0, 2, 3, 4]), np.float32([5, 6]), np.float32([7, 8])
    normalisation.follow(found, mean, variance, 0.25, 9)
    np.testing.assert_allclose(mean, [4, 5])
    np.testing.assert_allclose(variance, [0.75 * 7 + 0.25 * 3 * 9 / 8, 0.75 * 8 + 0.25 * 4 * 9 / 8], rtol=1e-6)
