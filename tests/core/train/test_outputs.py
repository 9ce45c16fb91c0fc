"""Training with several outputs: exact gradients, PyTorch's numbers, real digits, and what is said about it."""

from dataclasses import replace

import numpy as np
import pytest

from core.data.pictures import fit_dataset
from core.engine.engine import Engine
from core.errors import DataError, NetworkError
from core.graph.network import Edge
from core.graph.output import Output
from core.graph.shapes import infer
from core.inspect.activations import look
from core.inspect.gradients import LIMIT, run_gradients, verify, worst
from core.inspect.mistakes import measure
from core.inspect.predict import predict
from core.train.events import EpochDone, Finished, Started
from core.train.job import LOGITS_NOTE, checked_outputs
from core.train.losses import cross_entropy
from core.train.optimizers import OPTIMIZERS
from core.train.progress import network_mark
from tests.core.engine.agreement import lively_weights, pictures
from tests.core.networks import Drawing, small_cnn, two_heads, weights_of
from tests.core.train.plans import DIGITS, OPTIONS, Plan, few, same, train

TARGET = np.arange(6) % 4


@pytest.mark.parametrize(("loss", "own"), [("cross-entropy", "same"), ("sum-of-squares", "cross-entropy"),
                                           ("cross-entropy", "mean-squares")])
def test_gradients_of_two_outputs_agree_with_finite_differences(loss, own):
    network = two_heads(4, loss=own)
    checks = verify(network, lively_weights(network), loss=loss)
    assert worst(checks) < LIMIT
    assert {check.layer for check in checks} == {"Input", "C1", "AuxDense", "C2", "B2", "Dense"}
    assert all(check.checked for check in checks)


def test_outputs_of_different_sizes_can_be_verified():
    network = two_heads(4, units=7)
    assert worst(verify(network, weights_of(network))) < LIMIT


def test_what_does_not_count_has_the_gradient_zero():
    network = two_heads(4, weight=0.0)
    _, _, found = run_gradients(network, weights_of(network), pictures(network, 6), TARGET)
    assert not found["AuxDense.weight"].any()
    assert found["Dense.weight"].any()
    assert found.keys() == run_gradients(two_heads(4), weights_of(network), pictures(network, 6), TARGET)[2].keys()


def _torch_two_heads(torch, weights):
    """Loss and named parameters of the same network in PyTorch."""
    parameters = {name: torch.tensor(np.asarray(array, np.float64), requires_grad=not name.startswith("B2.running"))
                  for name, array in weights.items()}
    functional = torch.nn.functional

    def loss(x, target):
        trunk = functional.conv2d(x, parameters["C1.weight"], parameters["C1.bias"]).relu()
        auxiliary = functional.linear(trunk.flatten(1), parameters["AuxDense.weight"], parameters["AuxDense.bias"])
        deep = functional.conv2d(trunk, parameters["C2.weight"], parameters["C2.bias"])
        deep = functional.batch_norm(deep, None, None, parameters["B2.weight"], parameters["B2.bias"], training=True)
        deep = functional.max_pool2d(deep.relu(), 2).flatten(1)
        main = functional.linear(deep, parameters["Dense.weight"], parameters["Dense.bias"])
        return functional.cross_entropy(main, target) + 0.3 * functional.cross_entropy(auxiliary, target)

    return loss, parameters


def test_total_loss_and_gradients_agree_with_torch():
    torch = pytest.importorskip("torch")
    network = two_heads(4)
    weights, x = lively_weights(network), pictures(network, 6)
    loss, parameters = _torch_two_heads(torch, weights)
    expected = loss(torch.tensor(x.astype(np.float64)), torch.tensor(TARGET))
    expected.backward()
    value, _, found = run_gradients(network, weights, x.astype(np.float64), TARGET)
    assert value == pytest.approx(expected.item(), rel=1e-12)
    engine = Engine(network, weights, 8)
    assert engine.find_gradients(x, TARGET) == pytest.approx(expected.item(), rel=1e-5)
    fast = engine.gradients()
    engine.close()
    for name, parameter in parameters.items():
        if parameter.grad is not None:
            np.testing.assert_allclose(found[name], parameter.grad, rtol=1e-8, atol=1e-12, err_msg=name)
            np.testing.assert_allclose(fast[name], parameter.grad, rtol=1e-3, atol=1e-5, err_msg=name)


def test_three_steps_of_momentum_agree_with_torch():
    torch = pytest.importorskip("torch")
    network = two_heads(4)
    weights, x = lively_weights(network), pictures(network, 6)
    loss, parameters = _torch_two_heads(torch, weights)
    theirs = torch.optim.SGD([each for each in parameters.values() if each.requires_grad], 0.05, momentum=0.9)
    engine, ours = Engine(network, weights, 8), OPTIMIZERS["momentum"]()
    for _ in range(3):
        theirs.zero_grad()
        expected = loss(torch.tensor(x.astype(np.float64)), torch.tensor(TARGET))
        expected.backward()
        theirs.step()
        assert engine.train_step(x, TARGET, 0.05, ours).loss == pytest.approx(expected.item(), rel=1e-4)
    made = engine.weights()
    engine.close()
    for name, parameter in parameters.items():
        if parameter.requires_grad:
            np.testing.assert_allclose(made[name], parameter.detach(), rtol=1e-3, atol=1e-4, err_msg=name)


