"""Updates: formulas on a stretch of a flat array, and nothing beyond it. The engine's tests compare with PyTorch."""

import numpy as np
import pytest

from core.kernels import updates
from tests.core.kernels.arrays import plain

COUNT, FIRST, END = 20, 3, 17


def _arrays(count):
    rng = np.random.default_rng(0)
    return [rng.random(COUNT).astype(np.float32) + 0.5 for _ in range(count)]


def _run(kernel, arrays, rates):
    """What compiled and plain code make of copies; both must agree, and nothing outside the stretch may change."""
    made = []
    for function in (kernel, plain(kernel)):
        copies = [array.copy() for array in arrays]
        function(*copies, np.array(rates, np.float32), FIRST, END)
        for before, after in zip(arrays, copies, strict=True):
            assert np.array_equal(before[:FIRST], after[:FIRST])
            assert np.array_equal(before[END:], after[END:])
        made.append([copy[FIRST:END].astype(float) for copy in copies])
    for one, other in zip(*made, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)
    return made[0]


@pytest.fixture
def start():
    return [array[FIRST:END].astype(float) for array in _arrays(4)]


def test_sgd(start):
    w, g = start[:2]
    made = _run(updates.step_sgd, _arrays(2), [0.1, 0.01, 0.5])
    np.testing.assert_allclose(made[0], w - 0.1 * (0.5 * g + 0.01 * w), rtol=1e-5)


@pytest.mark.parametrize("nesterov", [0, 1])
def test_momentum(start, nesterov):
    w, g, v = start[:3]
    made = _run(updates.step_momentum, _arrays(3), [0.1, 0.01, 0.5, 0.9, nesterov])
    slope = 0.5 * g + 0.01 * w
    speed = 0.9 * v + slope
    np.testing.assert_allclose(made[2], speed, rtol=1e-5)
    np.testing.assert_allclose(made[0], w - 0.1 * (slope + 0.9 * speed if nesterov else speed), rtol=1e-5)


def test_adam_and_the_shrinking_of_adamw(start):
    w, g, m, v = start
    made = _run(updates.step_adam, _arrays(4), [0.1, 0.01, 0.5, 0.9, 0.99, 1e-3, 0.7, 0.98])
    slope = 0.5 * g + 0.01 * w
    mean, square = 0.9 * m + 0.1 * slope, 0.99 * v + 0.01 * slope**2
    np.testing.assert_allclose(made[2], mean, rtol=1e-5)
    np.testing.assert_allclose(made[3], square, rtol=1e-5)
    np.testing.assert_allclose(made[0], 0.98 * w - 0.1 * mean / (np.sqrt(square) / 0.7 + 1e-3), rtol=1e-5)


def test_rmsprop(start):
    w, g, v = start[:3]
    made = _run(updates.step_rmsprop, _arrays(3), [0.1, 0.01, 0.5, 0.9, 1e-3])
    slope = 0.5 * g + 0.01 * w
    square = 0.9 * v + 0.1 * slope**2
    np.testing.assert_allclose(made[2], square, rtol=1e-5)
    np.testing.assert_allclose(made[0], w - 0.1 * slope / (np.sqrt(square) + 1e-3), rtol=1e-5)


def test_adagrad(start):
    w, g, v = start[:3]
    made = _run(updates.step_adagrad, _arrays(3), [0.1, 0.01, 0.5, 1e-3])
    slope = 0.5 * g + 0.01 * w
    square = v + slope**2
    np.testing.assert_allclose(made[2], square, rtol=1e-5)
    np.testing.assert_allclose(made[0], w - 0.1 * slope / (np.sqrt(square) + 1e-3), rtol=1e-5)


def test_squares_of_several_parts_are_those_of_each():
    numbers, parts = np.arange(40, dtype=np.float32), np.array([[0, 16], [16, 32], [35, 40]])
    for function in (updates.square_sums, plain(updates.square_sums)):
        found = np.zeros(3)
        function(numbers, parts, found)
        assert found.tolist() == [sum(n * n for n in range(*part)) for part in parts.tolist()]


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_the_sum_of_squares_is_finite_exactly_where_all_numbers_are(broken):
    numbers = np.array([1, 3e38, -3e38, 2], np.float32)
    for function in (updates.square_sum, plain(updates.square_sum)):
        assert function(numbers, 0, 4) == pytest.approx(2 * float(np.float32(3e38)) ** 2)
        assert function(numbers, 3, 4) == 4
        numbers[1] = broken
        assert not np.isfinite(function(numbers, 0, 4))
        assert np.isfinite(function(numbers, 2, 4))
        numbers[1] = 3e38
