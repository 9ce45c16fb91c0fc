"""Filters as pictures, and histograms."""

import numpy as np

from core.inspect.weights import filters, histogram
from tests.core.networks import Drawing, small_cnn, weights_of


def test_a_convolution_shows_its_weights():
    network = small_cnn()
    weights = weights_of(network)
    assert filters(network, weights, "C1") is weights["C1.weight"]


def test_a_dense_layer_behind_maps_shows_them_as_maps():
    network = small_cnn()
    weights = weights_of(network)
    found = filters(network, weights, "F1")
    assert found.shape == (10, 8, 3, 3)
    np.testing.assert_array_equal(found.reshape(10, -1), weights["F1.weight"])


def test_layers_without_pictures_show_none():
    drawing = Drawing().add("Input", "Input", shape=(4,)).add("Dense", "D1", units=3).add("Dense", "D2", units=2)
    network = drawing.network
    weights = weights_of(network)
    assert filters(network, weights, "D1") is None
    assert filters(network, weights, "D2") is None
    assert filters(small_cnn(), weights_of(small_cnn()), "R1") is None
    normal = Drawing().add("Input", "Input", shape=(2, 4, 4)).add("BatchNorm", "B").network
    assert filters(normal, weights_of(normal), "B") is None


def test_a_histogram_counts_everything_about_zero():
    found = histogram(np.array([-1.0, 0.0, 0.0, 0.5, 2.0], np.float32), 4)
    assert found.edges.tolist() == [-2, -1, 0, 1, 2]
    assert found.counts.tolist() == [0, 1, 3, 1]
    assert (found.mean, found.zeros) == (0.3, 0.4)


def test_a_histogram_of_nothing_and_of_zeros():
    assert histogram(np.zeros(0)).counts.sum() == 0
    assert histogram(np.zeros(3), 2).counts.tolist() == [0, 3]
    assert histogram(np.array([np.nan, 1.0])).counts.sum() == 1
