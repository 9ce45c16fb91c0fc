"""Augmented pictures: right to the pixel, the same for every batch, and independent of each other."""

from dataclasses import replace

import numpy as np
import pytest

from core.data import augmenter
from core.data.augmentation import Augmentation
from core.data.augmenter import Augmenter, augmenter_for, colour_components, uniform
from core.data.batches import PREFETCH_FROM_BYTES, Batches
from core.data.resize import resize
from tests.core.data.test_dataset import small

ALL = Augmentation(translate=True, reflect=True, crop=True, crop_share=0.7, rgb_pca=True, rgb_pca_by=2.0)
SHAPE = (3, 14, 11)
COLOURS = np.array([[0.2, 0.01, 0.001], [0.1, 0.03, 0.002], [0.3, -0.02, 0.003]])
PLACES = np.arange(40)


def pictures(count=40, shape=SHAPE):
    return np.random.default_rng(7).random((count, *shape), np.float32) + np.float32(0.01)


def changed(how, x, places=PLACES, epoch=1, seed=0):
    return Augmenter(how, x.shape[1:], seed, COLOURS).apply(x.copy(), places, epoch)


def reference(how, picture, move, tint):
    """One picture, the slow way."""
    top, left, down, right, mirrored = move
    height, width = picture.shape[1:]
    if how.crop:
        window = picture[:, top:top + how.window(height), left:left + how.window(width)]
        picture = resize(window, height, width)
    picture = picture + tint[:, None, None]
    shifted = np.zeros_like(picture)
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - right < width:
                shifted[:, row, column] = picture[:, row - down, column - right]
    return shifted[..., ::-1] if mirrored else shifted


@pytest.mark.parametrize("how", [
    Augmentation(translate=True), Augmentation(translate=True, translate_by=30), Augmentation(reflect=True),
    Augmentation(crop=True), Augmentation(crop=True, crop_share=0.1), Augmentation(rgb_pca=True), ALL,
], ids=["translate", "far", "reflect", "crop", "tiny window", "rgb", "all"])
def test_pictures_are_what_their_draws_say(how):
    x = pictures()
    draws = Augmenter(how, SHAPE, 0, COLOURS).draws(PLACES, 3)
    expected = [reference(how, *each) for each in zip(x, draws.moves, draws.tints, strict=True)]
    got = changed(how, x, epoch=3)
    assert got == pytest.approx(np.array(expected), abs=1e-5)
    if not how.crop and not how.rgb_pca:
        assert np.array_equal(got, expected)
    assert not np.array_equal(got, x)


def test_a_shift_brings_zeros_and_moves_everything_else():
    x = pictures()
    draws = Augmenter(Augmentation(translate=True, translate_by=3), SHAPE, 0).draws(PLACES, 1)
    down, right = draws.moves[:, 2], draws.moves[:, 3]
    assert set(down) == set(right) == set(range(-3, 4))
    got = changed(Augmentation(translate=True, translate_by=3), x)
    for number in range(len(x)):
        zeros = 14 * 11 - (14 - abs(down[number])) * (11 - abs(right[number]))
        assert (got[number] == 0).sum() == 3 * zeros
    number = int(np.flatnonzero((down > 0) & (right < 0))[0])
    by, left = down[number], -right[number]
    assert np.array_equal(got[number, :, by:, :-left], x[number, :, :-by, left:])


def test_half_of_the_pictures_are_mirrored():
    how = Augmentation(reflect=True)
    moves = Augmenter(how, SHAPE, 5).draws(np.arange(20_000), 2).moves
    # Five standard deviations around one half.
    assert abs(moves[:, 4].mean() - 0.5) < 5 * 0.5 / np.sqrt(20_000)
    x = pictures()
    got = changed(how, x)
    mirrored = [bool(np.array_equal(one, other[..., ::-1])) for one, other in zip(got, x, strict=True)]
    same = [bool(np.array_equal(one, other)) for one, other in zip(got, x, strict=True)]
    assert 8 < sum(mirrored) < 32
    assert all(one != other for one, other in zip(mirrored, same, strict=True))


def test_a_window_reaches_every_corner_and_no_further():
    draws = Augmenter(Augmentation(crop=True, crop_share=0.5), (1, 8, 6), 0).draws(np.arange(2_000), 1)
    assert set(draws.moves[:, 0]) == set(range(8 - 4 + 1))
    assert set(draws.moves[:, 1]) == set(range(6 - 3 + 1))


def test_colours_follow_the_formula():
    how = Augmentation(rgb_pca=True, rgb_pca_by=0.1)
    tints = Augmenter(how, SHAPE, 0, COLOURS).draws(np.arange(20_000), 1).tints
    alpha = np.linalg.solve(COLOURS, tints.T.astype(np.float64))
    assert np.abs(alpha.mean(axis=1)).max() < 5 * 0.1 / np.sqrt(20_000)
    assert alpha.std(axis=1) == pytest.approx(0.1, rel=0.03)
    assert np.abs(np.corrcoef(alpha) - np.eye(3)).max() < 0.04
    assert (np.abs(alpha) > 0.2).mean() == pytest.approx(0.0455, abs=0.006)
    x = pictures()
    shift = changed(how, x) - x
    assert shift == pytest.approx(np.broadcast_to(tints[:40, :, None, None], x.shape), abs=1e-6)


