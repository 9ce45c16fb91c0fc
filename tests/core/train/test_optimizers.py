"""Optimizers against PyTorch's, over several steps, with and without weight decay."""

import numpy as np
import pytest

from core.errors import SettingError
from core.train.optimizers import OPTIMIZERS, AdamW, Momentum, clip_factor, make_optimizer
from core.train.options import OPTIMIZERS as NAMES
from core.train.options import TrainOptions

RATE = 0.05


def torch_optimizer(name, parameters, decay):
    torch = pytest.importorskip("torch")
    kinds = {"sgd": torch.optim.SGD, "momentum": lambda **o: torch.optim.SGD(momentum=0.9, **o),
             "nesterov": lambda **o: torch.optim.SGD(momentum=0.9, nesterov=True, **o),
             "adagrad": torch.optim.Adagrad, "rmsprop": torch.optim.RMSprop,
             "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    return kinds[name](params=parameters, lr=RATE, weight_decay=decay)


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("name", NAMES)
def test_ten_steps_agree_with_torch(name, decay):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    weight = rng.standard_normal((3, 4))
    tensor = torch.tensor(weight.copy(), requires_grad=True)
    theirs = torch_optimizer(name, [tensor], decay)
    ours = make_optimizer(TrainOptions(optimizer=name, weight_decay=decay))
    slots = {slot: np.zeros_like(weight) for slot in ours.slots}
    for step in range(1, 11):
        gradient = rng.standard_normal((3, 4))
        tensor.grad = torch.tensor(gradient)
        theirs.step()
        weight, slots = ours.update(weight, gradient, slots, RATE, step)
        assert set(slots) == set(ours.slots)
    np.testing.assert_allclose(weight, tensor.detach(), rtol=1e-12, atol=1e-14)


def test_an_update_leaves_the_old_arrays_as_they_were():
    for kind in OPTIMIZERS.values():
        weight, gradient = np.ones(3), np.ones(3)
        slots = {slot: np.ones(3) for slot in kind.slots}
        kind(weight_decay=0.1).update(weight, gradient, slots, 0.1, 1)
        for array in (weight, gradient, *slots.values()):
            np.testing.assert_array_equal(array, 1)


def test_options_and_optimizers_know_the_same_names():
    assert tuple(OPTIMIZERS) == NAMES


def test_options_reach_the_optimizer():
    made = make_optimizer(TrainOptions(optimizer="nesterov", momentum=0.5, weight_decay=0.01, clip=2.0))
    assert (made.name, made.momentum, made.weight_decay, made.clip) == ("nesterov", 0.5, 0.01, 2.0)
    assert isinstance(make_optimizer(TrainOptions(optimizer="adamw")), AdamW)


def test_settings_are_checked():
    with pytest.raises(SettingError, match="Momentum"):
        Momentum(momentum=1.5)


def test_clipping_follows_torch():
    torch = pytest.importorskip("torch")
    gradient = np.array([3.0, 4.0])
    tensor = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    tensor.grad = torch.tensor(gradient)
    torch.nn.utils.clip_grad_norm_([tensor], 1.0)
    np.testing.assert_allclose(gradient * clip_factor(5.0, 1.0), tensor.grad, rtol=1e-12)
    assert clip_factor(5.0, 0.0) == 1
    assert clip_factor(0.5, 1.0) == 1
