"""Number by number: against NumPy in double precision, compiled and plain."""

import numpy as np
import pytest

from core.kernels import elementwise
from tests.core.kernels.arrays import flat, plain, room

X = np.concatenate([np.linspace(-100, 100, 101), [0.0, -0.0, 1e-6, -1e-6, 0.62, -0.63, 1e30, -1e30]]).astype(np.float32)
LENGTH = X.size


def _both(kernel):
    return [kernel, plain(kernel)]


def _rows(values):
    """Two rows, of which kernels are asked to do the second."""
    return flat(np.stack([np.full(LENGTH, 3.0), values]))


def _run(function, *arguments):
    target = flat(np.full((2, LENGTH), 9.0))
    function(*arguments[:-1], target, *(() if arguments[-1] is None else (arguments[-1],)), 1, 2, LENGTH)
    made = target.reshape(2, LENGTH)
    assert (made[0] == 9).all()
    return made[1]


def _sigmoid(x):
    small = np.exp(-np.abs(x.astype(float)))
    return np.where(x >= 0, 1, small) / (1 + small)


@pytest.mark.parametrize(("kernel", "reference"), [
    (elementwise.sigmoid_rows, _sigmoid), (elementwise.tanh_rows, lambda x: np.tanh(x.astype(float)))])
def test_curves_are_exact_to_the_last_places(kernel, reference):
    wanted = reference(X)
    for function in _both(kernel):
        made = _run(function, _rows(X), None)
        np.testing.assert_allclose(made, wanted, rtol=4e-7, atol=1e-37)


@pytest.mark.parametrize("kernel", [elementwise.sigmoid_rows, elementwise.tanh_rows])
def test_curves_hand_nan_on(kernel):
    values = flat([np.nan, 1.0])
    kernel(values, values, 0, 1, 2)
    assert np.isnan(values[0])
    assert np.isfinite(values[1])


@pytest.mark.parametrize("alpha", [0.0, 0.2])
def test_leaky(alpha):
    gradient = np.random.default_rng(0).normal(size=LENGTH)
    for function in _both(elementwise.leaky_rows):
        made = _run(function, _rows(X), np.float32(alpha))
        np.testing.assert_allclose(made, np.where(X > 0, X, np.float32(alpha) * X))
    for function in _both(elementwise.leaky_gradient):
        made = _rows(gradient)
        function(made, _rows(X), np.float32(alpha), 1, 2, LENGTH)
        wanted = [np.full(LENGTH, 3), np.where(X > 0, gradient, alpha * gradient)]
        np.testing.assert_allclose(made.reshape(2, LENGTH), wanted, rtol=1e-6)
    broken = flat([np.nan])
    elementwise.leaky_rows(broken, broken, np.float32(alpha), 0, 1, 1)
    assert np.isnan(broken[0])


@pytest.mark.parametrize(("kernel", "slope"), [
    (elementwise.sigmoid_gradient, lambda y: y * (1 - y)), (elementwise.tanh_gradient, lambda y: 1 - y * y)])
def test_slopes_from_outputs(kernel, slope):
    rng = np.random.default_rng(1)
    gradient, y = rng.normal(size=LENGTH), rng.random(LENGTH)
    for function in _both(kernel):
        made = _rows(gradient)
        function(made, _rows(y), 1, 2, LENGTH)
        wanted = [np.full(LENGTH, 3), gradient * slope(y)]
        np.testing.assert_allclose(made.reshape(2, LENGTH), wanted, rtol=1e-5, atol=1e-7)


def test_sums_and_copies():
    values = np.random.default_rng(2).normal(size=LENGTH).astype(np.float32)
    for function in _both(elementwise.sum_two):
        for floor in (-np.inf, 0):
            target = flat(np.full((2, LENGTH), 9.0))
            function(_rows(values), _rows(X), target, np.float32(floor), 1, 2, LENGTH)
            assert np.array_equal(target.reshape(2, LENGTH), [np.full(LENGTH, 9), np.maximum(values + X, floor)])
    for function in _both(elementwise.copy_rows):
        assert np.array_equal(_run(function, _rows(values), None), values)
    for function in _both(elementwise.add_rows):
        assert np.array_equal(_run(function, _rows(values), None), values + np.float32(9))


def test_gate_and_floor_work_in_place_and_leave_nan():
    for gate, floor in ((elementwise.gate_rows, elementwise.floor_rows),
                        (plain(elementwise.gate_rows), plain(elementwise.floor_rows))):
        gradient = flat([[1, 2, 3], [4, np.nan, 6]])
        gate(gradient, flat([[1, 0, 2], [0, 1, -1]]), 1, 2, 3)
        np.testing.assert_array_equal(gradient, [1, 2, 3, 0, np.nan, 0])
        values = flat([[-1, 2, -3], [-4, np.nan, 6]])
        floor(values, 1, 2, 3)
        np.testing.assert_array_equal(values, [-1, 2, -3, 0, np.nan, 6])


def test_where_a_row_lies_does_not_matter():
    values = np.random.default_rng(3).normal(size=(5, 37)).astype(np.float32)
    whole, single = room(5, 37), room(5, 37)
    elementwise.tanh_rows(flat(values), whole, 0, 5, 37)
    for row in range(5):
        elementwise.tanh_rows(flat(values), single, row, row + 1, 37)
    assert np.array_equal(whole, single)


def _elu(x, alpha):
    x = x.astype(float)
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_elu_is_exact_near_zero_and_far_below(alpha):
    gradient = np.random.default_rng(0).normal(size=LENGTH)
    for function in _both(elementwise.elu_rows):
        made = _run(function, _rows(X), np.float32(alpha))
        np.testing.assert_allclose(made, _elu(X, alpha), rtol=5e-7)
    for function in _both(elementwise.elu_gradient):
        slope = _rows(gradient)
        function(slope, _rows(_elu(X, alpha)), np.float32(alpha), 1, 2, LENGTH)
        wanted = gradient * np.where(X > 0, 1, alpha * np.exp(np.minimum(X.astype(float), 0)))
        np.testing.assert_allclose(slope.reshape(2, LENGTH)[1], wanted, rtol=1e-6, atol=3e-7)


@pytest.mark.parametrize("lowered", [0.0, np.log(2)])
def test_softplus_is_exact_on_both_sides(lowered):
    gradient = np.random.default_rng(0).normal(size=LENGTH)
    for function in _both(elementwise.softplus_rows):
        made = _run(function, _rows(X), np.float32(lowered))
        wanted = np.logaddexp(0, X.astype(float)) - lowered
        np.testing.assert_allclose(made, wanted, rtol=5e-7, atol=1e-7 if lowered else 1e-37)
    for function in _both(elementwise.softplus_gradient):
        slope = _rows(gradient)
        function(slope, _rows(X), 1, 2, LENGTH)
        np.testing.assert_allclose(slope.reshape(2, LENGTH)[1], gradient * _sigmoid(X), rtol=1e-6, atol=1e-37)


@pytest.mark.parametrize(("kernel", "number"), [(elementwise.elu_rows, 1.0), (elementwise.softplus_rows, 0.0)])
def test_smooth_relatives_of_relu_hand_nan_on(kernel, number):
    values = flat([np.nan, 1.0])
    kernel(values, values, np.float32(number), 0, 1, 2)
    assert np.isnan(values[0])
    assert np.isfinite(values[1])
