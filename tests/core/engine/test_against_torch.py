"""The engine against PyTorch: several steps of training, and inference."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.train.optimizers import OPTIMIZERS
from tests.core.engine.agreement import lenet, lively_weights, pictures

torch = pytest.importorskip("torch")

MAKERS = {
    "sgd": lambda weights: torch.optim.SGD(weights, 0.01),
    "momentum": lambda weights: torch.optim.SGD(weights, 0.01, momentum=0.9, weight_decay=1e-3),
    "nesterov": lambda weights: torch.optim.SGD(weights, 0.01, momentum=0.9, nesterov=True),
    "adam": lambda weights: torch.optim.Adam(weights, 0.01, weight_decay=1e-3),
    "adamw": lambda weights: torch.optim.AdamW(weights, 0.01, weight_decay=1e-3),
    "rmsprop": lambda weights: torch.optim.RMSprop(weights, 0.01),
    "adagrad": lambda weights: torch.optim.Adagrad(weights, 0.01),
}
DECAYING = ("momentum", "adam", "adamw")


def _torch_lenet(weights):
    nn = torch.nn
    model = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                          nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                          nn.Linear(84, 10))
    named = {name: dict(model.named_parameters())[f"{_number(name)}.{name.split('.')[1]}"] for name in weights}
    with torch.no_grad():
        for name, parameter in named.items():
            parameter.copy_(torch.tensor(weights[name]))
    return model, named


def _number(name):
    """Ours are numbered as PyTorch's: the n-th layer behind the input."""
    return "".join(letter for letter in name.split(".")[0].removeprefix("Conv2D") if letter.isdigit())


@pytest.mark.parametrize("name", list(MAKERS))
def test_five_steps_of_lenet(name):
    network = lenet()
    weights, x = lively_weights(network), pictures(network, 16) / 4
    target = np.arange(16) % 10
    model, named = _torch_lenet(weights)
    optimizer = MAKERS[name](model.parameters())
    ours = OPTIMIZERS[name](weight_decay=1e-3 if name in DECAYING else 0.0)
    engine = Engine(network, weights, 16, threads=2)
    for _ in range(5):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(torch.tensor(x)), torch.tensor(target))
        loss.backward()
        optimizer.step()
        result = engine.train_step(x, target, 0.01, ours)
        assert result.loss == pytest.approx(loss.item(), rel=2e-3 if name in ("rmsprop", "adagrad", "adam") else 1e-4)
    made = engine.weights()
    with torch.no_grad():
        probabilities = model(torch.tensor(x)).softmax(dim=1).numpy()
    np.testing.assert_allclose(engine.predict(x), probabilities, atol=5e-3)
    engine.close()
    # Adaptive steps divide by roots of tiny squares, which magnifies rounding where a gradient is almost zero.
    limit = 1e-5 if name in ("sgd", "momentum", "nesterov") else 5e-3
    for key, parameter in named.items():
        assert np.abs(made[key] - parameter.detach().numpy()).mean() < limit
