"""Feature maps of a layer for one picture."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.errors import NetworkError
from core.graph.model import Model
from core.inspect.activations import feature_maps, look
from tests.core.networks import Drawing, small_cnn, weights_of

PICTURE = np.random.default_rng(0).random((1, 8, 8), np.float32)


@pytest.mark.parametrize("layer", ["Input", "C1", "R1", "P1", "Flatten", "F1", "Softmax"])
def test_every_layer_shows_its_own_output(layer):
    network = small_cnn()
    weights = weights_of(network)
    found = feature_maps(network, weights, layer, PICTURE)
    expected = Model(network, weights).outputs(PICTURE[None])
    assert found.maps.shape == expected[layer].shape[1:]
    np.testing.assert_allclose(found.maps, expected[layer][0], atol=1e-5)
    np.testing.assert_allclose(found.probabilities, expected["Softmax"][0], atol=1e-6)


def test_a_network_that_ends_in_maps_has_no_probabilities():
    network = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Conv2D", "C1").network
    assert feature_maps(network, {}, "C1", PICTURE).probabilities is None


def test_an_unknown_layer_is_named():
    with pytest.raises(NetworkError, match="no layer 'C9'"):
        feature_maps(small_cnn(), {}, "C9", PICTURE)


def test_looking_does_not_disturb_a_training():
    from core.train.optimizers import Adam

    network = small_cnn()
    x, y = np.random.default_rng(1).random((16, 1, 8, 8), np.float32), np.arange(16) % 10
    looked, not_looked = (Engine(network, weights_of(network), 16, threads=1) for _ in range(2))
    before = look(looked, network, "C1", PICTURE).maps
    for _ in range(3):
        for engine in (looked, not_looked):
            engine.train_step(x, y, 0.01, Adam())
        after = look(looked, network, "C1", PICTURE).maps
    assert not np.array_equal(before, after)
    for name, array in not_looked.weights().items():
        np.testing.assert_array_equal(looked.weights()[name], array)
