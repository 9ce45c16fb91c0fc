"""The three faces of a layer: the matrix does what the layer does, and the counts are those of the lectures."""

import numpy as np
import pytest

from core.graph.faces import NONE, example, faces, why_none
from core.layers import make_layer
from core.layers.base import Pass


def drawn(rng: np.random.Generator, layer, shape):
    return {name: rng.normal(size=spec.shape) for name, spec in layer.arrays(shape).items()}


def cases(count=60):
    """Random convolutions that fit their inputs."""
    rng = np.random.default_rng(11)
    found = []
    while len(found) < count:
        groups = int(rng.choice([1, 1, 2, 3]))
        settings = {"filters": groups * int(rng.integers(1, 3)), "groups": groups,
                    "kernel": [int(rng.integers(1, 4)), int(rng.integers(1, 4))],
                    "stride": [int(rng.integers(1, 4)), int(rng.integers(1, 3))],
                    "dilation": [int(rng.integers(1, 3)), int(rng.integers(1, 3))],
                    "padding": rng.choice(["valid", "same", "some"])}
        settings["padding"] = [int(each) for each in rng.integers(0, 3, 4)] if settings["padding"] == "some" else str(
            settings["padding"])
        shape = (groups * int(rng.integers(1, 3)), int(rng.integers(3, 8)), int(rng.integers(3, 8)))
        layer = make_layer("Conv2D", settings)
        if min(layer.window().output(*shape[1:])) >= 1:
            found.append((layer, shape))
    return found


