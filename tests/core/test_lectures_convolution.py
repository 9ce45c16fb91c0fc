"""Every number and formula of the lecture notes on convolution (section 2) and pooling (section 3)."""

import numpy as np
import pytest

from core.graph.cost import cost
from core.graph.shapes import infer
from core.layers import make_layer
from core.layers.base import Pass
from core.templates.base import Builder

signal = pytest.importorskip("scipy.signal")

GAUSS = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1])
UNSHARP = GAUSS.copy()
UNSHARP[2, 2] = -476
SOBEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
KERNELS = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "edge 1": [[1, 0, -1], [0, 0, 0], [-1, 0, 1]],
    "edge 2": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "edge 3": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "box blur": np.full((3, 3), 1 / 9),
    "gaussian 3×3": np.outer([1, 2, 1], [1, 2, 1]) / 16,
    "gaussian 5×5": GAUSS / 256,
    "unsharp 5×5": UNSHARP / -256,
    "left and right edge": [[1, -1]],
    "45° edge": [[0, 1, 1], [-1, 0, 1], [-1, -1, 0]],
    "sobel vertical": SOBEL,
    "sobel horizontal": SOBEL.T,
    "horizontal line": [[-2, -2, -4, -2, -2], [-1, -1, -2, -1, -1], [0] * 5, [1, 1, 2, 1, 1], [2, 2, 4, 2, 2]],
    "cross": [[1, 0, 1], [0, 1, 0], [1, 0, 1]],
}


def convolved(picture, kernel, **settings):
    """What a Conv2D of one filter makes of a picture, in float64."""
    kernel = np.asarray(kernel, float)
    layer = make_layer("Conv2D", {"filters": 1, "kernel": kernel.shape, "bias": False, **settings})
    y, backward = layer.forward({"weight": kernel[None, None]}, [np.asarray(picture, float)[None, None]], Pass())
    return y[0, 0], backward


def counted(shape, *layers):
    """Output shape and cost of the last of some layers behind an Input."""
    build = Builder()
    build.add("Input", "Input", shape=list(shape))
    for number, (kind, settings) in enumerate(layers):
        build.add(kind, f"L{number}", **settings)
    inference = infer(build.network)
    return inference.shapes[build.last], cost(inference).layers[build.last], inference


@pytest.fixture
def picture():
    return np.random.default_rng(4).normal(size=(12, 15))


# 2.1 to 2.3 ----------------------------------------------------------------------------------------------------------


def test_the_operation_of_a_layer_is_cross_correlation():
    """2.1: (I∗G)[x, y] = Σ_a Σ_b Σ_c I_c[x + a, y + b] · G_c[a, b], written out."""
    rng = np.random.default_rng(0)
    pictures, kernels = rng.normal(size=(3, 6, 7)), rng.normal(size=(3, 3, 2))
    layer = make_layer("Conv2D", {"filters": 1, "kernel": [3, 2], "bias": False})
    y, _ = layer.forward({"weight": kernels[None]}, [pictures[None]], Pass())
    for x in range(4):
        for column in range(6):
            wanted = sum(pictures[c, x + a, column + b] * kernels[c, a, b]
                         for c in range(3) for a in range(3) for b in range(2))
            assert y[0, 0, x, column] == pytest.approx(wanted, rel=1e-12)


def test_true_convolution_turns_the_kernel_and_differs(picture):
    """2.2: S(i, j) = Σ_m Σ_n I(m, n) K(i − m, j − n); the layer does it with the kernel turned by 180°."""
    kernel = np.arange(9.0).reshape(3, 3)
    correlation, _ = convolved(picture, kernel)
    convolution, _ = convolved(picture, kernel[::-1, ::-1])
    np.testing.assert_allclose(convolution, signal.convolve2d(picture, kernel, "valid"), rtol=1e-12)
    np.testing.assert_allclose(correlation, signal.correlate2d(picture, kernel, "valid"), rtol=1e-12)
    assert np.abs(convolution - correlation).max() > 1
    same, _ = convolved(picture, KERNELS["gaussian 3×3"])
    np.testing.assert_allclose(same, signal.convolve2d(picture, KERNELS["gaussian 3×3"], "valid"), rtol=1e-12)


def test_convolution_of_one_line():
    """2.2 in one dimension: s(t) = Σ_a x(a) w(t − a)."""
    x, w = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 0.0, -2.0])
    made, _ = convolved(x[None], w[None, ::-1])
    np.testing.assert_allclose(made[0], np.convolve(x, w, "valid"))


@pytest.mark.parametrize(("settings", "size"), [({"stride": 1}, 5), ({"stride": 2}, 3), ({"padding": 1}, 7)])
def test_output_sizes(settings, size):
    """2.3: N = 7, F = 3."""
    shape, _, inference = counted((1, 7, 7), ("Conv2D", {"filters": 1, "kernel": 3, **settings}))
    assert shape == (1, size, size)
    assert not inference.problems


