"""Convolutions by dot products against NumPy's own sums."""

import numpy as np
import pytest

from core.kernels import dots
from core.kernels.jit import COMPILED
from tests.core.kernels.arrays import flat, room

pytestmark = pytest.mark.skipif(not COMPILED, reason="written in vectors, which only the compiler knows")
PICTURES, HEIGHT, WIDTH, CHANNELS, KERNEL, STRIDE = 3, 7, 40, 21, (3, 4), (2, 1)
OUT = ((HEIGHT - KERNEL[0]) // STRIDE[0] + 1, (WIDTH - KERNEL[1]) // STRIDE[1] + 1)
RUN, LINE = KERNEL[1] * CHANNELS, WIDTH * CHANNELS


def _windows(pictures):
    """[pictures, rows, columns, rows of a filter, numbers]."""
    return np.array([[[[picture[row * STRIDE[0] + tap, column * STRIDE[1]:column * STRIDE[1] + KERNEL[1]].reshape(-1)
                        for tap in range(KERNEL[0])] for column in range(OUT[1])] for row in range(OUT[0])]
                     for picture in pictures])


def _case(filters):
    rng = np.random.default_rng(filters)
    pictures = rng.normal(size=(PICTURES, HEIGHT, WIDTH, CHANNELS)).astype(np.float32)
    return rng, pictures, _windows(pictures.astype(np.float64))


@pytest.mark.parametrize("filters", [1, 2, 3, 4])
def test_windows(filters):
    rng, pictures, windows = _case(filters)
    weights, bias = rng.normal(size=(KERNEL[0], filters, RUN)), rng.normal(size=filters)
    size = OUT[0] * OUT[1] * filters
    made, bands = room(PICTURES * size), np.array([(0, 2, 0, 3), (2, 3, 0, 2)])
    sizes = np.array([PICTURES, 0, HEIGHT * LINE, 0, size, OUT[1], STRIDE[0] * LINE, STRIDE[1] * CHANNELS, LINE, RUN,
                      filters])
    dots.dot_windows(flat(pictures), flat(weights), made, flat(bias), bands, np.float32(-0.5), sizes)
    wanted = np.einsum("nrcsk,sok->nrco", windows, weights) + bias
    wanted[:, 2] -= np.einsum("nck,ok->nco", windows[:, 2, :, 2], weights[2])
    np.testing.assert_allclose(made.reshape(wanted.shape), np.maximum(wanted, -0.5), atol=2e-5)


@pytest.mark.parametrize("filters", [1, 2, 3, 4])
def test_gradients(filters):
    rng, pictures, windows = _case(filters)
    slopes = rng.normal(size=(PICTURES, *OUT, filters))
    step, rows = KERNEL[0] * filters * RUN, np.stack([np.arange(filters), np.arange(filters) * RUN])
    slots, spans = flat(np.full(2 * step, 9.0)), np.array([(0, 3), (1, 3), (2, 2)])
    sizes = np.array([0, PICTURES, 2, step, 0, HEIGHT * LINE, 0, slopes[0].size, OUT[1], STRIDE[0] * LINE,
                      STRIDE[1] * CHANNELS, LINE, RUN, filters])
    dots.dot_gradients(flat(pictures), flat(slopes), slots, room(128), rows, spans, sizes)
    for tap, (first, end) in enumerate(spans):
        parts = np.einsum("nrck,nrco->nok", windows[:, first:end, :, tap], slopes[:, first:end])
        found = slots.reshape(2, KERNEL[0], filters, RUN)[:, tap]
        np.testing.assert_allclose(found, [parts[:2].sum(axis=0), parts[2]], atol=1e-4)
