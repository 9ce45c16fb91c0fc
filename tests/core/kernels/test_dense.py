"""The gradients of a dense layer for a whole batch."""

import numpy as np
import pytest

from core.kernels import dense
from core.kernels.packing import pack_turned_panels
from core.kernels.processor import LANES
from tests.core.kernels.arrays import flat, plain, room


def test_sums_of_some_columns():
    values = np.random.default_rng(0).normal(size=(4, 7)).astype(np.float32)
    for function in (dense.sum_rows, plain(dense.sum_rows)):
        target = flat(np.full(10, 9.0))
        function(flat(values), 3, 7, 2, 5, target, 1)
        np.testing.assert_allclose(target[3:6], values[:3, 2:5].sum(axis=0), rtol=1e-6)
        assert (target[[0, 1, 2, 6, 7, 8, 9]] == 9).all()


def test_no_rows_give_zero():
    target = room(3)
    target[:] = 5
    dense.sum_rows(room(0), 0, 3, 0, 3, target, 0)
    assert not target.any()


SOME = dense.PANELS * dense.WIDTH


@pytest.mark.parametrize("shape", [(3, 5, 7), (17, dense.DEPTH + 3, SOME + 5), (8, dense.DEPTH, dense.WIDTH)])
def test_panels_are_a_matrix_product(shape):
    rows, depth, columns = shape
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(rows, depth)), rng.normal(size=(depth, columns))
    c, panel = flat(np.full((rows, columns), 9.0)), room(dense.ROOM)
    places = np.stack([np.arange(rows) * depth, np.arange(rows) * columns])
    dense.multiply_panels(flat(a), flat(b), c, panel, places, np.array([rows, depth, columns, 0, columns]))
    np.testing.assert_allclose(c[:rows * columns].reshape(rows, columns), a @ b, rtol=1e-4, atol=1e-4)


def test_panels_are_the_same_bits_wherever_they_are_cut():
    rows, depth, columns = 9, 2 * dense.DEPTH + 1, 2 * SOME + 3
    rng = np.random.default_rng(4)
    a, b = flat(rng.normal(size=(rows, depth))), flat(rng.normal(size=(depth, columns)))
    places = np.stack([np.arange(rows) * depth, np.arange(rows) * columns])
    whole, cut, panel = room(rows, columns), room(rows, columns), room(dense.ROOM)
    dense.multiply_panels(a, b, whole, panel, places, np.array([rows, depth, columns, 0, columns]))
    for first, end in ((0, dense.WIDTH), (dense.WIDTH, SOME), (SOME, columns)):
        dense.multiply_panels(a, b, cut, panel, places, np.array([rows, depth, columns, first, end]))
    assert np.array_equal(whole, cut)


def test_turned_rows_are_columns():
    values = np.arange(12.0).reshape(3, 4)
    for function in (dense.turn, plain(dense.turn)):
        turned = room(4, 5)
        function(flat(values), turned, 1, 3, 4, 5)
        made = turned[:20].reshape(4, 5)
        assert made[:, 1:3].tolist() == values[1:].T.tolist()
        assert not made[:, [0, 3, 4]].any()


def _packed_product(a, weights, bias, floor, cuts, fill=9.0):
    """The product by the kernel, piece by piece; `cuts` are (first output, end, first picture, end)."""
    (count, inputs), outputs = a.shape, len(weights)
    package, starts = room(inputs * -(-outputs // LANES) * LANES), room(outputs + dense.WIDTH)
    pack_turned_panels(flat(weights), 0, package, inputs, outputs)
    starts[:outputs] = bias
    made = flat(np.full((count, outputs), fill))
    places = np.stack([np.arange(count) * inputs, np.arange(count) * outputs])
    for cut in cuts:
        dense.multiply_packed(flat(a), package, starts, made, places, np.float32(floor),
                              np.array([inputs, outputs, *cut]))
    return made.reshape(count, outputs)


@pytest.mark.parametrize("floor", [-np.inf, 0.0])
@pytest.mark.parametrize("outputs", [1, LANES, dense.WIDTH - 1, 2 * dense.WIDTH, dense.WIDTH + 3, 2 * dense.WIDTH - 1])
@pytest.mark.parametrize(("count", "inputs"), [(1, 1), (5, dense.DEPTH), (8, dense.DEPTH + 3), (27, 3 * dense.DEPTH)])
def test_packed_weights_are_a_matrix_product(count, inputs, outputs, floor):
    rng = np.random.default_rng(5)
    a, weights, bias = rng.normal(size=(count, inputs)), rng.normal(size=(outputs, inputs)), rng.normal(size=outputs)
    made = _packed_product(a, weights, bias, floor, [(0, outputs, 0, count)])
    np.testing.assert_allclose(made, np.maximum(a @ weights.T + bias, floor), rtol=1e-4, atol=1e-4)


def test_packed_products_are_the_same_bits_wherever_they_are_cut():
    count, inputs, outputs = 29, 2 * dense.DEPTH + 1, 2 * dense.WIDTH + LANES + 3
    rng = np.random.default_rng(6)
    a, weights, bias = rng.normal(size=(count, inputs)), rng.normal(size=(outputs, inputs)), rng.normal(size=outputs)
    whole = _packed_product(a, weights, bias, 0, [(0, outputs, 0, count)])
    cuts = [(*columns, *rows) for columns in ((0, dense.WIDTH), (dense.WIDTH, 2 * dense.WIDTH),
                                              (2 * dense.WIDTH, outputs)) for rows in ((0, 8), (8, 13), (13, count))]
    assert np.array_equal(_packed_product(a, weights, bias, 0, cuts[::-1]), whole)
    some = _packed_product(a, weights, bias, 0, cuts[4:5])
    assert np.array_equal(some[8:13, dense.WIDTH:2 * dense.WIDTH], whole[8:13, dense.WIDTH:2 * dense.WIDTH])
    some[8:13, dense.WIDTH:2 * dense.WIDTH] = 9
    assert (some == 9).all()


def test_a_product_with_packed_weights_lets_nan_through():
    weights, bias = np.ones((dense.WIDTH, 3)), np.zeros(dense.WIDTH)
    weights[4, 1] = np.nan
    made = _packed_product(np.ones((2, 3)), weights, bias, 0, [(0, dense.WIDTH, 0, 2)])
    assert np.isnan(made[:, 4]).all()
    assert (np.delete(made, 4, axis=1) == 3).all()
