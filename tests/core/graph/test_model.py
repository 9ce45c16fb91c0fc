"""A network run by its layers' definitions."""

import numpy as np
import pytest

from core.errors import DataError, NetworkError
from core.graph.model import Model
from core.graph.network import Network
from core.layers.base import Pass
from tests.core.networks import Drawing, every_layer, small_cnn, weights_of

X = np.random.default_rng(0).random((3, 1, 8, 8))


def test_every_layer_has_its_output_of_the_inferred_shape():
    network = every_layer()
    model = Model(network, weights_of(network))
    outputs = model.outputs(np.ones((2, 2, 9, 9)))
    assert set(outputs) == set(network.names)
    for key, shape in model.inference.shapes.items():
        assert outputs[network.nodes[key].name].shape == (2, *shape)
    np.testing.assert_allclose(outputs["Softmax"].sum(axis=1), 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_keep_the_float_type_asked_for(dtype):
    network = every_layer()
    model = Model(network, weights_of(network), dtype)
    trace = model.forward(np.ones((2, 2, 9, 9)), Pass(training=True))
    assert {output.dtype for output in trace.outputs.values()} == {np.dtype(dtype)}
    found = model.backward(trace, {model.last: np.ones((2, 3), dtype)})
    assert {gradient.dtype for gradient in found.arrays.values()} == {np.dtype(dtype)}


def test_gradients_agree_with_torch_across_a_branch_and_a_shortcut():
    torch = pytest.importorskip("torch")
    drawing = Drawing().add("Input", "Input", shape=(1, 6, 6)).add("Conv2D", "C1", filters=2, kernel=3, padding=1)
    drawing.add("ReLU", "R1").add("Conv2D", "C2", filters=2, kernel=3, padding=1).add("Add", "Sum", "R1", "C2")
    network = drawing.add("Concatenate", "Join", "Sum", "R1").add("Flatten", "Flat").add("Dense", "D", units=3).network
    weights = weights_of(network)
    model = Model(network, weights)
    x = np.random.default_rng(1).standard_normal((2, 1, 6, 6))
    trace = model.forward(x)
    dy = np.random.default_rng(2).standard_normal((2, 3))
    found = model.backward(trace, {model.last: dy})

    tensors = {name: torch.tensor(array, dtype=torch.float64, requires_grad=True) for name, array in weights.items()}
    picture = torch.tensor(x, requires_grad=True)
    functional = torch.nn.functional
    first = functional.relu(functional.conv2d(picture, tensors["C1.weight"], tensors["C1.bias"], padding=1))
    second = first + functional.conv2d(first, tensors["C2.weight"], tensors["C2.bias"], padding=1)
    flat = torch.cat([second, first], dim=1).flatten(1)
    output = functional.linear(flat, tensors["D.weight"], tensors["D.bias"])
    output.backward(torch.tensor(dy))
    np.testing.assert_allclose(trace.outputs[model.last], output.detach(), rtol=1e-12)
    np.testing.assert_allclose(found.inputs["Input"], picture.grad, rtol=1e-10, atol=1e-14)
    for name, tensor in tensors.items():
        np.testing.assert_allclose(found.arrays[name], tensor.grad, rtol=1e-10, atol=1e-13, err_msg=name)


def test_one_output_read_twice_gets_both_gradients():
    network = Drawing().add("Input", "Input", shape=(3,)).add("Add", "Twice", "Input", "Input").network
    model = Model(network, {})
    trace = model.forward(np.ones((1, 3)))
    found = model.backward(trace, {model.last: np.array([[1.0, 2, 3]])})
    np.testing.assert_array_equal(found.inputs["Input"], [[2, 4, 6]])


def test_a_bypassed_layer_hands_numbers_and_gradients_on():
    network = small_cnn()
    weights = weights_of(network)
    bypassed = network.change(network.by_name("R1").id, bypassed=True)
    without = Model(network.change(network.by_name("R1").id, bypassed=True), weights)
    outputs = without.outputs(X)
    np.testing.assert_array_equal(outputs["R1"], outputs["C1"])
    assert (outputs["C1"] < 0).any()
    trace = without.forward(X)
    found = without.backward(trace, {bypassed.by_name("R1").id: np.ones_like(trace.outputs[bypassed.by_name("R1").id])})
    np.testing.assert_allclose(found.arrays["C1.bias"], 3 * 36)


def test_a_bypassed_layer_needs_no_weights():
    network = Drawing().add("Input", "Input", shape=(3,)).add("Dense", "D", units=3, bypassed=True).network
    assert Model(network, {}).outputs(np.ones((1, 3)))["D"].tolist() == [[1, 1, 1]]


def test_a_frozen_layer_keeps_its_running_statistics():
    network = every_layer()
    model = Model(network, weights_of(network))
    assert set(model.forward(np.ones((2, 2, 9, 9)), Pass(training=True)).statistics) == {"B1.running_mean",
                                                                                         "B1.running_var"}
    frozen = Model(network.change(network.by_name("B1").id, frozen=True), weights_of(network))
    assert not frozen.forward(np.ones((2, 2, 9, 9)), Pass(training=True)).statistics


def test_again_computes_what_lies_behind_the_change():
    network = every_layer()
    model, x = Model(network, weights_of(network)), np.random.default_rng(0).random((2, 2, 9, 9))
    trace = model.forward(x)
    changed = network.by_name("D1").id
    model.weights["D1.weight"] += 0.1
    partly, whole = model.again(trace, changed, Pass()), model.forward(x)
    for key in network.order:
        np.testing.assert_array_equal(partly.outputs[key], whole.outputs[key])
    assert partly.outputs[network.by_name("C1").id] is trace.outputs[network.by_name("C1").id]
    assert not np.array_equal(partly.outputs[model.last], trace.outputs[model.last])


def test_marks_tell_which_branch_was_taken():
    network = small_cnn()
    model = Model(network, weights_of(network))
    marks = model.forward(X, Pass(marks=[])).marks
    assert marks[network.by_name("R1").id][0].dtype == bool
    assert len(marks[network.by_name("P1").id]) == 1
    assert marks[network.by_name("C1").id] == []


def test_several_inputs_are_given_by_name():
    drawing = Drawing().add("Input", "Left", shape=(2,))
    drawing.last = ""
    network = drawing.add("Input", "Right", shape=(2,)).add("Add", "Sum", "Left", "Right").network
    model = Model(network, {})
    assert model.outputs({"Left": np.ones((1, 2)), "Right": np.full((1, 2), 3.0)})["Sum"].tolist() == [[4, 4]]
    with pytest.raises(DataError, match="2 inputs"):
        model.forward(np.ones((1, 2)))
    with pytest.raises(DataError, match="for Right"):
        model.forward({"Left": np.ones((1, 2))})


def test_what_does_not_fit_is_refused_in_words():
    network = small_cnn()
    weights = weights_of(network)
    with pytest.raises(NetworkError, match=r"C1\.weight are missing"):
        Model(network, {})
    with pytest.raises(NetworkError, match=r"C1\.bias are 2 but the layer needs 8"):
        Model(network, {**weights, "C1.bias": np.zeros(2, np.float32)})
    with pytest.raises(NetworkError, match="empty"):
        Model(Network(), {})
    with pytest.raises(DataError, match="takes pictures of 1×8×8 but these are 1×9×9"):
        Model(network, weights).forward(np.zeros((1, 1, 9, 9)))


def test_of_several_last_layers_the_main_output_is_the_last():
    network = Drawing().add("Input", "Input", shape=(2,)).add("ReLU", "A").add("Tanh", "B", "Input").network
    model = Model(network, {})
    assert model.last == network.names["B"]
    assert set(model.outputs(np.ones((1, 2)), ["A", "B"])) == {"A", "B"}
