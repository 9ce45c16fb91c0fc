"""The data set as a value, its float pictures and the cut for validation."""

import dataclasses

import numpy as np
import pytest

from core.data.dataset import Dataset, split, to_float
from core.errors import DataError


def small(count=10):
    x = np.arange(count * 4, dtype=np.uint8).reshape(count, 1, 2, 2)
    y = np.arange(count, dtype=np.int64) % 2
    return Dataset("small", "Small", (1, 2, 2), ("a", "b"), x, y, x[:4], y[:4], 1 / 255)


def test_every_byte_becomes_the_nearest_float32():
    pixels = np.arange(256, dtype=np.uint8)
    assert np.array_equal(to_float(pixels, 1 / 255), (np.arange(256) / 255).astype(np.float32))
    assert np.array_equal(to_float(pixels[:17], 1 / 16), (np.arange(17) / 16).astype(np.float32))


def test_floats_stay_as_they_are():
    pixels = np.array([-1.5, 0.25], np.float32)
    assert np.array_equal(to_float(pixels, 1.0), pixels)


def test_pictures_of_a_part():
    data = small()
    assert data.pictures("train", 3).shape == (1, 2, 2)
    batch = data.pictures("test", [0, 2])
    assert batch.dtype == np.float32
    assert batch[1].ravel().tolist() == pytest.approx([8 / 255, 9 / 255, 10 / 255, 11 / 255])
    assert data.renamed("other", "Other").train_x is data.train_x


def test_a_data_set_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        small().name = "other"


@pytest.mark.parametrize(("count", "fraction", "aside"), [(1000, 0.1, 100), (10, 0.25, 2), (10, 0.01, 1), (10, 0, 0),
                                                          (10, 0.99, 9), (2, 0.5, 1)])
def test_split_takes_its_share_and_loses_nothing(count, fraction, aside):
    parts = split(small(count) if count <= 20 else _counted(count), fraction, seed=3)
    assert len(parts.validation) == aside
    assert sorted([*parts.train, *parts.validation]) == list(range(count))


def _counted(count):
    return dataclasses.replace(small(), train_y=np.zeros(count, np.int64))


def test_split_depends_on_the_seed_only():
    data = _counted(100)
    assert np.array_equal(split(data, 0.2, 1).validation, split(data, 0.2, 1).validation)
    assert not np.array_equal(split(data, 0.2, 1).validation, split(data, 0.2, 2).validation)


@pytest.mark.parametrize("fraction", [-0.1, 1.0, 2])
def test_split_refuses_what_is_no_share(fraction):
    with pytest.raises(DataError, match="below 1"):
        split(small(), fraction, 0)


def test_one_picture_cannot_be_split():
    with pytest.raises(DataError, match="at least 2"):
        split(_counted(1), 0.1, 0)
