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
CHANNELS, DOWN, ACROSS = 2 * LANES, 2, 3
TILES = DOWN * ACROSS
STEP = TILES * CHANNELS + 5


@pytest.mark.parametrize(("transform", "matrix"), [
    (winograd.data, B.T), (winograd.data_reverse, B), (winograd.output, A.T), (winograd.output_reverse, A),
    (winograd.weights, G), (winograd.weights_reverse, G.T)], ids=lambda each: getattr(each, "__name__", ""))
def test_each_transform_is_its_matrix(transform, matrix):
    numbers = np.random.default_rng(0).normal(size=(matrix.shape[1], 3))
    np.testing.assert_allclose(transform(list(numbers)), matrix @ numbers, rtol=1e-12, atol=1e-12)


def _sizes(height, width, *more):
    """Settings for one picture of that size, `CHANNELS` channels."""
    return np.array([1, DOWN, ACROSS, CHANNELS, 0, height * width * CHANNELS, width * CHANNELS, STEP, *more])


def _positions(array):
    return np.stack([array[number * STEP:number * STEP + TILES * CHANNELS] for number in range(36)])


def _product(data, filters):
    made = room(36, STEP)
    for number in range(36):
        tiles = data[number * STEP:number * STEP + TILES * CHANNELS].reshape(TILES, CHANNELS)
        made[number * STEP:number * STEP + TILES * CHANNELS] = (tiles @ filters[number]).reshape(-1)
    return made


@pytest.mark.parametrize("floor", [-np.inf, 0])
@pytest.mark.parametrize("size", [(8, 12), (7, 11), (5, 9)])
def test_a_convolution_with_bias_cut_at_the_edges(size, floor):
    rng = np.random.default_rng(1)
    frame = rng.normal(size=(4 * DOWN + 2, 4 * ACROSS + 2, CHANNELS)).astype(np.float32)
    filters = rng.normal(size=(3, 3, CHANNELS, CHANNELS)).astype(np.float32)
    bias = rng.normal(size=CHANNELS).astype(np.float32)
    data, turned = room(36, STEP), room(36, CHANNELS, CHANNELS)
    winograd.data_positions(flat(frame), data, _sizes(*frame.shape[:2]))
    panels = np.array([CHANNELS, CHANNELS, LANES, CHANNELS**2])
    winograd.weight_positions(flat(np.r_[1, 2, filters.reshape(-1)]), 2, turned, panels)
    rows = turned.reshape(36, CHANNELS // LANES, CHANNELS, LANES).transpose(0, 2, 1, 3)
    product = _product(data, rows.reshape(36, CHANNELS, CHANNELS))
    target = flat(np.full((*size, CHANNELS), 9.0))
    winograd.output_from_positions(product, target, flat(bias), np.float32(floor), _sizes(*size, *size))
    wanted = sum(frame[a:a + size[0], b:b + size[1]].astype(float) @ filters[a, b] for a in range(3) for b in range(3))
    wanted = np.maximum(wanted + bias, floor)
    assert np.abs(target.reshape(wanted.shape) - wanted).max() < 2e-5 * np.abs(wanted).max()


def test_the_way_back_of_data_is_the_adjoint():
    rng = np.random.default_rng(2)
    shape = (4 * DOWN + 2, 4 * ACROSS + 2, CHANNELS)
    x, given = rng.normal(size=shape), rng.normal(size=36 * STEP)
    made, back = room(36, STEP), room(*shape)
    winograd.data_positions(flat(x), made, _sizes(*shape[:2]))
    winograd.frame_from_positions(flat(given), back, _sizes(*shape[:2]))
    forward = (_positions(made).astype(float) * _positions(given)).sum()
    assert (back.astype(float) * x.reshape(-1)).sum() == pytest.approx(forward, rel=1e-4)


def test_the_way_back_of_outputs_is_the_adjoint():
    rng = np.random.default_rng(3)
    shape = (4 * DOWN, 4 * ACROSS, CHANNELS)
    gradient, given = rng.normal(size=shape), rng.normal(size=36 * STEP)
    made, output = room(36, STEP), room(*shape)
    winograd.gradient_positions(flat(gradient), made, _sizes(*shape[:2]))
    sizes = _sizes(*shape[:2], *shape[:2])
    winograd.output_from_positions(flat(given), output, room(CHANNELS), np.float32(-np.inf), sizes)
    forward = (output.astype(float) * gradient.reshape(-1)).sum()
    assert (_positions(made).astype(float) * _positions(given)).sum() == pytest.approx(forward, rel=1e-4)


def test_the_way_back_of_weights_is_the_adjoint_and_adds():
    rng = np.random.default_rng(4)
    filters, given = rng.normal(size=(3, 3, CHANNELS)), rng.normal(size=(36, CHANNELS))
    made, back = room(36, CHANNELS), flat(np.ones((3, 3, CHANNELS)))
    winograd.weight_positions(flat(filters), 0, made, np.array([1, CHANNELS, CHANNELS, CHANNELS]))
    winograd.weights_from_positions(flat(given), back, 0, CHANNELS, CHANNELS)
    forward = (made.astype(float) * given.reshape(-1)).sum()
    assert ((back.astype(float) - 1) * filters.reshape(-1)).sum() == pytest.approx(forward, rel=1e-4)