def test_two_heads_learn_the_digits():
    plan = Plan(two_heads(), replace(OPTIONS, epochs=8))
    events = train(plan, threads=2)
    started, finished = (next(event for event in events if isinstance(event, kind)) for kind in (Started, Finished))
    assert "The loss is 1 · Main + 0.3 · Aux; accuracy and test are those of Main." in started.notes
    assert finished.test_accuracy > 0.93
    found = measure(plan.network, finished.weights, DIGITS)
    assert found.accuracy == finished.test_accuracy
    assert found.loss == pytest.approx(finished.test_loss, rel=1e-9)
    auxiliary = plan.network.decide(plan.network.names["Aux"], Output("main"))
    assert measure(auxiliary, finished.weights, DIGITS).accuracy > 0.8


def test_curves_show_the_total_loss_and_the_test_that_of_the_main_output():
    heavy = two_heads(weight=100.0)
    events = train(Plan(heavy, replace(OPTIONS, epochs=1)))
    done, finished = (next(event for event in events if isinstance(event, kind)) for kind in (EpochDone, Finished))
    assert done.train_loss > 20
    assert done.validation_loss > 20
    assert finished.test_loss < 20


def test_trainings_repeat_to_the_last_bit_on_any_number_of_threads():
    plan = Plan(two_heads(), replace(OPTIONS, epochs=1))
    first, second, third = (train(plan, dataset=few(200), threads=threads)[-1] for threads in (1, 2, 3))
    assert same(first, second)
    assert same(first, third)


def _refused(network, kind):
    with pytest.raises(kind) as caught:
        train(Plan(network))
    return caught.value.message


def test_outputs_that_do_not_fit_are_refused_in_words():
    assert _refused(two_heads(units=12), DataError) == (
        "The auxiliary output Aux puts out 12 numbers but the data has 10 classes: set AuxDense's units to 10, give it "
        "the loss weight 0, or delete it.")
    maps = two_heads()
    loose = maps.remove(*(maps.names[name] for name in ("AuxFlat", "AuxDense", "Aux")))
    loose = loose.add(loose.new_node("Tanh")).connect(Edge(loose.names["R1"], loose.fresh_id()))
    assert "The auxiliary output Tanh puts out 4×6×6" in _refused(loose, DataError)
    zero = two_heads(weight=0).decide(two_heads().names["Main"], Output("main", 0))
    assert "every output has the loss weight 0. Give Main the weight 1." in _refused(zero, NetworkError)


def test_an_output_that_does_not_count_need_not_fit():
    events = train(Plan(two_heads(units=12, weight=0), replace(OPTIONS, epochs=1)), dataset=few(100))
    assert isinstance(events[-1], Finished)


def test_in_use_only_the_main_output_has_to_fit():
    checked_outputs(infer(two_heads(units=12)), 10)


def test_each_output_without_softmax_is_taken_as_scores_and_that_is_said():
    network = two_heads()
    bare = network.remove(network.names["Aux"], network.names["Main"])
    notes = next(event for event in train(Plan(bare, replace(OPTIONS, epochs=1))) if isinstance(event, Started)).notes
    assert LOGITS_NOTE in notes
    assert "There is no Softmax at the end of AuxDense, so its outputs are taken as scores (logits)." in notes


@pytest.mark.parametrize("kind", ["Sigmoid", "Tanh", "Dense"])
@pytest.mark.parametrize("loss", ["sum-of-squares", "mean-squares", "cross-entropy"])
def test_every_loss_teaches_every_kind_of_output(kind, loss):
    drawing = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Flatten", "Flat").add("Dense", "Hidden", units=32)
    drawing.add("ReLU", "R1").add("Dense", "Last", units=10)
    network = drawing.network if kind == "Dense" else drawing.add(kind, "End").network
    finished = train(Plan(network, replace(OPTIONS, epochs=8, loss=loss)))[-1]
    assert finished.test_accuracy > 0.9


def test_looking_inside_answers_with_the_main_output():
    network = two_heads()
    weights = lively_weights(network)
    x = fit_dataset(DIGITS, (1, 8, 8)).pictures("test", slice(0, 3))
    shares = predict(network, weights, x)
    assert shares.shape == (3, 10)
    engine = Engine(network, weights, 1, training=False)
    seen = look(engine, network, "AuxDense", x[0])
    engine.close()
    assert seen.maps.shape == (10,)
    np.testing.assert_allclose(seen.probabilities, shares[0], atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_of_huge_scores_agrees_with_torch(dtype):
    torch = pytest.importorskip("torch")
    rows = [[1e4, -1e4, 0], [-1e4, 1e4, 1e4], [1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]]
    scores, target = np.array(rows, dtype), np.array([1, 0, 2, 1])
    given = torch.tensor(scores, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(given, torch.tensor(target))
    expected.backward()
    value, gradient = cross_entropy(scores, target)
    assert value == pytest.approx(expected.item(), rel=1e-6)
    np.testing.assert_allclose(gradient, given.grad, atol=1e-6)
    engine = Engine(Drawing().add("Input", "Input", shape=(3,)).add("Softmax", "S").network, {}, 4)
    assert engine.find_gradients(scores.astype(np.float32), target) == pytest.approx(expected.item(), rel=1e-6)
    engine.close()


def test_the_small_network_is_unchanged_by_all_this():
    network = small_cnn()
    marked = network.decide(network.names["Softmax"], Output("main", 1.0))
    first, second = (train(Plan(each, replace(OPTIONS, epochs=1)), dataset=few(100))[-1] for each in (network, marked))
    assert same(first, second)


def test_a_stopped_training_goes_on_only_with_the_same_weights_of_its_outputs():
    assert network_mark(two_heads()) == network_mark(two_heads().rename(two_heads().names["Aux"], "Helper"))
    marks = {network_mark(two_heads(weight=weight)) for weight in (None, 0.3, 0.4)}
    assert len(marks) == 3
