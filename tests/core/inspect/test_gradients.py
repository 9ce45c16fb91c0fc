"""The gradient check: it passes on right formulas, and it fails on wrong ones."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from core.errors import NetworkError
from core.graph.network import Network
from core.inspect.gradients import LIMIT, run_gradients, verify, worst
from core.layers import LAYERS
from core.layers.activation import Tanh
from tests.core.networks import Drawing, every_layer, small_cnn, weights_of


@pytest.mark.parametrize("seed", [0, 1])
def test_every_type_of_layer_passes(seed):
    network = every_layer()
    checks = verify(network, weights_of(network, seed), seed)
    assert worst(checks) <= LIMIT
    assert {node.type for node in network.nodes.values()} == set(LAYERS)
    assert {f"{check.layer}.{check.parameter}" for check in checks} == {
        "Input.input", *(name for name in weights_of(network) if "running" not in name)}
    assert all(check.checked for check in checks)


def test_losses_of_squares_pass():
    network = small_cnn((1, 6, 6), 3)
    for loss in ("sum-of-squares", "mean-squares"):
        assert worst(verify(network, weights_of(network), loss=loss)) <= LIMIT


def test_a_network_that_ends_in_maps_passes():
    network = Drawing().add("Input", "Input", shape=(1, 5, 5)).add("Conv2D", "C1", filters=2).network
    assert worst(verify(network, weights_of(network))) <= LIMIT


def test_frozen_and_bypassed_layers_pass():
    network = every_layer()
    network = network.change(network.by_name("C2").id, frozen=True)
    network = network.change(network.by_name("B1").id, bypassed=True)
    checks = verify(network, weights_of(network))
    assert worst(checks) <= LIMIT
    assert "B1" not in {check.layer for check in checks}


@dataclass(frozen=True)
class WrongTanh(Tanh):
    """Its derivative is off by a thousandth of a percent."""

    family: ClassVar[str] = ""

    def forward(self, weights, inputs, run):
        y, backward = super().forward(weights, inputs, run)
        return y, lambda dy: ((backward(dy)[0][0] * 1.00001,), {})


def test_a_slightly_wrong_derivative_is_found(monkeypatch):
    network = Drawing().add("Input", "Input", shape=(4,)).add("Dense", "D", units=3).add("Tanh", "T").network
    weights = weights_of(network)
    assert worst(verify(network, weights)) <= LIMIT
    monkeypatch.setitem(LAYERS, "WrongTanh", WrongTanh)
    broken = Drawing().add("Input", "Input", shape=(4,)).add("Dense", "D", units=3).add("WrongTanh", "T").network
    checks = {check.parameter: check.relative_error for check in verify(broken, weights)}
    assert checks["weight"] == pytest.approx(1e-5, rel=0.01)


def test_kinks_are_skipped_and_not_called_errors():
    network = Drawing().add("Input", "Input", shape=(4,)).add("Dense", "D", units=3).add("ReLU", "R").network
    weights = {name: np.zeros_like(array) for name, array in weights_of(network).items()}
    checks = {check.parameter: check for check in verify(network, weights)}
    assert (checks["bias"].checked, checks["bias"].skipped, checks["bias"].relative_error) == (0, 3, 0.0)


def test_large_arrays_are_checked_in_part_and_by_directions():
    network = Drawing().add("Input", "Input", shape=(70,)).add("Dense", "D", units=30).network
    checks = {check.parameter: check.checked for check in verify(network, weights_of(network))}
    assert checks == {"input": 210, "weight": 520, "bias": 30}


def test_weights_are_left_as_they_were():
    network = small_cnn((1, 6, 6), 3)
    weights = weights_of(network)
    before = {name: array.copy() for name, array in weights.items()}
    verify(network, weights)
    for name, array in before.items():
        np.testing.assert_array_equal(array, weights[name])


def test_the_same_seed_checks_the_same_places():
    network = small_cnn((1, 6, 6), 3)
    assert verify(network, weights_of(network), 3) == verify(network, weights_of(network), 3)


def test_progress_is_told():
    network = small_cnn((1, 6, 6), 3)
    told = []
    verify(network, weights_of(network), progress=lambda done, total: told.append((done, total)))
    assert told == [(number, 5) for number in range(5)]


def test_gradients_of_a_batch_agree_with_torch():
    torch = pytest.importorskip("torch")
    network = small_cnn((1, 6, 6), 3)
    weights = weights_of(network)
    rng = np.random.default_rng(0)
    x, target = rng.random((4, 1, 6, 6), np.float32), np.array([0, 2, 1, 1])
    loss, to_input, arrays = run_gradients(network, weights, x, target)
    tensors = {name: torch.tensor(array, dtype=torch.float64, requires_grad=True) for name, array in weights.items()}
    picture = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    functional = torch.nn.functional
    maps = functional.relu(functional.conv2d(picture, tensors["C1.weight"], tensors["C1.bias"]))
    maps = functional.max_pool2d(maps, 2)
    scores = functional.linear(maps.flatten(1), tensors["F1.weight"], tensors["F1.bias"])
    value = functional.cross_entropy(scores, torch.tensor(target))
    value.backward()
    assert loss == pytest.approx(value.item(), rel=1e-12)
    np.testing.assert_allclose(to_input, picture.grad, rtol=1e-9, atol=1e-15)
    assert set(arrays) == set(weights)
    for name, array in arrays.items():
        np.testing.assert_allclose(array, tensors[name].grad, rtol=1e-9, atol=1e-15)


def test_gradients_use_batch_statistics_and_no_dropout():
    network = every_layer()
    weights = weights_of(network)
    x, target = np.random.default_rng(0).random((4, 2, 9, 9)), np.array([0, 1, 2, 0])
    first, second = run_gradients(network, weights, x, target), run_gradients(network, weights, x, target)
    assert first[0] == second[0]
    moved = {**weights, "B1.running_mean": weights["B1.running_mean"] + 1}
    assert run_gradients(network, moved, x, target)[0] == first[0]


def test_a_network_with_problems_is_refused():
    with pytest.raises(NetworkError, match="empty"):
        verify(Network(), {})
