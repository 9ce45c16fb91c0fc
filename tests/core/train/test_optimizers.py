"""Optimizers against PyTorch's, over several steps, with and without weight decay."""

import numpy as np
import pytest

from core.errors import SettingError
from core.settings import settings_of
from core.train.optimizers import OPTIMIZERS, AdamW, Momentum, clip_factor, make_optimizer
from core.train.options import OPTIMIZERS as NAMES
from core.train.options import TrainOptions, why_idle

RATE = 0.05
STEPS = 30
SHAPES = {"weight": (3, 4), "bias": (3,), "kernel": (2, 3, 2, 2)}


def torch_optimizer(name, parameters, decay):
    torch = pytest.importorskip("torch")
    kinds = {"sgd": torch.optim.SGD, "momentum": lambda **o: torch.optim.SGD(momentum=0.9, **o),
             "nesterov": lambda **o: torch.optim.SGD(momentum=0.9, nesterov=True, **o),
             "adagrad": torch.optim.Adagrad, "rmsprop": torch.optim.RMSprop,
             "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    return kinds[name](params=parameters, lr=RATE, weight_decay=decay)


@pytest.mark.parametrize("clip", [0.0, 1.5])
@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("name", NAMES)
def test_thirty_steps_agree_with_torch(name, decay, clip):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    weights = {key: rng.standard_normal(shape) for key, shape in SHAPES.items()}
    tensors = {key: torch.tensor(array.copy(), requires_grad=True) for key, array in weights.items()}
    theirs = torch_optimizer(name, list(tensors.values()), decay)
    ours = make_optimizer(TrainOptions(optimizer=name, weight_decay=decay, clip=clip))
    slots = {key: {slot: np.zeros(shape) for slot in ours.slots} for key, shape in SHAPES.items()}
    clipped = 0
    for step in range(1, STEPS + 1):
        # Some gradients are longer than the limit, others shorter.
        gradients = {key: rng.standard_normal(shape) * rng.choice([0.05, 1.0]) for key, shape in SHAPES.items()}
        for key, tensor in tensors.items():
            tensor.grad = torch.tensor(gradients[key])
        if clip:
            torch.nn.utils.clip_grad_norm_(list(tensors.values()), clip)
        theirs.step()
        factor = clip_factor(float(np.sqrt(sum((each**2).sum() for each in gradients.values()))), ours.clip)
        clipped += factor < 1
        for key, weight in weights.items():
            weights[key], slots[key] = ours.update(weight, factor * gradients[key], slots[key], RATE, step)
            assert set(slots[key]) == set(ours.slots)
    assert 0 < clipped < STEPS if clip else not clipped
    for key, tensor in tensors.items():
        np.testing.assert_allclose(weights[key], tensor.detach(), rtol=1e-11, atol=1e-13)


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


@pytest.mark.parametrize(("options", "idle"), [
    ({"optimizer": "adam"}, {"momentum"}), ({"optimizer": "nesterov"}, set()), ({"mode": "batch"}, {"batch_size"}),
    ({"mode": "stochastic"}, {"batch_size"}), ({"validation": 0.0}, {"patience"}),
    ({"schedule": "plateau"}, {"schedule_every", "schedule_decay"}),
    ({"schedule": "exponential"}, {"schedule_every", "schedule_factor", "schedule_patience"})])
def test_settings_that_mean_nothing_say_why(options, idle):
    chosen = TrainOptions(**{"optimizer": "momentum", **options})
    schedules = {name for name in settings_of(TrainOptions) if name.startswith("schedule_")}
    wanted = idle if "schedule" in options else idle | schedules
    assert {name for name in settings_of(TrainOptions) if why_idle(chosen, name)} == wanted
