"""Losses and softmax against NumPy, compiled and plain, where numbers are large too."""

import numpy as np
import pytest

from core.kernels import losses
from tests.core.kernels.arrays import plain

COUNT, CLASSES = 4, 5


def _softmax(scores):
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


@pytest.fixture(params=[1.0, 200.0])
def scores(request):
    return (np.random.default_rng(0).normal(size=(COUNT, CLASSES)) * request.param).astype(np.float32)


@pytest.fixture(params=["classes", "shares"])
def targets(request):
    rng = np.random.default_rng(1)
    classes, shares = np.eye(CLASSES)[rng.integers(0, CLASSES, COUNT)], rng.random((COUNT, CLASSES))
    return (classes if request.param == "classes" else shares).astype(np.float32)


def test_cross_entropy(scores, targets):
    wide = scores.astype(float)
    logs = wide - wide.max(axis=1, keepdims=True)
    logs = logs - np.log(np.exp(logs).sum(axis=1, keepdims=True))
    share = np.float32(0.25)
    for function in (losses.softmax_cross_entropy, plain(losses.softmax_cross_entropy)):
        gradient, found = np.zeros_like(scores), np.zeros(COUNT)
        function(scores, targets, gradient, found, share, 0, COUNT)
        np.testing.assert_allclose(found, -(targets * logs).sum(axis=1), rtol=1e-5, atol=1e-5)
        wanted = (_softmax(wide) * targets.sum(axis=1, keepdims=True) - targets) * 0.25
        np.testing.assert_allclose(gradient, wanted, rtol=1e-4, atol=1e-6)


def test_squares(scores, targets):
    for function in (losses.squared_error, plain(losses.squared_error)):
        gradient, found = np.zeros_like(scores), np.zeros(COUNT)
        function(scores, targets, gradient, found, np.float32(0.4), np.float32(0.5), 1, COUNT)
        difference = scores.astype(float) - targets
        np.testing.assert_allclose(found[1:], 0.2 * (difference[1:] ** 2).sum(axis=1), rtol=1e-5)
        np.testing.assert_allclose(gradient[1:], 0.2 * difference[1:], rtol=1e-5, atol=1e-6)
        assert found[0] == 0
        assert not gradient[0].any()


def test_softmax_and_its_gradient(scores):
    dy = np.random.default_rng(2).normal(size=scores.shape).astype(np.float32)
    wanted = _softmax(scores.astype(float))
    for forward, backward in ((losses.softmax_rows, losses.softmax_rows_gradient),
                              (plain(losses.softmax_rows), plain(losses.softmax_rows_gradient))):
        made, target = np.zeros_like(scores), np.zeros_like(scores)
        forward(scores, made, 0, COUNT)
        np.testing.assert_allclose(made, wanted, rtol=1e-4, atol=1e-7)
        backward(dy, made, target, 0, COUNT)
        np.testing.assert_allclose(target, made * (dy - (dy * made).sum(axis=1, keepdims=True)), rtol=1e-4, atol=1e-6)


def test_a_broken_score_breaks_the_loss():
    scores = np.array([[1, np.nan, 2], [np.inf, 0, 0]], np.float32)
    found = np.zeros(2)
    targets = np.eye(3, dtype=np.float32)[:2]
    with np.errstate(invalid="ignore"):
        losses.softmax_cross_entropy(scores, targets, np.zeros_like(scores), found, np.float32(1), 0, 2)
    assert not np.isfinite(found).any()


def test_counting_what_is_right():
    outputs = np.float32([[0, 2, 1], [5, 5, 0], [1, 0, 0], [0, 0, 1]])
    wanted = np.eye(3, dtype=np.float32)[[1, 0, 2, 2]]
    for function in (losses.count_correct, plain(losses.count_correct)):
        assert function(outputs, wanted, 0, 4) == 3
        assert function(outputs, wanted, 2, 3) == 0


def test_probabilities_of_scores_far_apart_and_broken():
    scores, made = np.float32([[500, -500, 0], [np.nan, 0, 1], [-1e30, 3, 3]]), np.empty((3, 3), np.float32)
    with np.errstate(invalid="ignore"):
        losses.softmax_rows(scores, made, 0, 3)
    np.testing.assert_allclose(made[[0, 2]], [[1, 0, 0], [0, 0.5, 0.5]], rtol=1e-6, atol=1e-30)
    assert np.isnan(made[1]).all()
