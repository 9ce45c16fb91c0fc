"""Scaling against Pillow, which uses the same filters, and by its properties."""

import numpy as np
import pytest
from PIL import Image

from core.data.resize import cubic, resize, triangle

SIZES = [((8, 8), (20, 20)), ((28, 28), (14, 14)), ((40, 30), (13, 29)), ((7, 9), (7, 30)),
         ((64, 64), (5, 5)), ((1, 1), (4, 4))]


@pytest.mark.parametrize(("old", "new"), SIZES)
@pytest.mark.parametrize(("kernel", "name"), [(triangle, "BILINEAR"), (cubic, "BICUBIC")])
def test_agrees_with_pillow(old, new, kernel, name):
    x = np.random.default_rng(0).random(old, np.float32)
    expected = np.asarray(Image.fromarray(x).resize(new[::-1], Image.Resampling[name]))
    assert resize(x, *new, kernel) == pytest.approx(expected, abs=1e-5)


def test_many_pictures_at_once_are_the_same_as_one_by_one():
    x = np.random.default_rng(0).random((5, 3, 12, 10), np.float32)
    together = resize(x, 7, 17)
    assert together.shape == (5, 3, 7, 17)
    assert together.dtype == np.float32
    for number in range(5):
        assert np.array_equal(together[number], resize(x[number], 7, 17))


def test_even_grey_stays_even():
    assert resize(np.full((9, 9), 0.5), 31, 4) == pytest.approx(0.5)


def test_the_same_size_is_the_same_picture():
    x = np.random.default_rng(0).random((2, 6, 6))
    assert np.array_equal(resize(x, 6, 6), x)
