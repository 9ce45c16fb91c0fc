"""Several outputs in the engine: the weighted sum of their losses, and nothing computed that nobody asks for."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.engine.flow import make_flow
from core.errors import DataError
from core.graph.model import Model
from core.graph.output import LOSSES, Output
from core.inspect.gradients import run_gradients
from core.layers.base import Pass
from core.train.optimizers import OPTIMIZERS
from tests.core.engine.agreement import lively_weights, pictures
from tests.core.networks import Drawing, small_cnn, two_heads

TARGET = np.arange(12) % 10
ADAM = OPTIMIZERS["adam"]()


def _shared_scores():
    """Two outputs on the same scores, one of them a bypassed layer behind the Softmax that another layer reads."""
    drawing = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Flatten", "Flat").add("Dense", "Dense", units=10)
    drawing.add("Softmax", "Soft").add("Tanh", "Idle", bypassed=True).add("Sigmoid", "Sig", "Dense")
    return drawing.add("Dense", "More", "Soft", units=10).add("Tanh", "Line", "Dense").network


NETWORKS = {
    "heads": two_heads(), "undecided": two_heads(weight=None), "squares": two_heads(weight=0.7, loss="mean-squares"),
    "no weight": two_heads(weight=0.0), "shared": _shared_scores(),
}


def _engine(network, **options):
    return Engine(network, lively_weights(network), 16, **options)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", NETWORKS)
def test_loss_and_gradients_agree_with_the_definitions(name, loss):
    network = NETWORKS[name]
    weights, x = lively_weights(network), pictures(network, 12)
    value, _, expected = run_gradients(network, weights, x.astype(np.float64), TARGET, loss)
    engine = _engine(network, loss=loss, threads=2)
    assert engine.find_gradients(x, TARGET, noise=False) == pytest.approx(value, rel=1e-5)
    found = engine.gradients()
    engine.close()
    assert found.keys() == expected.keys()
    largest = max(np.abs(array).max() for array in expected.values())
    for key, array in expected.items():
        np.testing.assert_allclose(found[key], array, atol=2e-5 * largest, err_msg=key)


@pytest.mark.parametrize("name", ["heads", "no weight", "shared"])
def test_any_number_of_threads_gives_the_same_bits(name):
    network = NETWORKS[name]
    made = []
    for threads in (1, 2, 3):
        engine = _engine(network, threads=threads)
        losses = [engine.train_step(pictures(network, 12, step), TARGET, 0.01, ADAM).loss for step in range(3)]
        made.append((losses, engine.weights()))
        engine.close()
    for losses, weights in made[1:]:
        assert losses == made[0][0]
        assert all(np.array_equal(array, weights[key]) for key, array in made[0][1].items())


def test_an_output_without_weight_learns_nothing_and_costs_the_others_nothing():
    network = two_heads(weight=0.0)
    alone = network.remove(*(network.names[name] for name in ("AuxFlat", "AuxDense", "Aux")))
    weights, x = lively_weights(network), pictures(network, 12)
    engine, smaller = (Engine(each, weights, 16, threads=1) for each in (network, alone))
    decay = OPTIMIZERS["adamw"](weight_decay=0.1)
    for _ in range(3):
        assert engine.train_step(x, TARGET, 0.01, decay).loss == smaller.train_step(x, TARGET, 0.01, decay).loss
    made, expected = engine.weights(), smaller.weights()
    assert all(np.array_equal(made[key], array) for key, array in expected.items())
    assert np.array_equal(made["AuxDense.weight"], weights["AuxDense.weight"])
    engine.close()
    smaller.close()


def test_a_broken_output_without_weight_does_not_stop_a_training():
    network = two_heads(weight=0.0)
    engine = _engine(network)
    engine.set_weights({"AuxDense.bias": np.full(10, np.nan, np.float32)})
    assert engine.train_step(pictures(network, 12), TARGET, 0.01, ADAM).finite
    engine.close()


def test_the_output_that_breaks_is_named():
    network = two_heads()
    engine = _engine(network)
    engine.set_weights({"AuxDense.bias": np.full(10, np.inf, np.float32)})
    result = engine.train_step(pictures(network, 12), TARGET, 0.01, ADAM)
    assert (result.finite, result.bad_layer) == (False, "AuxDense")
    engine.close()


def test_answers_and_measures_are_those_of_the_main_output():
    network = two_heads()
    engine, x = _engine(network), pictures(network, 12)
    outputs = Model(network, engine.weights()).outputs(x.astype(np.float64), ["Main", "Aux"])
    chosen = -np.log(outputs["Main"][np.arange(12), TARGET]), -np.log(outputs["Aux"][np.arange(12), TARGET])
    loss, correct, made = engine.evaluate(x, TARGET)
    np.testing.assert_allclose(made, outputs["Main"], atol=1e-5)
    np.testing.assert_allclose(engine.predict(x), outputs["Main"], atol=1e-5)
    assert loss == pytest.approx(chosen[0].sum(), rel=1e-5)
    assert correct == (outputs["Main"].argmax(axis=1) == TARGET).sum()
    whole, same, _ = engine.evaluate(x, TARGET, whole=True)
    assert whole == pytest.approx(chosen[0].sum() + 0.3 * chosen[1].sum(), rel=1e-5)
    assert same == correct
    engine.close()


def _computed(engine, tensors, work):
    """Names of those tensors that `work` writes."""
    for tensor in tensors.values():
        tensor.values[:] = np.nan
    work()
    return {name for name, tensor in tensors.items() if not np.isnan(tensor.rows(1)).any()}


def test_auxiliary_outputs_are_computed_only_where_they_are_asked_for():
    network = two_heads()
    engine, x = _engine(network), pictures(network, 3)
    plan = engine._plan
    heads = {name: plan.tensors[network.names[name]] for name in ("AuxDense", "Dense")}
    assert _computed(engine, heads, lambda: engine.predict(x)) == {"Dense"}
    assert _computed(engine, heads, lambda: engine.evaluate(x, TARGET[:3])) == {"Dense"}
    assert _computed(engine, heads, lambda: engine.evaluate(x, TARGET[:3], whole=True)) == {"Dense", "AuxDense"}
    engine.outputs(x, ["Aux", "Main"])
    seen = {name: engine._viewer._runner.plan.tensors[network.names[name]] for name in ("Aux", "Main", "C2")}
    assert _computed(engine, seen, lambda: engine.outputs(x, ["Aux"])) == {"Aux"}
    assert _computed(engine, seen, lambda: engine.outputs(x, ["Main"])) == {"C2", "Main"}
    engine.close()


def test_every_output_can_be_looked_at_in_both_modes():
    network = two_heads(weight=0.0)
    engine, x = _engine(network), pictures(network, 5)
    model = Model(network, engine.weights())
    for training in (False, True):
        expected = model.outputs(x, ["Aux", "Main"], Pass(training=training, noise=False))
        made = engine.outputs(x, ["Aux", "Main"], training)
        for name, array in expected.items():
            np.testing.assert_allclose(made[name], array, atol=1e-5)
    engine.close()


def test_only_outputs_that_count_are_ends_of_the_flow():
    for weight, names in ((0.3, ["Main", "Aux"]), (0.0, ["Main"])):
        flow = make_flow(two_heads(weight=weight), join_softmax=True)
        assert [end.goal.name for end in flow.ends] == names
        assert all(end.softmax for end in flow.ends)
    flow = make_flow(two_heads(loss="sum-of-squares"), join_softmax=True)
    assert [end.softmax for end in flow.ends] == [True, False]


def test_labels_and_targets_must_fit_every_output():
    network = two_heads(classes=10, units=8)
    engine, x = _engine(network), pictures(network, 12)
    with pytest.raises(DataError, match="labels run from 0 to 9, but Aux has only 8 outputs"):
        engine.train_step(x, TARGET, 0.01, ADAM)
    with pytest.raises(DataError, match="the 8 outputs of Aux"):
        engine.train_step(x, np.eye(10, dtype=np.float32)[TARGET], 0.01, ADAM)
    engine.close()


def test_one_output_may_have_a_weight_too():
    network = small_cnn()
    doubled = network.decide(network.names["Softmax"], Output("main", 2.0))
    x, gradients, losses = pictures(network, 12), [], []
    for each in (network, doubled):
        engine = _engine(each)
        losses.append(engine.find_gradients(x, TARGET))
        gradients.append(engine.gradients()["C1.weight"])
        engine.close()
    assert losses[1] == 2 * losses[0]
    np.testing.assert_allclose(gradients[1], 2 * gradients[0], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("size", [1e4, -1e4])
@pytest.mark.parametrize("loss", LOSSES)
def test_huge_scores_stay_finite_in_single_precision(loss, size):
    network = Drawing().add("Input", "Input", shape=(4,)).add("Dense", "Dense", units=4, bias=False)
    network = network.add("Softmax", "Softmax").network
    engine = Engine(network, {"Dense.weight": np.eye(4, dtype=np.float32)}, 4, loss=loss)
    x = np.array([[size, 0, 0, 0], [size, -size, 0, 0], [size, size, -size, -size]], np.float32)
    value = engine.find_gradients(x, np.array([0, 1, 2]))
    expected, _, arrays = run_gradients(network, engine.weights(), x.astype(np.float64), np.array([0, 1, 2]), loss)
    assert np.isfinite(value)
    assert value == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(engine.gradients()["Dense.weight"], arrays["Dense.weight"], rtol=1e-5, atol=1e-3)
    engine.close()
