"""The products of Winograd's positions against NumPy's, at every edge of the register tiles."""

import numpy as np
import pytest

from core.kernels import winograd_products
from core.kernels.processor import LANES, TILE
from core.kernels.winograd_products import TAIL, panel_width
from tests.core.kernels.arrays import flat, room

POSITIONS = 3
CHANNELS = [LANES, 3 * LANES, 4 * LANES]


def test_every_number_of_channels_is_whole_tails():
    assert LANES % TAIL == 0
    assert TILE.rows % TAIL == 0


def _close(made, wanted):
    np.testing.assert_allclose(made, wanted, rtol=0, atol=1e-5 * max(1.0, float(np.abs(wanted).max())))


def _spread(array, length, gap):
    """The array's positions, each made `length` + `gap` numbers long with NaN behind it."""
    rows = array.reshape(len(array), -1)
    wide = np.full((len(array), length + gap), np.nan)
    wide[:, :rows.shape[1]] = rows
    return flat(wide)


@pytest.mark.parametrize("tiles", [1, TAIL, TAIL + 1, TILE.rows, 2 * TILE.rows + TAIL + 1])
@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("filters", CHANNELS)
def test_tiles_times_filters(tiles, channels, filters):
    rng, worked = np.random.default_rng(tiles), -(-tiles // TAIL) * TAIL
    data, given = rng.normal(size=(POSITIONS, tiles, channels)), rng.normal(size=(POSITIONS, channels, filters))
    width = panel_width(filters)
    panels = given.reshape(POSITIONS, channels, filters // width, width).transpose(0, 2, 1, 3)
    made = room(POSITIONS, worked * filters + 7)
    sizes = np.array([POSITIONS, tiles, channels, filters, worked * channels + 5, channels * filters + 3,
                      worked * filters + 7])
    winograd_products.multiply_tiles(_spread(data, worked * channels, 5), _spread(panels, channels * filters, 3), made,
                                     sizes)
    rows = made.reshape(POSITIONS, -1)
    _close(rows[:, :tiles * filters].reshape(POSITIONS, tiles, filters), data @ given)
    assert (rows[:, worked * filters:] == 0).all()


@pytest.mark.parametrize("tiles", [1, 7, 20])
@pytest.mark.parametrize(("first", "end"), [(0, 4 * LANES), (LANES, 2 * LANES), (LANES, 4 * LANES)])
@pytest.mark.parametrize("filters", CHANNELS)
@pytest.mark.parametrize("keep", [0, 1])
def test_sums_over_tiles(tiles, first, end, filters, keep):
    rng, channels, numbers = np.random.default_rng(tiles), 4 * LANES, (end - first) * filters
    data, slopes = rng.normal(size=(POSITIONS, tiles, channels)), rng.normal(size=(POSITIONS, tiles, filters))
    sums = flat(np.full((POSITIONS, numbers + 3), 2.0 if keep else np.nan))
    sizes = np.array([POSITIONS, tiles, channels, filters, tiles * channels + 5, tiles * filters + 2, numbers + 3,
                      first, end, keep])
    winograd_products.sum_tiles(_spread(data, tiles * channels, 5), _spread(slopes, tiles * filters, 2), sums, sizes)
    rows = sums.reshape(POSITIONS, -1)
    wanted = np.einsum("ptc,ptf->pcf", data[:, :, first:end], slopes) + 2.0 * keep
    _close(rows[:, :numbers].reshape(wanted.shape), wanted)
    assert np.isnan(rows[:, numbers:]).all() if not keep else (rows[:, numbers:] == 2).all()
