"""3×3 filters on three channels, against the definition."""

import numpy as np
import pytest

from core.kernels import colours
from core.kernels.jit import COMPILED
from core.kernels.processor import LANES
from tests.core.kernels.arrays import flat

pytestmark = pytest.mark.skipif(not COMPILED, reason="compilation is switched off")

PICTURES, HEIGHT, WIDTH, CHANNELS = 5, 4, 7, 3
LINE, FRAME = (WIDTH + 2) * CHANNELS, (HEIGHT + 2) * (WIDTH + 2) * CHANNELS
COUNTS = [LANES, 3 * LANES]


def _frames(rng):
    frames = rng.normal(size=(PICTURES, HEIGHT + 2, WIDTH + 2, CHANNELS))
    return frames, np.lib.stride_tricks.sliding_window_view(frames, (3, 3), axis=(1, 2))


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("count", COUNTS)
def test_forward(count, relu):
    rng = np.random.default_rng(count)
    (frames, windows), bias = _frames(rng), rng.normal(size=count)
    weights = rng.normal(size=(3, 3, CHANNELS, count))
    output, floor = flat(np.full((PICTURES, HEIGHT, WIDTH, count), 9.0)), 0 if relu else -np.inf
    sizes = np.array([PICTURES - 2, FRAME, FRAME, LINE, HEIGHT * WIDTH * count, HEIGHT, WIDTH, count])
    colours.convolve_colours(flat(frames), flat(weights), flat(bias), output, np.float32(floor), sizes)
    wanted = np.maximum(np.einsum("pyxcij,ijco->pyxo", windows, weights) + bias, floor)
    made = output.reshape(PICTURES, HEIGHT, WIDTH, count)
    np.testing.assert_allclose(made[1:-1], wanted[1:-1], rtol=1e-5, atol=1e-5)
    assert (made[[0, -1]] == 9).all()


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("count", COUNTS)
def test_gradients_by_chunks(count, relu):
    rng = np.random.default_rng(count)
    frames, windows = _frames(rng)
    gradient, output = rng.normal(size=(2, PICTURES, HEIGHT, WIDTH, count))
    slots, bias_step = -(-PICTURES // 2), count + LANES
    sums, bias_sums = flat(np.full((slots, 27, count), 9.0)), flat(np.full((slots, bias_step), 9.0))
    sizes = np.array([2, PICTURES, 2, FRAME, FRAME, LINE, HEIGHT, WIDTH, count, int(not relu), bias_step])
    # The frames begin with the first picture of the range, one frame behind the start.
    colours.add_colour_gradients(flat(frames[1:]), flat(gradient), flat(output), sums, bias_sums, sizes)
    passed = np.where(output > 0, gradient, 0) if relu else gradient
    made, bias = sums.reshape(slots, 27, count), bias_sums.reshape(slots, bias_step)[:, :count]
    for slot, pictures in ((1, slice(2, 4)), (2, slice(4, 5))):
        wanted = np.einsum("pyxcij,pyxo->ijco", windows[pictures], passed[pictures]).reshape(27, count)
        np.testing.assert_allclose(made[slot], wanted, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(bias[slot], passed[pictures].sum(axis=(0, 1, 2)), rtol=1e-4, atol=1e-4)
    assert (made[0] == 9).all()
    assert (bias[0] == 9).all()
