"""Frames and tables of places against NumPy's own indexing."""

import numpy as np
import pytest

from core.kernels import spreading
from tests.core.kernels.arrays import flat, plain, room

PICTURES, HEIGHT, WIDTH, CHANNELS, PLANE, FRAME = 2, 3, 4, 6, 200, 500
ROWS, COLUMNS = np.array([90, 30, 60]), np.array([5, 17, 11, 23])
NEIGHBOURS = np.arange(CHANNELS, dtype=np.int32).reshape(2, 3)
SCATTERED = np.array([[0, 2, 2, 4], [1, 3, 3, 5]], np.int32)


def _sizes(channels, neighbours):
    planes, count = channels.shape
    return np.array([PICTURES, 0, CHANNELS, FRAME, planes, PLANE, count, neighbours])


@pytest.mark.parametrize(("channels", "neighbours"), [(NEIGHBOURS, 1), (NEIGHBOURS, 0), (SCATTERED, 0)])
def test_spreading(channels, neighbours):
    pictures = np.random.default_rng(0).normal(size=(PICTURES, HEIGHT, WIDTH, CHANNELS)).astype(np.float32)
    frame, wanted = room(PICTURES * FRAME), np.zeros(PICTURES * FRAME, np.float32)
    spreading.spread_maps(flat(pictures), frame, ROWS, COLUMNS, channels.reshape(-1), _sizes(channels, neighbours))
    for picture, row, column, plane in np.ndindex(PICTURES, HEIGHT, WIDTH, len(channels)):
        start = picture * FRAME + plane * PLANE + ROWS[row] + COLUMNS[column]
        wanted[start:start + channels.shape[1]] = pictures[picture, row, column, channels[plane]]
    assert np.array_equal(frame, wanted)


def test_collecting_is_the_way_back():
    pictures = np.random.default_rng(1).normal(size=(PICTURES, HEIGHT, WIDTH, CHANNELS)).astype(np.float32)
    frame, back = room(PICTURES * FRAME), flat(np.full(pictures.size, 9.0))
    sizes = _sizes(NEIGHBOURS, 1)
    spreading.spread_maps(flat(pictures), frame, ROWS, COLUMNS, NEIGHBOURS.reshape(-1), sizes)
    spreading.collect_maps(frame, back, ROWS, COLUMNS, NEIGHBOURS.reshape(-1), sizes)
    assert np.array_equal(back.reshape(pictures.shape), pictures)


def test_runs_are_copied_and_added_back():
    maps, made, runs = flat(np.arange(20)), flat(np.zeros(24)), np.array([(0, 2, 3), (2, 5, 1), (1, 9, 2)])
    sizes = np.array([2, 4, 8, 12])
    spreading.copy_runs(maps, made, runs, sizes)
    for start, place in ((4, 0), (12, 12)):
        assert made[place:place + 12].tolist() == [0, 0, start, start + 1, start + 2, start + 2, 0, 0, 0, start + 1,
                                                   start + 2, 0]
    sums = flat(np.ones(20))
    spreading.add_runs(made, sums, runs, sizes)
    wanted = [1.0] * 20
    for start in (4, 12):
        wanted[start:start + 3] = [1 + start, 1 + 2 * (start + 1), 1 + 3 * (start + 2)]
    assert sums.tolist() == wanted


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
def test_packing_by_table(compiled):
    pack = spreading.pack_by_table if compiled else plain(spreading.pack_by_table)
    package = flat(np.full(5, 9.0))
    pack(flat([1, 2, 3, 4, 5]), 1, package, np.array([2, -1, 0, 3, 3], np.int32))
    assert package.tolist() == [4, 0, 2, 5, 5]


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
def test_summing_by_table(compiled):
    add = spreading.sum_by_table if compiled else plain(spreading.sum_by_table)
    slots = np.random.default_rng(2).normal(size=(4, 3, 7))
    gradient, table = flat(np.full(6, 9.0)), np.array([6, 0, 3, 3], np.int32)
    add(flat(slots), 3, 21, 2, 7, gradient, 1, table)
    np.testing.assert_allclose(gradient[1:5], slots[:3, :2].sum(axis=(0, 1))[table], rtol=1e-5)
    assert gradient[[0, 5]].tolist() == [9, 9]
