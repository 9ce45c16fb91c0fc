"""Each layer's step against the layer's definition: every setting, odd sizes, partial batches, one to three threads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.layers import make_layer
from core.layers.base import Pass
from tests.core.engine.alone import How, alone
from tests.core.layers.drawn import KINDS, cases, frozen, numbers

LIMIT = 1e-5
STEPS = [kind for kind in KINDS if kind != "Linear"]
# Its blocks of convolution lose about a digit; batch normalisation over few numbers divides by little.
LOOSE = {"Conv2D": 1e-4, "BatchNorm": 1e-4}


def _apart(made, wanted):
    """The largest difference; 1e-3 is what zero is compared with."""
    assert made.shape == wanted.shape
    return float(np.abs(made - wanted).max()) / max(float(np.abs(wanted).max()), 1e-3)


def _definition(layer, weights, inputs, training):
    run = Pass(training=training, noise=False)
    exact = {name: array.astype(float) for name, array in weights.items()}
    return *layer.forward(exact, [x.astype(float) for x in inputs], run), run.statistics


def _near_tie(layer, weights, inputs):
    """Whether rounding may decide which piece of Maxout wins."""
    if layer.type != "Maxout":
        return False
    scores = np.einsum("ni,pui->npu", inputs[0].astype(float), weights["weight"]) + weights.get("bias", 0)
    best = np.sort(scores, axis=1)
    return layer.pieces > 1 and bool((best[:, -1] - best[:, -2] < 1e-4).any())


@pytest.mark.parametrize("kind", STEPS)
def test_agrees_with_the_definition(kind):
    @given(case=cases(kind), count=st.sampled_from([1, 2, 3, 7, 16, 70]), threads=st.sampled_from([1, 3]),
           spare=st.integers(0, 9), seed=st.integers(0, 99), lends=st.booleans())
    @settings(max_examples=20)
    def check(case, count, threads, spare, seed, lends):
        layer, shapes = case
        count = max(count, 3) if kind == "BatchNorm" else count
        weights, inputs, gradient = numbers(layer, shapes, count, seed)
        if _near_tie(layer, weights, inputs):
            return
        made = alone(layer, weights, inputs, gradient, How(threads=threads, spare=spare, lends=lends))
        output, backward, statistics = _definition(layer, weights, inputs, training=True)
        to_inputs, to_arrays = backward(gradient.astype(float))
        limit = LOOSE.get(kind, LIMIT)
        assert _apart(made.output, output) < limit
        for one, other in zip(made.inputs, to_inputs, strict=True):
            assert _apart(one, other) < limit
        assert made.arrays.keys() == to_arrays.keys()
        for name, wanted in to_arrays.items():
            assert _apart(made.arrays[name], wanted) < limit
        for name, measured in statistics.items():
            assert _apart(made.statistics[name], measured) < limit
        used = alone(layer, weights, inputs, gradient, How(training=False, threads=threads))
        assert _apart(used.output, _definition(layer, weights, inputs, training=False)[0]) < limit

    check()


@pytest.mark.parametrize("kind", STEPS)
def test_the_same_bits_for_any_number_of_threads_and_again(kind):
    @given(case=cases(kind), seed=st.integers(0, 99), count=st.sampled_from([1, 5, 70]))
    @settings(max_examples=3)
    def check(case, seed, count):
        layer, shapes = case
        weights, inputs, gradient = numbers(layer, shapes, count, seed)
        results = [alone(layer, weights, inputs, gradient, How(threads=threads, noise=True, seed=seed))
                   for threads in (1, 2, 3, 1)]
        for other in results[1:]:
            assert np.array_equal(other.output, results[0].output)
            assert all(map(np.array_equal, other.inputs, results[0].inputs))
            assert all(np.array_equal(array, results[0].arrays[name]) for name, array in other.arrays.items())

    check()


@pytest.mark.parametrize("kind", ["Maxout", "PReLU", "APL", "Scale", "Dense", "Conv2D"])
def test_frozen_layers_hand_the_gradient_on(kind):
    @given(case=cases(kind))
    @settings(max_examples=5)
    def check(case):
        layer, shapes = case
        weights, inputs, gradient = numbers(layer, shapes, 3, 0)
        free, still = (alone(each, weights, inputs, gradient, How()) for each in (layer, frozen(layer)))
        assert np.array_equal(free.inputs[0], still.inputs[0])
        assert all(np.isnan(array).all() for array in still.arrays.values())

    check()


# what is drawn --------------------------------------------------------------------------------------------------


def _drawn(kind, value, how, count=40, **settings_):
    """A layer's output for the same number everywhere, and its gradient for ones."""
    x = np.full((count, 3, 20, 20), value, np.float32)
    made = alone(make_layer(kind, settings_), {}, [x], np.ones_like(x), how)
    return made.output.astype(float), made.inputs[0]


@pytest.mark.parametrize("sigma", [0.1, 2.0])
def test_noise_is_normal(sigma):
    made, _ = _drawn("NoisyReLU", 100.0, How(noise=True), sigma=sigma)
    noise = ((made - 100) / sigma).reshape(-1)
    share = 5 / np.sqrt(noise.size)
    assert abs(noise.mean()) < share
    assert abs(noise.std() - 1) < share
    assert abs((noise**3).mean()) < 4 * share
    assert abs((noise**4).mean() - 3) < 10 * share
    for limit, inside in ((0.5, 0.38292), (1, 0.68269), (2, 0.95450), (3, 0.99730)):
        assert abs((np.abs(noise) < limit).mean() - inside) < share
    assert abs((noise[1:] * noise[:-1]).mean()) < share


def test_slopes_are_drawn_evenly():
    made, gradient = _drawn("RReLU", -1.0, How(noise=True), low=0.2, high=0.6)
    slopes = -made.reshape(-1)
    share = 5 / np.sqrt(slopes.size)
    assert 0.2 <= slopes.min() < 0.2001
    assert 0.5999 < slopes.max() <= 0.6 + 1e-6
    assert abs(slopes.mean() - 0.4) < share * 0.4
    assert abs(slopes.std() - 0.4 / np.sqrt(12)) < share * 0.4
    assert abs(((slopes[1:] - 0.4) * (slopes[:-1] - 0.4)).mean()) < share * 0.1
    np.testing.assert_array_equal(gradient.reshape(-1), slopes.astype(np.float32))


def test_the_gradient_follows_the_noise():
    made, gradient = _drawn("NoisyReLU", 0.0, How(noise=True), sigma=1.0)
    assert abs((made > 0).mean() - 0.5) < 0.01
    np.testing.assert_array_equal(gradient, made > 0)


@pytest.mark.parametrize(("kind", "value"), [("NoisyReLU", 100.0), ("RReLU", -1.0), ("Dropout", 1.0)])
def test_what_decides_what_is_drawn(kind, value):
    first, _ = _drawn(kind, value, How(noise=True))
    for other in (How(noise=True), How(noise=True, threads=3, spare=5)):
        assert np.array_equal(_drawn(kind, value, other)[0], first)
    assert np.array_equal(_drawn(kind, value, How(noise=True), count=7)[0], first[:7])
    for other in (How(noise=True, seed=1), How(noise=True, step=1), How(noise=True, name="Other")):
        assert not np.array_equal(_drawn(kind, value, other)[0], first)
    for quiet in (How(noise=False), How(training=False, noise=True)):
        made, _ = _drawn(kind, value, quiet)
        assert (made == made.flat[0]).all()
