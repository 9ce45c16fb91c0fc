"""The engine on networks with blocks: the same numbers as without, under the names of the layers inside."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.graph.blocks import group
from core.graph.initial import initial_weights
from core.graph.model import Model
from core.graph.shapes import infer
from core.inspect.activations import feature_maps
from core.inspect.gradients import run_gradients, verify
from core.inspect.predict import predict
from core.inspect.weights import filters
from core.project import Project
from core.train.optimizers import make_optimizer
from core.train.options import TrainOptions
from tests.core.engine.agreement import residual
from tests.core.networks import small_cnn

X = np.random.default_rng(1).random((6, 1, 8, 8)).astype(np.float32)
TARGET = np.arange(6) % 10


@pytest.fixture
def both():
    """A network as it is, and with blocks in blocks; the same weights."""
    plain = Project(small_cnn())
    plain = Project(plain.network, initial_weights(infer(plain.network), 0))
    project = plain
    for names, name in ((("C1", "R1"), "Stem"), (("Stem", "P1"), "Front"), (("F1", "Softmax"), "Head")):
        made = group(project.network, [project.network.names[each] for each in names], name)
        project = project.with_network(made.network, made.moved)
    return plain, project


def trained(project):
    engine = Engine(project.network, project.weights, len(X), threads=1)
    try:
        result = engine.train_step(X, TARGET, 0.01, make_optimizer(TrainOptions(optimizer="momentum")))
        return result.loss, engine.weights(), engine.state()
    finally:
        engine.close()


def test_training_is_the_same(both):
    (loss, weights, state), (same, named, slots) = map(trained, both)
    assert loss == same
    assert np.array_equal(weights["C1.weight"], named["Front/Stem/C1.weight"])
    assert np.array_equal(weights["F1.bias"], named["Head/F1.bias"])
    [slot] = [name for name in state if name.startswith("F1.weight.")]
    assert np.array_equal(state[slot], slots[f"Head/{slot}"])


def test_a_frozen_block_does_not_learn(both):
    _, project = both
    frozen = Project(project.network.change(project.network.names["Front"], frozen=True), project.weights)
    _, weights, _ = trained(frozen)
    assert np.array_equal(weights["Front/Stem/C1.weight"], project.weights["Front/Stem/C1.weight"])
    assert not np.array_equal(weights["Head/F1.weight"], project.weights["Head/F1.weight"])


def test_what_is_looked_at_is_the_same(both):
    plain, project = both
    assert np.array_equal(predict(plain.network, plain.weights, X), predict(project.network, project.weights, X))
    seen = feature_maps(project.network, project.weights, "Front/Stem/R1", X[0])
    assert np.array_equal(seen.maps, feature_maps(plain.network, plain.weights, "R1", X[0]).maps)
    shown = filters(project.network, project.weights, "Head/F1")
    assert np.array_equal(shown, filters(plain.network, plain.weights, "F1"))


def test_definitions_and_gradients_are_the_same(both):
    plain, project = both
    outputs = Model(project.network, project.weights).outputs(X)
    assert np.array_equal(outputs["Head/Softmax"], Model(plain.network, plain.weights).outputs(X)["Softmax"])
    loss, of_input, arrays = run_gradients(plain.network, plain.weights, X, TARGET)
    same, of_same, named = run_gradients(project.network, project.weights, X, TARGET)
    assert (loss, arrays["C1.weight"].tolist()) == (same, named["Front/Stem/C1.weight"].tolist())
    assert np.array_equal(of_input, of_same)
    checks = verify(project.network, project.weights)
    assert next(check.layer for check in checks) == "Input"
    assert max(check.relative_error for check in checks) < 1e-6


def test_a_shortcut_in_a_block():
    network = residual()
    inside = [key for key in network.order if network.nodes[key].type in ("Conv2D", "Add", "BatchNorm", "ReLU")]
    add = next(key for key in inside if network.nodes[key].type == "Add")
    made = group(network, [key for key in inside if key in _around(network, add)], "Residual")
    plain = Project(network, initial_weights(infer(network), 0))
    project = plain.with_network(made.network, made.moved)
    shape = infer(network).shapes[network.order[0]]
    x = np.random.default_rng(0).random((4, *shape)).astype(np.float32)
    assert np.array_equal(predict(network, plain.weights, x), predict(project.network, project.weights, x))


def _around(network, add):
    """The sum and what leads to it from the nearest layer that feeds several."""
    found, waiting = {add}, list(network.inputs_of(add).values())
    while waiting:
        key = waiting.pop()
        if len(network.outgoing[key]) == 1 and network.nodes[key].type != "Input":
            found.add(key)
            waiting.extend(network.inputs_of(key).values())
    return found
