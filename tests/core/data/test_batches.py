"""Mini-batches: every picture once, in order, right to the bit, however they are prepared."""

import numpy as np
import pytest

from core.data.batches import PREFETCH_FROM_BYTES, Batches, epoch_order
from core.data.normalisation import Normalisation


def pictures(count, side, kind=np.uint8):
    chance = np.random.default_rng(0)
    return chance.integers(0, 256, (count, 1, side, side)).astype(kind), chance.integers(0, 10, count)


@pytest.mark.parametrize("side", [4, 200], ids=["at once", "one ahead"])
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_batches_are_the_pictures_in_order(side, kind):
    x, y = pictures(45, side, kind)
    batch = 20
    assert (batch * side * side * 4 >= PREFETCH_FROM_BYTES) == (side == 200)
    order = np.random.default_rng(1).permutation(45)
    seen_x, seen_y = [], []
    batches = Batches(x, y, 1 / 255, batch)
    for part_x, part_y in batches.run(order):
        assert part_x.dtype == np.float32
        seen_x.append(part_x.copy())
        seen_y.append(part_y)
    assert [len(part) for part in seen_y] == [20, 20, 5]
    assert batches.count(45) == 3
    assert np.array_equal(np.concatenate(seen_x), np.divide(x[order], 255, dtype=np.float32))
    assert np.array_equal(np.concatenate(seen_y), y[order])


def test_a_batch_stays_whole_while_the_next_one_is_prepared():
    x, y = pictures(60, 200)
    for part_x, part_y in Batches(x, y, 1 / 255, 20).run(np.arange(60)):
        before = part_x.copy()
        for _ in range(3):
            assert np.array_equal(part_x, before)
        assert len(part_y) == 20


def test_buffers_are_used_again():
    x, y = pictures(30, 4)
    homes = {part_x.ctypes.data for part_x, _ in Batches(x, y, 1 / 255, 10).run(np.arange(30))}
    assert len(homes) == 1


def test_stopping_early_leaves_no_thread():
    x, y = pictures(80, 200)
    run = Batches(x, y, 1 / 255, 20).run(np.arange(80))
    next(run)
    run.close()


def test_nothing_to_run_gives_nothing():
    x, y = pictures(20, 200)
    assert list(Batches(x, y, 1 / 255, 20).run(np.arange(0))) == []


def test_normalised_batches():
    x, y = pictures(8, 4)
    normalisation = Normalisation((0.5,), (0.25,))
    (got, _), = Batches(x, y, 1 / 255, 8, normalisation).run(np.arange(8))
    assert got == pytest.approx((x / 255 - 0.5) / 0.25, abs=1e-5)


def test_an_epochs_order_is_a_permutation_that_depends_on_seed_and_epoch():
    indices = np.array([3, 5, 7, 11, 13, 17, 19, 23])
    first = epoch_order(indices, 0, 1)
    assert sorted(first) == sorted(indices)
    assert np.array_equal(first, epoch_order(indices, 0, 1))
    assert not np.array_equal(first, epoch_order(indices, 0, 2))
    assert not np.array_equal(first, epoch_order(indices, 1, 1))
