"""Winograd's transforms against the textbook's matrices, and the kernels as convolution and its exact reverse."""

import numpy as np
import pytest

from core.kernels import winograd
from core.kernels.processor import LANES
from tests.core.kernels.arrays import flat, room

B = np.array([[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0], [0, -2, -1, 2, 1, 0],
              [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]]).T
G = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24
A = np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]).T
CHANNELS = 2 * LANES


@pytest.mark.parametrize(("transform", "matrix"), [
    (winograd.data, B.T), (winograd.data_reverse, B), (winograd.output, A.T), (winograd.output_reverse, A),
    (winograd.weights, G), (winograd.weights_reverse, G.T)], ids=lambda each: getattr(each, "__name__", ""))
def test_each_transform_is_its_matrix(transform, matrix):
    numbers = np.random.default_rng(0).normal(size=(matrix.shape[1], 3))
    np.testing.assert_allclose(transform(list(numbers)), matrix @ numbers, rtol=1e-12, atol=1e-12)


def test_filters_lie_in_panels():
    filters = np.random.default_rng(1).normal(size=(3, 3, 5, CHANNELS)).astype(np.float32)
    made, sizes = room(36, 5 * CHANNELS), np.array([5, CHANNELS, LANES, 5 * CHANNELS])
    winograd.weight_positions(flat(np.r_[1, 2, filters.reshape(-1)]), 2, made, sizes)
    wanted = np.einsum("ai,ijco,bj->abco", G, filters, G).reshape(36, 5, 2, LANES).transpose(0, 2, 1, 3)
    np.testing.assert_allclose(made.reshape(wanted.shape), wanted, rtol=1e-5, atol=1e-5)


def test_the_way_back_of_weights_is_the_adjoint():
    rng = np.random.default_rng(4)
    filters, given = rng.normal(size=(3, 3, CHANNELS)), rng.normal(size=(36, CHANNELS))
    made, back = room(36, CHANNELS), flat(np.ones((3, 3, CHANNELS)))
    winograd.weight_positions(flat(filters), 0, made, np.array([1, CHANNELS, CHANNELS, CHANNELS]))
    winograd.weights_from_positions(flat(given), back, 0, CHANNELS, CHANNELS, CHANNELS)
    forward = (made.astype(float) * given.reshape(-1)).sum()
    assert (back.astype(float) * filters.reshape(-1)).sum() == pytest.approx(forward, rel=1e-4)


def test_filters_for_the_way_back_are_the_same_positions_transposed():
    count = 3 * LANES
    filters = np.random.default_rng(5).normal(size=(3, 3, CHANNELS, count)).astype(np.float32)
    made, sizes = room(36, CHANNELS * count), np.array([CHANNELS, count, LANES, CHANNELS * count])
    winograd.weight_positions_back(flat(np.r_[1, 2, filters.reshape(-1)]), 2, room(winograd.SWAPPED), made, sizes)
    wanted = np.einsum("ai,ijco,bj->aboc", G, filters, G).reshape(36, count, 2, LANES).transpose(0, 2, 1, 3)
    np.testing.assert_allclose(made.reshape(wanted.shape), wanted, rtol=1e-5, atol=1e-5)
