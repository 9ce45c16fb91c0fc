"""The outlines: inside negative, outside positive, distances true to scale, and no two alike."""

import numpy as np
import pytest

from core.data.silhouettes import SILHOUETTES

AXIS = (np.arange(240, dtype=np.float32) - 119.5) / 100
X, Y = np.meshgrid(AXIS, AXIS)


@pytest.mark.parametrize("name", SILHOUETTES)
def test_a_shape_fills_its_place_and_nothing_outside(name):
    distance = SILHOUETTES[name](X, Y)
    inside = distance < 0
    assert 0.6 < inside.sum() / 10_000 < 2.6
    assert distance[[0, 0, -1, -1], [0, -1, 0, -1]].min() > 0.3
    reach = np.hypot(X, Y)[inside].max()
    assert 0.8 < reach < 1.2


@pytest.mark.parametrize("name", SILHOUETTES)
def test_distances_grow_by_one_per_unit(name):
    """A true distance has a slope of 1 nearly everywhere; that makes the soft edge half a pixel either side."""
    along_y, along_x = np.gradient(SILHOUETTES[name](X, Y), 0.01)
    slope = np.hypot(along_x, along_y)
    assert np.median(slope) == pytest.approx(1, abs=0.01)
    assert np.percentile(slope, 99) < 1.05


def test_names_are_sorted_and_shapes_differ():
    assert list(SILHOUETTES) == sorted(SILHOUETTES)
    filled = [SILHOUETTES[name](X, Y) < 0 for name in SILHOUETTES]
    for first in range(len(filled)):
        for second in range(first):
            union = (filled[first] | filled[second]).sum()
            assert (filled[first] ^ filled[second]).sum() > 0.12 * union


def test_known_points():
    at = np.array([0.0], np.float32)
    assert SILHOUETTES["circle"](at, at)[0] == pytest.approx(-0.86)
    assert SILHOUETTES["ring"](at, at)[0] > 0
    assert SILHOUETTES["square"](at + 1, at)[0] == pytest.approx(0.26)
    assert SILHOUETTES["cross"](at + 0.6, at + 0.6)[0] > 0
