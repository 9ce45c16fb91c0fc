"""Pictures whose channels change places with their pixels."""

import numpy as np
import pytest

from core.kernels.jit import COMPILED
from core.kernels.pixels import turn_pictures
from tests.core.kernels.arrays import room

pytestmark = pytest.mark.skipif(not COMPILED, reason="written in vectors, which only the compiler knows")


@pytest.mark.parametrize("channels", [2, 3, 8, 9, 16, 83])
@pytest.mark.parametrize("pixels", [1, 15, 16, 49, 1100])
def test_channels_come_behind_their_pixel(channels, pixels):
    given = np.random.default_rng(channels).normal(size=(3, channels, pixels)).astype(np.float32)
    made = room(3, channels, pixels)
    turn_pictures(given.reshape(-1), made, channels, pixels, 1, 2)
    made = made.reshape(3, pixels, channels)
    assert not made[[0, 2]].any()
    np.testing.assert_array_equal(made[1], given[1].transpose(1, 0))