@pytest.mark.parametrize(("layer", "shape"), cases())
def test_the_matrix_of_a_convolution_does_what_the_layer_does(layer, shape):
    rng = np.random.default_rng(0)
    weights, x = drawn(rng, layer, shape), rng.normal(size=shape)
    found = faces(layer, shape)
    bias = np.repeat(weights["bias"], found.rows // layer.filters)
    made = found.matrix(weights["weight"]) @ x.reshape(-1) + bias
    wanted = layer.forward(weights, [x[None]], Pass())[0]
    np.testing.assert_allclose(made, wanted.reshape(-1), rtol=1e-10, atol=1e-10)


def test_the_matrix_of_a_dense_layer_is_its_weights():
    layer, rng = make_layer("Dense", {"units": 4}), np.random.default_rng(0)
    weights, x = drawn(rng, layer, (7,)), rng.normal(size=7)
    found = faces(layer, (7,))
    np.testing.assert_array_equal(found.matrix(weights["weight"]), weights["weight"])
    np.testing.assert_allclose(found.matrix(weights["weight"]) @ x + weights["bias"],
                               layer.forward(weights, [x[None]], Pass())[0][0])
    assert found.shared.weights == found.fully_connected.weights == 28


@pytest.mark.parametrize("settings", [{}, {"kernel": 3, "stride": 1, "padding": 1}, {"kernel": [2, 3], "ceil": True}])
def test_the_matrix_of_a_pool_reads_what_the_pool_reads(settings):
    layer, shape = make_layer("AveragePool2D", {**settings, "count_padding": True}), (2, 6, 7)
    x = np.random.default_rng(0).normal(size=shape)
    found = faces(layer, shape)
    sums = np.zeros(found.rows)
    for row in range(found.rows):
        sums[row] = x.reshape(-1)[found.links(row).columns].sum()
    whole = layer.forward({}, [x[None]], Pass())[0].reshape(-1)
    ones = layer.forward({}, [np.ones((1, *shape))], Pass())[0].reshape(-1)
    reads = np.array([len(found.links(row).columns) for row in range(found.rows)])
    np.testing.assert_allclose(sums / reads * ones, whole, rtol=1e-10)
    assert (found.shared.weights, found.shared.formula) == (0, "the weights are fixed")


def test_a_cut_out_is_a_piece_of_the_whole():
    found = faces(make_layer("Conv2D", {"filters": 3, "kernel": 3, "padding": "same"}), (2, 6, 5))
    whole = found.entries(0, found.rows)
    assert whole.shape == (90, 60)
    np.testing.assert_array_equal(found.entries(31, 10, 7, 12), whole[31:41, 7:19])
    assert found.entries(85, 100, 55, 100).shape == (5, 5)
    assert set(np.unique(whole)) == {NONE, *range(54)}
    assert (whole != NONE).sum() < found.locally_connected.weights


def test_large_layers_are_quick_because_only_what_is_asked_for_is_worked_out():
    found = faces(make_layer("Conv2D", {"filters": 512, "kernel": 3, "padding": 1}), (512, 224, 224))
    assert found.rows * found.columns > 10**14
    links = found.links(found.rows - 1)
    assert len(links.columns) == 512 * 4
    assert links.weights.max() < 512 * 512 * 9


def test_the_counts_of_the_lectures():
    """Lecture topics 2.4 and 2.5."""
    small = faces(make_layer("Conv2D", {"filters": 1, "kernel": 3}), (1, 7, 7))
    assert (small.columns, small.rows, small.shared.weights) == (49, 25, 9)
    assert small.shared.formula == "3·3·1 in a window · 1 filter = 9"
    assert small.locally_connected.formula == "9 in a window · 25 outputs = 225"
    assert small.fully_connected.formula == "49 inputs · 25 outputs = 1,225"
    dense = faces(make_layer("Dense", {"units": 5}), (200 * 200 * 3,))
    assert dense.fully_connected.weights == dense.shared.weights == 600_000
    hundred = faces(make_layer("Conv2D", {"filters": 100, "kernel": 5}), (1, 200, 200))
    assert hundred.shared.weights == 2_500
    first = faces(make_layer("Conv2D", {"filters": 6, "kernel": 5}), (1, 32, 32))
    assert [count.weights for count in (first.fully_connected, first.locally_connected, first.shared)] == [
        1024 * 4704, 25 * 4704, 150]


def test_where_an_output_looks():
    found = faces(make_layer("Conv2D", {"filters": 2, "kernel": 3, "stride": 2, "padding": 1}), (1, 5, 5))
    assert found.place(9 + 4) == (1, 1, 1)
    assert found.corner(9 + 4) == (1, 1)
    assert found.corner(0) == (-1, -1)
    assert found.links(0).columns.tolist() == [0, 1, 5, 6]
    assert found.links(0).weights.tolist() == [4, 5, 7, 8]
    assert found.links(9).weights.tolist() == [13, 14, 16, 17]


@pytest.mark.parametrize(("kind", "settings"), [
    ("Conv2D", {"kernel": 5, "filters": 6}), ("Conv2D", {"kernel": 3, "padding": "same", "stride": 2, "groups": 4}),
    ("Conv2D", {"kernel": 3, "padding": 1, "dilation": 2}), ("Conv2D", {"kernel": 1, "padding": 2}),
    ("MaxPool2D", {}), ("AveragePool2D", {"kernel": 3, "stride": 2, "padding": 1, "ceil": True})])
def test_the_example_is_small_and_has_the_same_window(kind, settings):
    layer, shape = make_layer(kind, settings), (8, 100, 100)
    small = example(layer, shape)
    assert small.window == layer.window()
    assert small.columns <= 300
    assert min(small.outputs[1:]) >= 2
    assert small.rows <= 50


def test_layers_without_a_window_say_why():
    assert faces(make_layer("ReLU", {}), (4,)) is None
    assert "each number on its own" in why_none(make_layer("ReLU", {}))
    assert "other layers together" in why_none(make_layer("Add", {}))
    assert "Select a Conv2D" in why_none(make_layer("Flatten", {}))
    assert example(make_layer("Dense", {}), (9,)) is None
    assert example(make_layer("Conv2D", {"kernel": 30}), (1, 64, 64)) is None
