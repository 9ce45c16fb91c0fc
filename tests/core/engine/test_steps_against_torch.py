"""The engine's training steps against PyTorch's, every optimizer with and without weight decay and clipping."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.train.optimizers import make_optimizer
from core.train.options import OPTIMIZERS, TrainOptions
from tests.core.engine.agreement import chain, lively_weights, pictures

STEPS, RATE = 25, 0.01


def torch_model(torch, weights):
    """The network below with these weights."""
    layers = [torch.nn.Conv2d(1, 4, 3), torch.nn.Tanh(), torch.nn.AvgPool2d(2), torch.nn.Flatten(),
              torch.nn.Linear(36, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3)]
    model = torch.nn.Sequential(*layers)
    learned = [layer for layer in layers if hasattr(layer, "weight")]
    for layer, name in zip(learned, ("Conv2D0", "Dense4", "Dense6"), strict=True):
        layer.weight.data = torch.tensor(weights[f"{name}.weight"])
        layer.bias.data = torch.tensor(weights[f"{name}.bias"])
    return model, dict(zip(("Conv2D0", "Dense4", "Dense6"), learned, strict=True))


def torch_optimizer(torch, name, parameters, decay):
    kinds = {"sgd": torch.optim.SGD, "momentum": lambda p, **o: torch.optim.SGD(p, momentum=0.9, **o),
             "nesterov": lambda p, **o: torch.optim.SGD(p, momentum=0.9, nesterov=True, **o),
             "adagrad": torch.optim.Adagrad, "rmsprop": torch.optim.RMSprop, "adam": torch.optim.Adam,
             "adamw": torch.optim.AdamW}
    return kinds[name](parameters, lr=RATE, weight_decay=decay)


@pytest.mark.parametrize("clip", [0.0, 0.2])
@pytest.mark.parametrize("decay", [0.0, 0.05])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_many_steps_on_changing_batches_agree_with_torch(name, decay, clip):
    torch = pytest.importorskip("torch")
    network = chain((1, 8, 8), ("Conv2D", {"filters": 4}), "Tanh", "AveragePool2D", "Flatten", ("Dense", {"units": 8}),
                    "Tanh", ("Dense", {"units": 3}), "Softmax")
    weights, x = lively_weights(network), pictures(network, 40)
    target = np.random.default_rng(2).integers(0, 3, 40)
    model, learned = torch_model(torch, weights)
    theirs = torch_optimizer(torch, name, list(model.parameters()), decay)
    engine = Engine(network, weights, 10, threads=2)
    ours = make_optimizer(TrainOptions(optimizer=name, weight_decay=decay, clip=clip))
    clipped = 0
    for step in range(STEPS):
        batch = slice(10 * (step % 4), 10 * (step % 4) + 10)
        loss = torch.nn.functional.cross_entropy(model(torch.tensor(x[batch])), torch.tensor(target[batch]))
        theirs.zero_grad()
        loss.backward()
        if clip:
            clipped += float(torch.nn.utils.clip_grad_norm_(model.parameters(), clip)) > clip
        theirs.step()
        found = engine.train_step(x[batch], target[batch], RATE, ours)
        assert found.loss == pytest.approx(float(loss.detach()), rel=2e-4)
    made = engine.weights()
    engine.close()
    assert clipped > 0 or not clip
    for key, layer in learned.items():
        for part in ("weight", "bias"):
            np.testing.assert_allclose(made[f"{key}.{part}"], getattr(layer, part).detach(), rtol=2e-3, atol=5e-5)
