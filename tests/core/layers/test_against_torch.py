"""Values and gradients of the definitions against PyTorch, for drawn settings."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.layers.base import Pass, ShapeError
from core.layers.conv2d import Conv2D
from core.layers.pooling import AveragePool2D, MaxPool2D

torch = pytest.importorskip("torch")
functional = pytest.importorskip("torch.nn.functional")
pair = st.tuples(st.integers(1, 4), st.integers(1, 4))


def _compare(layer, weights, x, theirs):
    """Output and input gradient agree to 1e-10 in float64."""
    y, backward = layer.forward(weights, [x], Pass(training=True))
    tensor = torch.tensor(x, requires_grad=True)
    expected = theirs(tensor)
    assert y.shape == tuple(expected.shape)
    np.testing.assert_allclose(y, expected.detach().numpy(), rtol=1e-10, atol=1e-12)
    r = np.random.default_rng(1).normal(size=y.shape)
    expected.backward(torch.tensor(r))
    np.testing.assert_allclose(backward(r)[0][0], tensor.grad.numpy(), rtol=1e-10, atol=1e-12)


@settings(max_examples=60)
@given(kernel=pair, stride=pair, dilation=pair, pads=st.tuples(*[st.integers(0, 3)] * 4), groups=st.integers(1, 3),
       size=st.tuples(st.integers(1, 9), st.integers(1, 9)), seed=st.integers(0, 1000))
def test_convolution(kernel, stride, dilation, pads, groups, size, seed):
    layer = Conv2D(2 * groups, kernel, stride, pads, dilation, groups)
    shape = (2 * groups, *size)
    try:
        layer.output_shape(shape)
    except ShapeError:
        assume(False)
    rng = np.random.default_rng(seed)
    weights = {name: rng.normal(size=spec.shape) for name, spec in layer.arrays(shape).items()}

    def theirs(x):
        padded = functional.pad(x, (pads[1], pads[3], pads[0], pads[2]))
        return functional.conv2d(padded, torch.tensor(weights["weight"]), torch.tensor(weights["bias"]), stride, 0,
                                 dilation, groups)

    _compare(layer, weights, rng.normal(size=(2, *shape)), theirs)


@settings(max_examples=60)
@given(kernel=pair, stride=pair, size=st.tuples(st.integers(1, 9), st.integers(1, 9)), ceil=st.booleans(),
       count=st.booleans(), seed=st.integers(0, 1000), pad=st.integers(0, 2))
def test_pooling(kernel, stride, size, ceil, count, seed, pad):
    pads = (min(pad, kernel[0] // 2), min(pad, kernel[1] // 2))
    x = np.random.default_rng(seed).normal(size=(2, 3, *size))
    average = AveragePool2D(kernel, stride, pads, ceil, count_padding=count)
    for layer in (MaxPool2D(kernel, stride, pads, ceil), average):
        try:
            layer.output_shape((3, *size))
        except ShapeError:
            continue
        if isinstance(layer, MaxPool2D):
            _compare(layer, {}, x, lambda t: functional.max_pool2d(t, kernel, stride, pads, ceil_mode=ceil))
        else:
            _compare(layer, {}, x, lambda t: functional.avg_pool2d(t, kernel, stride, pads, ceil, count))
