"""Losses: values and gradients against PyTorch, finite differences, and the rule of the last Softmax."""

import numpy as np
import pytest

from core.errors import DataError, UsageError
from core.graph.model import Model
from core.train.losses import (
    LOSSES,
    cross_entropy,
    loss_function,
    loss_node,
    mean_squares,
    sum_of_squares,
    takes_logits,
)
from tests.core.networks import Drawing, small_cnn, weights_of

RNG = np.random.default_rng(0)
SCORES = RNG.standard_normal((5, 4)) * 3
CLASSES = np.array([0, 3, 1, 1, 2])
SHARES = RNG.dirichlet(np.ones(4), 5)


@pytest.mark.parametrize("target", [CLASSES, SHARES], ids=["classes", "shares"])
@pytest.mark.parametrize("name", LOSSES)
def test_value_and_gradient_agree_with_torch(name, target):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    scores = torch.tensor(SCORES, requires_grad=True)
    wanted = torch.tensor(np.eye(4)[target] if target.ndim == 1 else target)
    reference = {"cross-entropy": lambda: functional.cross_entropy(scores, wanted),
                 "sum-of-squares": lambda: 0.5 * functional.mse_loss(scores, wanted, reduction="sum") / len(scores),
                 "mean-squares": lambda: functional.mse_loss(scores, wanted)}[name]()
    reference.backward()
    value, gradient = LOSSES[name](SCORES, target)
    assert value == pytest.approx(reference.item(), rel=1e-12)
    np.testing.assert_allclose(gradient, scores.grad, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_is_the_slope_of_the_value(name):
    direction = RNG.standard_normal(SCORES.shape)
    up, down = (LOSSES[name](SCORES + sign * 1e-6 * direction, SHARES)[0] for sign in (1, -1))
    slope = (LOSSES[name](SCORES, SHARES)[1] * direction).sum()
    assert (up - down) / 2e-6 == pytest.approx(slope, rel=1e-7)


def test_cross_entropy_does_not_overflow():
    value, gradient = cross_entropy(np.array([[1e4, -1e4], [0, 1e4]], np.float32), np.array([1, 1]))
    assert value == pytest.approx(1e4)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradient_keeps_the_float_type(name, dtype):
    assert LOSSES[name](SCORES.astype(dtype), CLASSES)[1].dtype == dtype


def test_squares_by_hand():
    outputs, target = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([0, 0])
    assert sum_of_squares(outputs, target)[0] == pytest.approx(0.5 * 5 / 2)
    assert mean_squares(outputs, target)[0] == pytest.approx(5 / 4)


def test_a_last_softmax_is_fused_with_cross_entropy_only():
    network = small_cnn()
    last, before = network.by_name("Softmax").id, network.by_name("F1").id
    assert loss_node(network, last, "cross-entropy") == before
    assert loss_node(network, last, "sum-of-squares") == last
    assert not takes_logits(network, last, "cross-entropy")


def test_without_softmax_the_last_output_is_taken_as_scores():
    network = small_cnn()
    network = network.remove(network.by_name("Softmax").id)
    last = network.by_name("F1").id
    assert loss_node(network, last, "cross-entropy") == last
    assert takes_logits(network, last, "cross-entropy")
    assert not takes_logits(network, last, "mean-squares")


def test_a_bypassed_softmax_counts_as_none():
    network = small_cnn()
    network = network.change(network.by_name("Softmax").id, bypassed=True)
    last = network.by_name("Softmax").id
    assert loss_node(network, last, "cross-entropy") == network.by_name("F1").id
    assert takes_logits(network, last, "cross-entropy")


def test_the_fused_gradient_equals_the_one_through_softmax():
    network = Drawing().add("Input", "Input", shape=(4,)).add("Softmax", "Softmax").network
    model = Model(network, weights_of(network))
    trace = model.forward(SCORES)
    probabilities = trace.outputs[model.last]
    through = model.backward(trace, {model.last: -np.eye(4)[CLASSES] / probabilities / len(CLASSES)})
    np.testing.assert_allclose(cross_entropy(SCORES, CLASSES)[1], through.inputs["Input"], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("outputs", "target", "words"), [
    (SCORES, np.array([0, 1, 2, 3, 4]), "Class 4 is asked for, but the network has 4 outputs"),
    (SCORES, np.array([0, 1, 2, 3, -1]), "Class -1"),
    (SCORES, CLASSES[:3], "5 pictures but 3 targets"),
    (SCORES, SHARES[:, :3], "target is 5×3 but the network puts out 5×4"),
    (SCORES.reshape(5, 4, 1, 1), CLASSES, "flat last output"),
])
def test_targets_that_do_not_fit_are_refused_in_words(outputs, target, words):
    with pytest.raises(DataError, match=words):
        cross_entropy(outputs, target)


def test_an_unknown_loss_is_refused():
    with pytest.raises(UsageError, match="there are cross-entropy, sum-of-squares, mean-squares"):
        loss_function("hinge")