def test_bright_pixels_are_not_clipped():
    got = changed(Augmentation(rgb_pca=True, rgb_pca_by=3.0), np.ones((40, *SHAPE), np.float32))
    assert got.max() > 1.2
    assert changed(Augmentation(rgb_pca=True, rgb_pca_by=3.0), np.zeros((40, *SHAPE), np.float32)).min() < -0.2


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_components_are_numpys(kind, monkeypatch):
    chance = np.random.default_rng(1)
    x = np.clip(chance.normal(120, 30, (60, 1, 5, 4)) + chance.normal(0, [[[[25]], [[10]], [[5]]]], (60, 3, 5, 4)), 0,
                255).astype(kind)
    data = replace(small(), shape=(3, 5, 4), train_x=x)
    rgb = x.transpose(1, 0, 2, 3).reshape(3, -1) / 255
    values, vectors = np.linalg.eigh(np.cov(rgb, bias=True))
    expected = (vectors * np.where(vectors.sum(axis=0) < 0, -1, 1) * values)[:, ::-1]
    assert colour_components(data, (3, 5, 4)) == pytest.approx(expected, abs=1e-9)
    flat = replace(data, shape=(60,), train_x=x.reshape(60, 60))
    assert np.array_equal(colour_components(flat, (3, 5, 4)), colour_components(data, (3, 5, 4)))
    monkeypatch.setattr(augmenter, "_PIXELS_AT_ONCE", 700)
    assert colour_components(data, (3, 5, 4)) == pytest.approx(expected, abs=1e-9)


def test_grey_pictures_keep_their_brightness():
    x = pictures(shape=(1, 9, 9))
    data = replace(small(), shape=(1, 9, 9), train_x=x, scale=1.0)
    made = augmenter_for(Augmentation(rgb_pca=True), data, (1, 9, 9), 0)
    assert np.array_equal(made.apply(x.copy(), PLACES, 1), x)
    assert augmenter_for(Augmentation(), data, (1, 9, 9), 0) is None


def test_seed_epoch_and_place_decide_and_nothing_else():
    x = pictures()
    whole = changed(ALL, x)
    assert np.array_equal(whole, changed(ALL, x))
    order = np.random.default_rng(2).permutation(40)
    assert np.array_equal(changed(ALL, x[order], order), whole[order])
    for number in (0, 17, 39):
        assert np.array_equal(changed(ALL, x[number:number + 1], np.array([number])), whole[number:number + 1])
    for other in (changed(ALL, x, seed=1), changed(ALL, x, epoch=2), changed(ALL, x, PLACES + 1)):
        assert not any(np.array_equal(one, two) for one, two in zip(whole, other, strict=True))


def test_pictures_and_epochs_are_independent():
    first, second = uniform(0, 1, np.arange(5_000)), uniform(0, 2, np.arange(5_000))
    everything = np.concatenate([first, np.roll(first[:, :6], 1, axis=0), second], axis=1)
    assert np.abs(np.corrcoef(everything.T) - np.eye(everything.shape[1])).max() < 5 / np.sqrt(5_000)
    assert first.min() >= 0
    assert first.max() < 1
    assert first.mean(axis=0) == pytest.approx(0.5, abs=0.02)
    assert first.var(axis=0) == pytest.approx(1 / 12, rel=0.1)


def test_switching_one_on_leaves_the_others_alone():
    one = Augmenter(Augmentation(reflect=True), SHAPE, 0, COLOURS).draws(PLACES, 1)
    every = Augmenter(ALL, SHAPE, 0, COLOURS).draws(PLACES, 1)
    assert np.array_equal(one.moves[:, 4], every.moves[:, 4])


def test_flat_rows_are_pictures_all_the_same():
    x = pictures()
    made = Augmenter(ALL, SHAPE, 0, COLOURS)
    flat = made.apply(x.reshape(40, -1).copy(), PLACES, 1)
    assert np.array_equal(flat.reshape(x.shape), made.apply(x.copy(), PLACES, 1))


def test_pictures_that_lie_scattered_are_refused():
    with pytest.raises(ValueError, match="one stretch"):
        Augmenter(ALL, SHAPE, 0, COLOURS).apply(pictures()[..., ::-1], PLACES, 1)


@pytest.mark.parametrize("side", [6, 120], ids=["at once", "one ahead"])
def test_batches_bring_augmented_pictures_whatever_their_size(side):
    shape = (1, side, side)
    x = np.random.default_rng(0).integers(0, 256, (45, *shape), dtype=np.uint8)
    y = np.arange(45)
    made = Augmenter(Augmentation(translate=True, reflect=True), shape, 0)
    order = np.random.default_rng(1).permutation(45)
    expected = made.apply((x[order] / 255).astype(np.float32), order, 4)
    for batch in (1, 7, 40, 45):
        run = Batches(x, y, 1 / 255, batch, None, made).run(order, 4)
        got = np.concatenate([part.copy() for part, _ in run])
        assert np.array_equal(got, expected)
    assert (40 * side * side * 4 >= PREFETCH_FROM_BYTES) == (side == 120)
