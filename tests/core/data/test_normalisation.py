"""Mean and spread per channel: computed, applied, checked."""

import dataclasses

import numpy as np
import pytest

from core.data.normalisation import Normalisation, normalisation_of
from core.data.normalisation import __name__ as module
from core.errors import DataError
from tests.core.data.test_dataset import small


def colour_set():
    x = np.random.default_rng(0).integers(0, 256, (50, 3, 6, 6), dtype=np.uint8)
    x[:, 1] //= 4
    x[:, 2] = 77
    return dataclasses.replace(small(), shape=(3, 6, 6), train_x=x)


def test_figures_are_numpys(monkeypatch):
    data = colour_set()
    whole = normalisation_of(data)
    floats = data.train_x / 255
    assert whole.mean == pytest.approx(floats.mean(axis=(0, 2, 3)), abs=6e-5)
    assert whole.spread[:2] == pytest.approx(floats.std(axis=(0, 2, 3))[:2], abs=6e-5)
    assert whole.spread[2] == pytest.approx(0.001), "a channel without spread must not divide by zero"
    monkeypatch.setattr(f"{module}.PIXELS_AT_ONCE", 300)
    assert normalisation_of(data) == whole


def test_flat_rows_are_one_channel():
    data = colour_set()
    flat = normalisation_of(dataclasses.replace(data, shape=(108,), train_x=data.train_x.reshape(50, 108)))
    assert flat.mean == pytest.approx([(data.train_x / 255).mean()], abs=6e-5)
    assert flat.apply(np.ones((2, 108), np.float32)).shape == (2, 108)


def test_apply_works_in_place_on_batches_single_pictures_and_flat_rows():
    two = Normalisation((0.5, 0.25), (0.5, 2.0))
    x = np.ones((4, 2, 3, 3), np.float32)
    assert two.apply(x) is x
    assert x[0, 0, 0, 0] == 1.0
    assert x[0, 1, 0, 0] == 0.375
    assert two.apply(np.ones((2, 3, 3), np.float32))[1, 0, 0] == 0.375
    assert Normalisation((0.5,), (0.5,)).apply(np.ones((4, 9), np.float32)).tolist() == [[1.0] * 9] * 4


def test_the_empty_one_changes_nothing():
    x = np.ones((1, 5, 2, 2), np.float32)
    assert not Normalisation()
    assert Normalisation().apply(x) is x


@pytest.mark.parametrize(("mean", "spread"), [((0.5,), ()), ((0.5,), (0.0,)), ((0.5,), (-1.0,)), ((np.nan,), (1.0,)),
                                              ((0.0,), (np.inf,))])
def test_bad_figures_are_refused(mean, spread):
    with pytest.raises(DataError):
        Normalisation(mean, spread)


def test_wrong_number_of_channels_is_refused():
    with pytest.raises(DataError, match="3 channels"):
        Normalisation((0.0,) * 3, (1.0,) * 3).apply(np.ones((2, 1, 4, 4), np.float32))