def test_what_does_not_fit_is_said_in_words():
    """2.3: stride 3 gives 2.33."""
    shape, _, inference = counted((1, 7, 7), ("Conv2D", {"filters": 1, "kernel": 3, "stride": 3}))
    (problem,) = inference.problems
    assert shape == (1, 2, 2)
    assert "does not fit" in problem.message
    assert problem.formula == "(7 − 3)/3 + 1 = 2.33, rounded down to 2"


# 2.4, 2.5 and 2.7 -----------------------------------------------------------------------------------------------------


def test_one_filter_on_a_small_picture():
    """2.4: 49 inputs, 25 outputs, 9 weights."""
    shape, costs, inference = counted((1, 7, 7), ("Conv2D", {"filters": 1, "kernel": 3, "bias": False}))
    inside = inference.inputs[inference.network.finals()[0]][0]
    assert (np.prod(inside), np.prod(shape), costs.parameters) == (49, 25, 9)


def test_six_filters_make_six_maps():
    """2.4: six 5×5×3 filters."""
    shape, costs, _ = counted((3, 32, 32), ("Conv2D", {"filters": 6, "kernel": 5}))
    assert shape == (6, 28, 28)
    assert costs.parameters == 6 * (5 * 5 * 3 + 1)


def test_two_filters_on_a_padded_picture():
    """2.4: a 3×3×3 filter with bias on a padded 5×5×3 input, stride 2, two filters → 3×3×2."""
    shape, costs, _ = counted((3, 5, 5), ("Conv2D", {"filters": 2, "kernel": 3, "padding": 1, "stride": 2}))
    assert shape == (2, 3, 3)
    assert costs.parameters == 2 * (27 + 1)


def test_fully_connected_against_shared_weights():
    """2.5: 200×200×3 and 5 neurons: 600,000 weights; 100 filters of 5×5 on one channel: 2,500."""
    _, dense, _ = counted((3, 200, 200), ("Flatten", {}), ("Dense", {"units": 5, "bias": False}))
    _, shared, _ = counted((1, 200, 200), ("Conv2D", {"filters": 100, "kernel": 5, "bias": False}))
    assert dense.parameters == 120_000 * 5 == 600_000
    assert shared.parameters == 2_500


@pytest.mark.parametrize("side", [4, 10])
def test_fully_connected_weights_grow_with_the_square_of_the_picture(side):
    """2.5: as many outputs as inputs on W×H×3: W²·H²·3² weights."""
    inputs = 3 * side * side
    _, dense, _ = counted((3, side, side), ("Flatten", {}), ("Dense", {"units": inputs, "bias": False}))
    assert dense.parameters == side**2 * side**2 * 3**2


@pytest.mark.parametrize(("layers", "size"), [(2, 5), (3, 7)])
def test_receptive_fields_of_stacked_layers(layers, size):
    """2.7: two 3×3 layers see 5×5, three see 7×7."""
    _, costs, _ = counted((1, 16, 16), *[("Conv2D", {"filters": 1, "kernel": 3})] * layers)
    assert costs.receptive_field.size == (size, size)


def test_three_small_layers_need_fewer_weights_than_a_large_one():
    """2.7: 3·(3²C²) against 7²C²."""
    channels = 16
    small = {"filters": channels, "kernel": 3, "bias": False}
    *_, inference = counted((channels, 16, 16), *[("Conv2D", small)] * 3)
    _, large, _ = counted((channels, 16, 16), ("Conv2D", {**small, "kernel": 7}))
    assert cost(inference).parameters == 3 * (3**2 * channels**2)
    assert large.parameters == 7**2 * channels**2
    assert large.receptive_field.size == (7, 7)


# 2.6 and 2.8 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KERNELS)
def test_classic_kernels(name, picture):
    """2.6: every kernel of the notes, applied to a picture."""
    made, _ = convolved(picture, KERNELS[name])
    np.testing.assert_allclose(made, signal.correlate2d(picture, KERNELS[name], "valid"), rtol=1e-11, atol=1e-12)
    kept, _ = convolved(picture, KERNELS[name], padding="same")
    assert kept.shape == picture.shape


def test_what_the_kernels_are_for():
    """2.6: identity, sums of the blurs, signs of edges, and both Sobel maps together."""
    rng = np.random.default_rng(1)
    picture = rng.normal(size=(9, 9))
    np.testing.assert_array_equal(convolved(picture, KERNELS["identity"])[0], picture[1:-1, 1:-1])
    for name in ("box blur", "gaussian 3×3", "gaussian 5×5", "unsharp 5×5", "sharpen"):
        assert np.sum(KERNELS[name]) == pytest.approx(1)
    for name in ("edge 1", "edge 2", "edge 3", "sobel vertical", "sobel horizontal", "horizontal line"):
        assert np.sum(KERNELS[name]) == 0
    bright_left = np.repeat([[1.0] * 4 + [0.0] * 4], 8, axis=0)
    assert convolved(bright_left, [[1, -1]])[0].sum() > 0 > convolved(1 - bright_left, [[1, -1]])[0].sum()
    square = np.zeros((10, 10))
    square[3:7, 3:7] = 1
    upright, level = (np.abs(convolved(square, kernel)[0]) for kernel in (SOBEL, SOBEL.T))
    assert upright[3, 1] > 0 == level[3, 1]
    assert level[1, 3] > 0 == upright[1, 3]
    both = upright + level
    assert both[3, 1] > 0 < both[1, 3]


