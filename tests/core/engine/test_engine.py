"""What callers hold on to: shapes, targets, outputs, weights, errors, warm-up."""

from dataclasses import replace

import numpy as np
import pytest

from core.engine.engine import Engine
from core.errors import DataError, NetworkError, TrainingError
from core.graph.model import Model
from core.graph.network import Edge
from core.kernels.jit import COMPILED
from tests.core.engine.agreement import chain, lenet, lively_weights, pictures, reference
from tests.core.networks import Drawing, every_layer, small_cnn, weights_of


@pytest.fixture
def network():
    return small_cnn()


@pytest.fixture
def engine(network):
    made = Engine(network, lively_weights(network), 8, threads=2)
    yield made
    made.close()


def test_weights_come_back_as_they_went_in_and_are_copies(network, engine):
    weights = lively_weights(network)
    first = engine.weights()
    assert not [name for name in weights if not np.array_equal(weights[name], first[name])]
    assert weights.keys() == first.keys()
    first["C1.weight"][:] = 0
    assert engine.weights()["C1.weight"].any()


def test_new_weights_count_at_once(network, engine):
    x, other = pictures(network, 3), lively_weights(network, seed=9)
    before = engine.predict(x)
    engine.set_weights({"C1.weight": other["C1.weight"]})
    mixed = {**lively_weights(network), "C1.weight": other["C1.weight"]}
    after = engine.predict(x)
    assert not np.array_equal(before, after)
    np.testing.assert_allclose(after, Model(network, mixed).outputs(x, ["Softmax"])["Softmax"], atol=1e-6)


