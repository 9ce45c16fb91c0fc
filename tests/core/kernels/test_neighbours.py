"""Local response normalisation against loops over channels in double precision, compiled and plain."""

import numpy as np
import pytest

from core.engine.steps.neighbours import masks_of
from core.kernels import neighbours
from tests.core.kernels.arrays import flat, plain, room

SHAPE = (3, 4, 7)  # pictures, pixels, channels
SHARE, OFFSET, POWER = 0.3, 1.5, 0.75
X, DY = np.random.default_rng(0).normal(size=(2, *SHAPE)).astype(np.float32)


def _by_loops(before, behind):
    x, dy = X.astype(float), DY.astype(float)
    spans = [slice(max(0, channel - before), channel + behind + 1) for channel in range(SHAPE[2])]
    total = np.stack([OFFSET + SHARE * (x[..., span] ** 2).sum(-1) for span in spans], axis=-1)
    gradient = dy * total**-POWER
    for channel, span in enumerate(spans):
        outer = dy[..., channel] * x[..., channel] * total[..., channel] ** (-POWER - 1)
        gradient[..., span] -= 2 * SHARE * POWER * x[..., span] * outer[..., None]
    return x * total**-POWER, gradient


@pytest.mark.parametrize(("before", "behind"), [(0, 0), (1, 1), (2, 1), (6, 6)])
@pytest.mark.parametrize("pixels", [1, 2, 3], ids=lambda count: f"{count} at once")
@pytest.mark.parametrize("variant", [lambda kernel: kernel, plain], ids=["compiled", "plain"])
def test_numbers_and_gradient(variant, before, behind, pixels):
    channels = SHAPE[2]
    width = pixels * channels
    work = room(2 * width + 2 * (before + width + behind))
    masks = masks_of(channels, pixels, before, behind)
    numbers, sizes = flat([SHARE, OFFSET, -POWER]), np.array([SHAPE[1] * channels, width, before, behind])
    wanted, wanted_gradient = _by_loops(before, behind)
    made, gradient = room(*SHAPE), flat(DY)
    for _ in range(2):  # the second time the room is used
        variant(neighbours.normalise_neighbours)(flat(X), made, work, numbers, masks, sizes, 1, 3)
    np.testing.assert_allclose(made.reshape(SHAPE)[1:], wanted[1:], rtol=2e-6)
    assert not made.reshape(SHAPE)[0].any()
    variant(neighbours.normalise_neighbours_gradient)(gradient, flat(X), work, numbers, masks, sizes, 1, 3)
    np.testing.assert_allclose(gradient.reshape(SHAPE)[1:], wanted_gradient[1:], rtol=1e-4, atol=1e-6)
    assert np.array_equal(gradient.reshape(SHAPE)[0], DY[0])


@pytest.mark.parametrize("power", [0.0, 0.75, 10.0])
def test_powers_of_small_and_large_divisors(power):
    offsets = np.array([1e-6, 0.01, 1.0, 1000.0, 1e20, np.nan], np.float32)
    for offset in offsets:
        made = room(1)
        neighbours.normalise_neighbours(flat([1.0]), made, room(4), flat([0.0, offset, -power]), flat([]),
                                        np.array([1, 1, 0, 0]), 0, 1)
        wanted = np.clip(np.float64(offset) ** -power, np.exp(-87), np.exp(87)) if offset == offset else offset
        np.testing.assert_allclose(made[0], wanted, rtol=1e-5)
