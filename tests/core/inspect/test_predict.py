"""Class probabilities, and engines made for looking."""

import threading

import numpy as np
import pytest

from core.errors import DataError, NetworkError
from core.graph.model import Model
from core.graph.network import Network
from core.inspect.predict import ends_in_softmax, predict, probabilities, top
from core.inspect.running import complete, engine_for, picture_shape
from tests.core.networks import Drawing, small_cnn, weights_of

X = np.random.default_rng(0).random((70, 1, 8, 8), np.float32)


def test_probabilities_are_those_of_the_definition():
    network = small_cnn()
    weights = weights_of(network)
    found = predict(network, weights, X)
    np.testing.assert_allclose(found, Model(network, weights).outputs(X)["Softmax"], atol=1e-6)
    assert found.shape == (70, 10)


def test_scores_become_probabilities():
    network = small_cnn()
    weights = weights_of(network)
    without = network.remove(network.by_name("Softmax").id)
    np.testing.assert_allclose(predict(without, weights, X), predict(network, weights, X), atol=1e-6)
    bypassed = network.change(network.by_name("Softmax").id, bypassed=True)
    assert not ends_in_softmax(bypassed)
    np.testing.assert_allclose(predict(bypassed, weights, X), predict(network, weights, X), atol=1e-6)


def test_one_picture_and_none():
    network = small_cnn()
    weights = weights_of(network)
    np.testing.assert_allclose(predict(network, weights, X[:1])[0], predict(network, weights, X)[0], atol=1e-7)
    assert predict(network, weights, X[:0]).size == 0


def test_maps_are_no_answer():
    network = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Conv2D", "C1").network
    with pytest.raises(DataError, match="Flatten and Dense"):
        predict(network, {}, X)


def test_large_scores_do_not_overflow():
    network = Drawing().add("Input", "Input", shape=(2,)).network
    assert probabilities(network, np.array([[1e4, 0.0]], np.float32)).tolist() == [[1.0, 0.0]]


def test_the_most_probable_come_first_and_the_earlier_of_equals():
    shares = np.array([0.1, 0.4, 0.4, 0.1])
    assert top(shares, ("a", "b", "c", "d"), 3) == (("b", 0.4), ("c", 0.4), ("a", 0.1))
    assert top(shares, (), 1) == (("1", 0.4),)


def test_missing_weights_are_those_of_the_seed():
    network = small_cnn()
    weights = weights_of(network, 5)
    assert all(np.array_equal(array, weights[name]) for name, array in complete(network, {}, 5).items())
    own = {"C1.bias": np.ones(8, np.float32), "F1.weight": np.ones((2, 2), np.float32)}
    mixed = complete(network, own, 5)
    assert mixed["C1.bias"] is own["C1.bias"]
    assert mixed["F1.weight"].shape == weights["F1.weight"].shape


def test_no_thread_is_left_behind():
    before = threading.active_count()
    with engine_for(small_cnn(), {}, threads=2) as engine:
        assert engine.threads == 2
    assert threading.active_count() == before


def test_networks_that_cannot_run_are_refused():
    with pytest.raises(NetworkError, match="empty"):
        predict(Network(), {}, X)
    drawing = Drawing().add("Input", "Left", shape=(2,))
    drawing.last = ""
    with pytest.raises(NetworkError, match="exactly one Input"):
        picture_shape(drawing.add("Input", "Right", shape=(2,)).add("Add", "Sum", "Left", "Right").network)
    assert picture_shape(small_cnn()) == (1, 8, 8)