def test_evaluation_sums_losses_and_counts(network, engine):
    x, target = pictures(network, 7), np.arange(7)
    loss, correct, outputs = engine.evaluate(x, target)
    wanted, _, _ = reference(network, lively_weights(network), x, target, "cross-entropy")
    assert loss == pytest.approx(7 * wanted, rel=1e-5)
    assert correct == (outputs.argmax(axis=1) == target).sum()
    np.testing.assert_allclose(outputs.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("loss", ["cross-entropy", "sum-of-squares", "mean-squares"])
def test_targets_as_numbers(network, loss):
    engine = Engine(network, lively_weights(network), 4, loss=loss, threads=1)
    x, target = pictures(network, 4), np.random.default_rng(0).random((4, 10)).astype(np.float32)
    value, gradients, _ = reference(network, lively_weights(network), x, target, loss)
    assert engine.find_gradients(x, target) == pytest.approx(value, rel=1e-5)
    made = engine.gradients()
    engine.close()
    for name, gradient in gradients.items():
        np.testing.assert_allclose(made[name], gradient, rtol=1e-3, atol=1e-6)


def test_outputs_of_joined_layers_can_be_seen_one_by_one(network, engine):
    x = pictures(network, 3)
    wanted = Model(network, lively_weights(network)).outputs(x)
    for count in (1, 3, 2):
        made = engine.outputs(x[:count], ["C1", "R1", "P1", "Flatten", "Softmax", "Input"])
        for name, array in made.items():
            np.testing.assert_allclose(array, wanted[name][:count], rtol=1e-5, atol=1e-5)


def test_outputs_follow_the_training(network, engine):
    from core.train.optimizers import Momentum

    x = pictures(network, 4)
    before = engine.outputs(x, ["C1"])["C1"]
    engine.train_step(x, np.arange(4), 0.5, Momentum())
    after = engine.outputs(x, ["C1"])["C1"]
    assert not np.array_equal(before, after)
    np.testing.assert_allclose(after, Model(network, engine.weights()).outputs(x, ["C1"])["C1"], atol=1e-4)


def test_outputs_in_training_mode_use_the_batch():
    network = every_layer()
    engine = Engine(network, lively_weights(network), 5, threads=1)
    x = pictures(network, 5)
    training, inference = (engine.outputs(x, ["B1", "Drop"], training=mode) for mode in (True, False))
    engine.close()
    bias = lively_weights(network)["B1.bias"]
    np.testing.assert_allclose(training["B1"].mean(axis=(0, 2, 3)), bias, atol=1e-5)
    assert np.abs(inference["B1"].mean(axis=(0, 2, 3)) - bias).max() > 1e-3
    assert (training["Drop"] == 0).any()


def test_an_engine_that_only_runs_needs_less(network):
    weights = lively_weights(network)
    trains, runs = Engine(network, weights, 32, threads=1), Engine(network, weights, 32, threads=1, training=False)
    x = pictures(network, 9)
    assert np.array_equal(trains.predict(x), runs.predict(x))
    assert runs.scratch_bytes < trains.scratch_bytes
    runs.warm_up()
    trains.close()
    runs.close()


def test_the_memory_of_training_is_known_before(network, engine):
    from core.train.optimizers import Adam

    expected = engine.training_bytes("adam")
    assert engine.training_bytes("sgd") == engine.scratch_bytes < expected
    engine.train_step(pictures(network, 8), np.arange(8), 0.01, Adam())
    assert engine.scratch_bytes == pytest.approx(expected, rel=0.01)


def test_a_batch_that_no_memory_holds_is_refused(network):
    with pytest.raises(TrainingError, match="smaller batch"):
        Engine(network, weights_of(network), 10**13, threads=1)


def test_warming_up_tells_how_far_it_is_and_changes_nothing(network, engine):
    before, told = engine.weights(), []
    engine.warm_up(lambda *report: told.append(report))
    assert [done for done, _, _ in told] == list(range(len(told)))
    assert told[-1][0] == told[-1][1] == len(told) - 1
    assert all(text for _, _, text in told)
    after = engine.weights()
    assert not [name for name in before if not np.array_equal(before[name], after[name])]
    assert engine.steps == 0


def test_choices_say_why(network, engine):
    choices = engine.choices()
    assert choices["C1"].startswith("convolution: " if COMPILED else "definition: ")
    assert all(": " in text for text in choices.values())


@pytest.mark.parametrize("shape", [(3, 1, 8, 7), (9, 1, 8, 8), (0, 1, 8, 8), (3, 64)])
def test_pictures_that_do_not_fit_are_refused(engine, shape):
    with pytest.raises(DataError, match="1 to 8 of \\[1, 8, 8\\]"):
        engine.predict(np.zeros(shape, np.float32))


@pytest.mark.parametrize("target", [np.array([0, 10]), np.array([-1, 0]), np.array([0, 1, 2]), np.zeros((2, 9)),
                                    np.zeros(2)], ids=str)
def test_targets_that_do_not_fit_are_refused(network, engine, target):
    with pytest.raises(DataError):
        engine.evaluate(pictures(network, 2), target)


def test_weights_that_do_not_fit_are_refused(network):
    weights = weights_of(network)
    with pytest.raises(NetworkError, match=r"C1\.bias"):
        Engine(network, {name: array for name, array in weights.items() if name != "C1.bias"}, 2)
    with pytest.raises(NetworkError, match=r"F1\.weight"):
        Engine(network, {**weights, "F1.weight": weights["F1.weight"].T}, 2)


def test_networks_that_cannot_run_are_refused():
    with pytest.raises(NetworkError, match="Flatten"):
        Engine(chain((1, 4, 4), "Dense"), {}, 2)
    two = Drawing().add("Input", "I", shape=(4,)).network
    two = two.add(replace(two.new_node("Input", shape=(4,)), name="J"))
    two = two.add(two.new_node("Add")).connect(Edge("n1", "n3")).connect(Edge("n2", "n3", 1))
    with pytest.raises(NetworkError, match="exactly one Input, but there are 2"):
        Engine(two, weights_of(two), 2)


def test_an_unknown_loss_is_named(network):
    with pytest.raises(TrainingError, match="hinge"):
        Engine(network, weights_of(network), 2, loss="hinge")


def test_bypassed_layers_have_no_weights_here(network):
    bypassed = network.change(network.by_name("C1").id, bypassed=True)
    engine = Engine(bypassed, {**weights_of(bypassed), "C1.weight": np.zeros(1)}, 2, threads=1)
    assert {name.split(".")[0] for name in engine.weights()} == {"F1"}
    engine.close()


def test_lenet_learns_stripes():
    from core.train.optimizers import Adam

    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, 256)
    stripes = np.where(np.arange(28) % 4 < 2, 1.0, 0.0)
    x = np.where(target[:, None, None], stripes[None, :, None], stripes[None, None, :])
    x = (x + rng.normal(0, 0.5, (256, 28, 28)))[:, None].astype(np.float32)
    network = lenet()
    engine = Engine(network, weights_of(network), 64)
    for start in (0, 64, 128) * 5:
        engine.train_step(x[start:start + 64], target[start:start + 64], 0.002, Adam())
    assert engine.evaluate(x[192:], target[192:])[1] == 64
    engine.close()


def test_pictures_that_cannot_be_written_to_or_lie_apart_give_the_same():
    network = chain((2, 6, 6), ("Conv2D", {"filters": 3, "kernel": (3, 3)}), "Flatten", ("Dense", {"units": 2}))
    engine = Engine(network, lively_weights(network), 4, threads=2)
    x = np.random.default_rng(5).normal(size=(4, 2, 6, 6)).astype(np.float32)
    wanted, fixed = engine.predict(x), x.copy()
    fixed.flags.writeable = False
    np.testing.assert_array_equal(engine.predict(fixed), wanted)
    np.testing.assert_array_equal(engine.predict(x.astype(float)), wanted)
    np.testing.assert_array_equal(engine.predict(np.asfortranarray(x)), wanted)
    engine.close()
