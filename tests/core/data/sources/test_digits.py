"""The built-in digits: counts, parts, order, and what enlarging does."""

import numpy as np
import pytest

from core.data.raw import finish
from core.data.sources.digits import enlarge, load_digits, load_digits28
from core.resources import resource


def test_the_published_pictures_in_two_parts():
    data = finish("digits", load_digits(), 0)
    assert (data.train_x.shape, data.test_x.shape) == ((1437, 1, 8, 8), (360, 1, 8, 8))
    every = np.concatenate([data.train_y, data.test_y])
    # The class counts published with the set.
    assert np.bincount(every).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert data.train_x.max() == 16
    assert data.scale == 1 / 16


def test_the_stored_order_is_a_permutation_and_the_seed_does_not_matter():
    with np.load(resource("data", "digits.npz"), allow_pickle=False) as archive:
        assert sorted(archive["order"]) == list(range(1797))
        first = archive["pictures"][archive["order"][0]]
        # The first published picture is this nought.
        assert archive["pictures"][0][0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
        assert archive["labels"][:5].tolist() == [0, 1, 2, 3, 4]
    for seed in (0, 5):
        data = finish("digits", load_digits(), seed)
        assert np.array_equal(data.train_x[0, 0], first)
        assert data.notes == ()


def test_both_sizes_have_the_same_parts():
    small, large = load_digits(), load_digits28()
    assert np.array_equal(small.train.y, large.train.y)
    assert np.array_equal(small.test.y, large.test.y)
    again = enlarge(small.test.x / 16)
    assert np.array_equal(again, large.test.x)
    assert large.train.x.shape == (1437, 1, 28, 28)
    assert "8×8 to 28×28" in large.notes[0]


def test_enlarged_digits_stand_in_the_middle_with_a_dark_edge():
    x = load_digits28().train.x[:, 0].astype(float)
    edge = np.concatenate([x[:, 0], x[:, -1], x[:, :, 0], x[:, :, -1]])
    assert edge.max() == 0
    assert np.percentile(x.max(axis=(1, 2)), 1) > 250
    rows = x.sum(axis=(0, 2))
    middle = (rows * np.arange(28)).sum() / rows.sum()
    assert middle == pytest.approx(13.5, abs=0.7)
    inked = (x > 30).any(axis=2)
    assert 18 <= np.median(inked.sum(axis=1)) <= 22, "about as high as MNIST's digits"


def test_enlarging_keeps_black_black_and_white_white():
    assert enlarge(np.zeros((1, 1, 8, 8))).max() == 0
    full = enlarge(np.ones((1, 1, 8, 8)))
    assert full[0, 0, 6:-6, 6:-6].min() == 255


def test_strokes_are_bright_and_the_ground_is_dark():
    x = load_digits28().train.x
    assert (x == 0).mean() > 0.55
    assert ((x > 60) & (x < 200)).mean() < 0.13


def test_digits_of_one_class_look_alike():
    """Nearest class mean: the enlarged pictures must still be telling."""
    raw = load_digits28()
    train, test = raw.train.x.reshape(1437, -1) / 255, raw.test.x.reshape(360, -1) / 255
    means = np.stack([train[raw.train.y == digit].mean(axis=0) for digit in range(10)])
    guesses = np.square(test[:, None] - means[None]).sum(axis=2).argmin(axis=1)
    assert (guesses == raw.test.y).mean() > 0.85