def test_the_cross_on_a_small_picture():
    """2.6: [1 0 1; 0 1 0; 1 0 1] on the 5×5 picture of the notes' kind."""
    picture = [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]
    made, _ = convolved(picture, KERNELS["cross"])
    np.testing.assert_array_equal(made, [[4, 3, 4], [2, 4, 3], [2, 3, 4]])


def test_gradients_on_a_small_input():
    """2.8: ∂f/∂G = the input correlated with ∂f/∂L; ∂f/∂I = ∂f/∂L fully convolved with the kernel."""
    rng = np.random.default_rng(2)
    picture, kernel, given = rng.normal(size=(3, 3)), rng.normal(size=(2, 2)), rng.normal(size=(2, 2))
    _, backward = convolved(picture, kernel)
    (inputs,), arrays = backward(given[None, None])
    for x in range(2):
        for y in range(2):
            wanted = sum(given[i, j] * picture[i + x, j + y] for i in range(2) for j in range(2))
            assert arrays["weight"][0, 0, x, y] == pytest.approx(wanted, rel=1e-12)
    for x in range(3):
        for y in range(3):
            wanted = sum(given[i, j] * kernel[x - i, y - j] for i in range(2) for j in range(2)
                         if 0 <= x - i < 2 and 0 <= y - j < 2)
            assert inputs[0, 0, x, y] == pytest.approx(wanted, rel=1e-12, abs=1e-15)
    np.testing.assert_allclose(arrays["weight"][0, 0], signal.correlate2d(picture, given, "valid"), rtol=1e-12)
    np.testing.assert_allclose(inputs[0, 0], signal.convolve2d(given, kernel, "full"), rtol=1e-12)


def test_a_picture_is_a_tensor():
    """2.9: rank 3, an index for each of channel, row and column."""
    shape, _, _ = counted((3, 20, 30))
    assert shape == (3, 20, 30)
    assert np.zeros(shape).ndim == 3


# 3 --------------------------------------------------------------------------------------------------------------------


def pooled(kind, x, **settings):
    """What a pool makes of N×C×H×W numbers."""
    return make_layer(kind, settings).forward({}, [np.asarray(x, float)], Pass())


def test_kinds_of_pooling():
    """3.1: maximum, average, L2 norm, average weighted by the distance from the centre."""
    x = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    assert pooled("MaxPool2D", x)[0].item() == 4
    assert pooled("AveragePool2D", x)[0].item() == 2.5
    assert pooled("L2Pool2D", x)[0].item() == pytest.approx(np.sqrt(30))
    y = np.zeros((1, 1, 3, 3))
    y[0, 0, 1, 1], corner = 1, np.zeros((1, 1, 3, 3))
    corner[0, 0, 0, 0] = 1
    centre, edge = (pooled("GaussianPool2D", each, kernel=3)[0].item() for each in (y, corner))
    assert centre / edge == pytest.approx(np.exp(1))
    assert pooled("GaussianPool2D", np.ones((1, 1, 3, 3)), kernel=3)[0].item() == pytest.approx(1)


def test_spatial_and_cross_channel_pooling():
    """3.2: within a channel a shift changes little; over channels the same answer whichever of them found it."""
    x = np.zeros((1, 1, 8, 8))
    x[0, 0, 2, 2] = 1
    np.testing.assert_array_equal(pooled("MaxPool2D", x)[0], pooled("MaxPool2D", np.roll(x, 1, 3))[0])
    turned = np.random.default_rng(0).normal(size=(1, 4, 3, 3))
    np.testing.assert_array_equal(pooled("ChannelPool", turned, size=4)[0],
                                  pooled("ChannelPool", turned[:, ::-1], size=4)[0])


def test_a_small_pool_discards_three_quarters():
    """3.3: 2×2 with stride 2, which is the default stride."""
    shape, costs, _ = counted((6, 28, 28), ("MaxPool2D", {"kernel": 2}))
    assert shape == (6, 14, 14)
    assert 1 - np.prod(shape) / (6 * 28 * 28) == 0.75
    assert costs.parameters == 0


def test_gradients_of_pooling():
    """3.4: maximum: 1 at the winner, 0 elsewhere; average: spread."""
    x = np.array([[[[1.0, 2.0], [4.0, 3.0]]]])
    given = np.ones((1, 1, 1, 1))
    np.testing.assert_array_equal(pooled("MaxPool2D", x)[1](given)[0][0][0, 0], [[0, 0], [1, 0]])
    np.testing.assert_array_equal(pooled("AveragePool2D", x)[1](given)[0][0][0, 0], np.full((2, 2), 0.25))
    assert pooled("MaxPool2D", x)[1](given)[1] == {}
