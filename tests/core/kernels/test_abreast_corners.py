"""A convolution with the pool behind it and pictures side by side, against the definition in float64."""

import numpy as np
import pytest

from core.kernels import abreast_corners
from core.kernels.jit import COMPILED
from core.kernels.processor import LANES
from tests.core.kernels.arrays import flat, room

pytestmark = pytest.mark.skipif(not COMPILED, reason="written in vectors, which only the compiler knows")


def _up(count, multiple):
    return -(-count // multiple) * multiple


class _Case:
    """A layer of filters down × across on pictures, with all that its kernels want."""

    def __init__(self, shape, kernel, filters, count, floor):
        draw, (height, width, channels) = np.random.default_rng(filters), shape
        self.x = draw.normal(size=(count, *shape)).astype(np.float32)
        self.weights = draw.normal(size=(*kernel, channels, filters)).astype(np.float32)
        self.bias, self.floor = draw.normal(size=filters).astype(np.float32), floor
        self.out = tuple((size + 2 - each + 1) // 2 for size, each in zip((height, width), kernel, strict=True))
        self.depth, output = kernel[0] * kernel[1] * channels, self.out[0] * self.out[1] * filters
        self.steps = _up(self.depth * filters, LANES), _up(filters, LANES)
        self.sizes = np.array([channels, height, width, 1, 1, width + 2, *kernel, filters, *self.out,
                               height * width * channels, output, LANES, *self.steps])
        self.winners = np.zeros(_up(count, LANES) * output, np.int8)
        self.maps = (room((height + 2) * (width + 2) * channels * LANES), room((output + LANES) * LANES))

    def forward(self):
        blocks = _up(self.bias.size, abreast_corners.FILTERS)
        package, bias, made = room(blocks * self.depth), room(blocks), room(len(self.x), *self.out, self.bias.size)
        abreast_corners.pack_taps(flat(self.weights), 0, package, self.depth, self.bias.size)
        bias[:self.bias.size] = self.bias
        abreast_corners.pool_abreast(flat(self.x), package, bias, made, self.winners, self.maps, np.float32(self.floor),
                                     self.sizes, 0, len(self.x))
        return made.reshape(len(self.x), *self.out, -1)

    def windows(self):
        """The pictures under each tap of the four corners, [corner][row of taps][tap] N×H×W×C."""
        x = np.pad(self.x.astype(float), ((0, 0), (1, 1), (1, 1), (0, 0)))
        (tall, wide), (down, across) = self.out, self.weights.shape[:2]
        return [[[x[:, i + a:i + a + 2 * tall:2, j + b:j + b + 2 * wide:2][:, :tall, :wide] for b in range(across)]
                 for a in range(down)] for i in (0, 1) for j in (0, 1)]

    def defined(self):
        corners = [sum(x @ self.weights[a, b].astype(float) for a, row in enumerate(corner) for b, x in enumerate(row))
                   for corner in self.windows()]
        return np.stack(corners) + self.bias


CASES = [((28, 28, 1), (5, 5), 6, LANES + 3, 0), ((9, 8, 3), (3, 2), 7, 5, -np.inf), ((4, 7, 2), (1, 4), 13, 2, 0)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_is_the_definition(case):
    made = _Case(*case)
    np.testing.assert_allclose(made.forward(), np.maximum(made.defined().max(0), made.floor), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_gradient_goes_to_the_corner_that_won(case):
    made = _Case(*case)
    made.forward()
    gradient = np.random.default_rng(0).normal(size=(len(made.x), *made.out, made.bias.size)).astype(np.float32)
    corners, chunks, filters = made.defined(), -(-len(made.x) // LANES), made.bias.size
    # The first of equals: windows on padding alone see the same in all corners.
    won = (np.arange(4).reshape(4, 1, 1, 1, 1) == corners.argmax(0)) & (corners.max(0) > made.floor)
    slots, bias_slots = (room(chunks, step) for step in made.steps)
    rooms = (*made.maps, room(4 * made.out[1] * filters * LANES), *(room(step * LANES) for step in made.steps))
    abreast_corners.pool_gradients_abreast((flat(made.x), flat(gradient)), made.winners, (slots, bias_slots), rooms,
                                           made.sizes, 0, len(made.x))
    wanted = sum(np.einsum("abnhwc,nhwf->abcf", np.array(windows), won[corner] * gradient)
                 for corner, windows in enumerate(made.windows()))
    found = slots.reshape(chunks, -1).sum(0)[:made.depth * filters].reshape(wanted.shape)
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3)
    wanted = (won.sum(0) * gradient).sum((0, 1, 2))
    np.testing.assert_allclose(bias_slots.reshape(chunks, -1).sum(0)[:filters], wanted, rtol=1e-3, atol=1e-3)
