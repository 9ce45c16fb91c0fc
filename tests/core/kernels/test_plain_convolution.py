"""Plain convolution against the layer's definition, compiled and plain."""

import numpy as np
import pytest

from core.kernels import plain_convolution
from core.layers.base import Pass
from core.layers.conv2d import Conv2D
from tests.core.kernels.arrays import flat, plain, room

LAYERS = [Conv2D(filters=3, kernel=(2, 3)), Conv2D(filters=4, kernel=(3, 3), stride=(2, 1), padding=(1, 0, 2, 3)),
          Conv2D(filters=4, kernel=(2, 2), dilation=(2, 3), padding="same"), Conv2D(filters=6, groups=2, kernel=(3, 3)),
          Conv2D(filters=4, groups=4, kernel=(3, 1), padding=1)]
PICTURES, CHANNELS, SIZE, PER_SLOT = 3, 4, (7, 6), 2


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.short())
@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
def test_agrees_with_the_definition(layer, compiled):
    forward, inputs, weights = (each if compiled else plain(each) for each in (
        plain_convolution.plain_forward, plain_convolution.plain_inputs, plain_convolution.plain_weights))
    rng = np.random.default_rng(0)
    arrays = {name: rng.normal(size=spec.shape) for name, spec in layer.arrays((CHANNELS, *SIZE)).items()}
    x = rng.normal(size=(PICTURES, CHANNELS, *SIZE))
    y, backward = layer.forward(arrays, [x], Pass())
    dy = rng.normal(size=y.shape)
    (dx,), gradients = backward(dy)
    top, left = layer.window().padded(*SIZE)[:2]
    sizes = np.array([*SIZE, CHANNELS, *y.shape[2:], layer.filters, *layer.kernel, *layer.stride, *layer.dilation,
                      top, left, layer.groups, PER_SLOT])
    maps, slopes = flat(x.transpose(0, 2, 3, 1)), flat(dy.transpose(0, 2, 3, 1))
    inside = flat(arrays["weight"].transpose(2, 3, 1, 0))

    target = room(y.size)
    forward(maps, inside, flat(arrays["bias"]), target, sizes, 0, PICTURES)
    made = target.reshape(PICTURES, *y.shape[2:], layer.filters).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(made, y, rtol=1e-4, atol=1e-4)

    target = flat(np.full(x.size, 9.0))
    inputs(slopes, inside, target, sizes, 0, PICTURES)
    made = target.reshape(PICTURES, *SIZE, CHANNELS).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(made, dx, rtol=1e-4, atol=1e-4)

    slots, bias_slots = flat(np.full((2, inside.size), 9.0)), flat(np.full((2, layer.filters), 9.0))
    weights(maps, slopes, slots, bias_slots, sizes, 0, PICTURES)
    total = slots.reshape(2, *layer.kernel, CHANNELS // layer.groups, layer.filters).sum(axis=0).transpose(3, 2, 0, 1)
    np.testing.assert_allclose(total, gradients["weight"], rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(bias_slots.reshape(2, -1).sum(axis=0), gradients["bias"], rtol=1e-4, atol=1e-4)
