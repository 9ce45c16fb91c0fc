"""Steps: the optimizers against their definitions, clipping, frozen layers, and what happens when numbers break."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.errors import TrainingError
from core.train.optimizers import OPTIMIZERS, clip_factor
from tests.core.engine.agreement import chain, lively_weights, pictures, reference, residual

SETTINGS = [{}, {"weight_decay": 0.05}, {"clip": 0.1}]


def _network():
    # A bias before batch normalisation has no gradient but rounding, which adaptive steps would magnify.
    return chain((1, 8, 8), ("Conv2D", {"filters": 4, "bias": False}), "BatchNorm", "ReLU", "MaxPool2D", "Flatten",
                 ("Dense", {"units": 3}), "Softmax")


def _by_definition(network, weights, x, target, optimizer, rate, steps):
    """Weights after some steps, all in double precision."""
    weights = {name: array.astype(float) for name, array in weights.items()}
    slots = {name: {slot: np.zeros_like(array) for slot in optimizer.slots} for name, array in weights.items()}
    for step in range(1, steps + 1):
        _, gradients, statistics = reference(network, weights, x, target, "cross-entropy")
        length = float(np.sqrt(sum((each**2).sum() for each in gradients.values())))
        for name, gradient in gradients.items():
            scaled = gradient * clip_factor(length, optimizer.clip)
            weights[name], slots[name] = optimizer.update(weights[name], scaled, slots[name], rate, step)
        weights.update(statistics)
    return weights, slots


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_several_steps_agree_with_the_definition(name, settings):
    network, optimizer = _network(), OPTIMIZERS[name](**settings)
    weights, x, target = lively_weights(network), pictures(network, 6), np.array([0, 1, 2, 0, 1, 2])
    wanted, slots = _by_definition(network, weights, x, target, optimizer, 0.003, 4)
    engine = Engine(network, weights, 8, threads=2)
    results = [engine.train_step(x, target, 0.003, optimizer) for _ in range(4)]
    made, state = engine.weights(), engine.state()
    engine.close()
    assert results[-1].loss < results[0].loss
    assert engine.steps == 4 == state["steps"][0]
    for key, array in wanted.items():
        np.testing.assert_allclose(made[key], array, rtol=1e-4, atol=2e-5)
    for key, own in slots.items():
        for slot, array in own.items():
            if not key.split(".")[1].startswith("running"):
                scale = float(np.abs(array).max())
                np.testing.assert_allclose(state[f"{key}.{slot}"], array, rtol=1e-3, atol=1e-3 * scale)


def test_a_state_put_back_goes_on_to_the_last_bit():
    network, optimizer = residual(), OPTIMIZERS["adam"]()
    x, target = pictures(network, 6), np.arange(6) % 4
    straight, first = (Engine(network, lively_weights(network), 6, threads=2) for _ in range(2))
    for _ in range(2):
        first.train_step(x, target, 0.01, optimizer)
    second = Engine(network, first.weights(), 6, threads=1)
    second.set_state(first.state())
    for _ in range(2):
        second.train_step(x, target, 0.01, optimizer)
    for _ in range(4):
        straight.train_step(x, target, 0.01, optimizer)
    one, other = straight.weights(), second.weights()
    assert not [name for name in one if not np.array_equal(one[name], other[name])]
    for engine in (straight, first, second):
        engine.close()


def test_frozen_layers_stay_as_they_are():
    network = chain((1, 6, 6), ("Conv2D", {"filters": 4}), ("BatchNorm", {"frozen": True}), "ReLU",
                    ("Conv2D", {"filters": 4, "frozen": True}), "Flatten", ("Dense", {"units": 3}))
    weights = lively_weights(network)
    engine = Engine(network, weights, 4, threads=1)
    engine.train_step(pictures(network, 4), np.zeros(4, np.int64), 0.1, OPTIMIZERS["adamw"](weight_decay=0.1))
    after = engine.weights()
    changed = {name.split(".")[0] for name in after if not np.array_equal(after[name], weights[name])}
    engine.close()
    assert changed == {"Conv2D0", "Dense5"}


@pytest.mark.parametrize("layers", [
    [("Dense", {"units": 3, "frozen": True})], ["Softmax"],
    [("BatchNorm", {"frozen": True}), "ReLU", ("Dense", {"units": 3, "frozen": True})],
    [("Dense", {"units": 4, "frozen": True}), "Tanh", ("Dropout", {"rate": 0.5}), ("Dense", {"units": 3})]], ids=str)
def test_nothing_or_only_the_end_may_learn(layers):
    network = chain((3,), *layers)
    engine = Engine(network, lively_weights(network), 4, threads=1)
    result = engine.train_step(pictures(network, 4), np.array([0, 1, 2, 0]), 0.1, OPTIMIZERS["momentum"]())
    assert result.finite
    before, after = lively_weights(network), engine.weights()
    changed = {name.split(".")[0] for name in before if not np.array_equal(before[name], after[name])}
    assert changed == {node.name for node in network.nodes.values() if node.type == "Dense" and not node.layer.frozen}
    engine.close()


@pytest.mark.parametrize(("broken", "layer"), [("picture", "Input"), ("Conv2D0.weight", "Conv2D0"),
                                               ("BatchNorm1.bias", "BatchNorm1"), ("Dense5.weight", "Dense5")])
def test_a_number_that_breaks_stops_the_step_before_the_update(broken, layer):
    network = _network()
    weights, x = lively_weights(network), pictures(network, 4)
    if broken == "picture":
        x[2, 0, 1, 1] = np.nan
    else:
        weights[broken].reshape(-1)[1] = np.inf
    engine = Engine(network, weights, 4, threads=1)
    result = engine.train_step(x, np.zeros(4, np.int64), 0.1, OPTIMIZERS["adam"]())
    after = engine.weights()
    engine.close()
    assert (result.finite, result.bad_layer) == (False, layer)
    assert engine.steps == 0
    assert not [name for name in weights if not np.array_equal(weights[name], after[name], equal_nan=True)]


def test_a_gradient_that_breaks_is_found_where_it_broke():
    network = chain((4,), ("Dense", {"units": 4, "bias": False}), ("Dense", {"units": 4, "bias": False}))
    weights = {name: np.eye(4, dtype=np.float32) for name in ("Dense0.weight", "Dense1.weight")}
    weights["Dense1.weight"] *= np.float32(1e30)
    x = np.full((2, 4), 1e5, np.float32)
    engine = Engine(network, weights, 2, loss="sum-of-squares", threads=1)
    # Outputs near 1e35 are finite, their differences too; times 1e30 on the way back they are not.
    result = engine.train_step(x, np.zeros((2, 4), np.float32), 0.1, OPTIMIZERS["sgd"]())
    engine.close()
    assert (result.finite, result.bad_layer) == (False, "Dense1")


def test_a_huge_rate_ends_in_a_named_layer_with_the_last_weights_whole():
    network = _network()
    engine = Engine(network, lively_weights(network), 6, threads=2)
    x, target = pictures(network, 6), np.arange(6) % 3
    for _ in range(50):
        result = engine.train_step(x, target, 1e30, OPTIMIZERS["momentum"]())
        if not result.finite:
            break
    assert not result.finite
    assert result.bad_layer in network.names
    engine.close()


def test_an_unknown_optimizer_is_named():
    network = _network()
    engine = Engine(network, lively_weights(network), 2, threads=1)

    class Magic:
        name = "magic"

    with pytest.raises(TrainingError, match="magic"):
        engine.train_step(pictures(network, 2), np.zeros(2, np.int64), 0.1, Magic())
    engine.close()
