"""Pictures into a network: every rule of fitting, for one picture and for whole sets, and what is said about it."""

import dataclasses

import numpy as np
import pytest

from core.data import pictures
from core.data.pictures import fit_dataset, fit_pictures, fit_to, read_picture
from core.errors import CoreError, DataError
from tests.core.data.files import picture_file
from tests.core.data.test_dataset import small


def random(*shape, kind=np.uint8):
    return np.random.default_rng(0).integers(0, 256, shape).astype(kind)


def test_a_fitting_picture_is_only_scaled_to_floats():
    x = random(1, 28, 28)
    fitted, notes = fit_to(x, (1, 28, 28))
    assert fitted.dtype == np.float32
    assert np.array_equal(fitted, np.divide(x, 255, dtype=np.float32))
    assert notes == ()


def test_missing_pixels_are_padded_evenly_and_the_odd_one_comes_last():
    fitted, notes = fit_to(np.ones((25, 27), np.float32), (1, 32, 32))
    assert fitted.shape == (1, 32, 32)
    assert fitted[0, 3:28, 2:29].min() == 1
    assert fitted.sum() == 25 * 27
    assert notes == ("Pictures of 25×27 are padded with zeros to 32×32.",)


@pytest.mark.parametrize(("old", "new", "padded"), [((24, 24), (32, 32), True), ((23, 24), (32, 32), False),
                                                    ((33, 28), (32, 32), False), ((8, 8), (28, 28), False)])
def test_up_to_eight_missing_pixels_are_padded_other_sizes_scaled(old, new, padded):
    fitted, notes = fit_to(np.ones(old, np.float32), (1, *new))
    assert fitted.shape == (1, *new)
    assert ("padded" in notes[0]) == padded
    assert ("scaled" in notes[0]) == (not padded)
    assert padded or fitted.min() == pytest.approx(1)


def test_colour_becomes_grey_by_itu_r_601():
    x = np.zeros((3, 2, 2), np.uint8)
    x[0, 0, 0], x[1, 0, 1], x[2, 1, 0], x[:, 1, 1] = 255, 255, 255, 255
    fitted, notes = fit_to(x, (1, 2, 2))
    assert fitted[0].ravel() == pytest.approx([0.299, 0.587, 0.114, 1.0], abs=1e-6)
    assert notes == ("Colour is turned to grey (ITU-R 601).",)


def test_grey_becomes_colour_by_repetition():
    x = random(1, 4, 4)
    fitted, notes = fit_to(x, (3, 4, 4))
    assert all(np.array_equal(fitted[channel] * 255, x[0]) for channel in range(3))
    assert notes == ("Grey is repeated in all 3 channels.",)


def test_transparency_is_shown_over_white():
    x = np.zeros((4, 1, 3), np.float32)
    x[0], x[3] = 0.5, [[0.0, 0.5, 1.0]]
    fitted, notes = fit_to(x, (3, 1, 3))
    assert fitted[0, 0] == pytest.approx([1.0, 0.75, 0.5])
    assert fitted[2, 0] == pytest.approx([1.0, 0.5, 0.0])
    assert notes == ("Transparent parts are shown over white.",)
    grey, _ = fit_to(np.stack([np.zeros((2, 2)), np.full((2, 2), 0.25)]), (1, 2, 2))
    assert grey == pytest.approx(0.75)


def test_four_channels_for_a_network_with_four_are_no_transparency():
    fitted, notes = fit_to(random(4, 5, 5), (4, 5, 5))
    assert fitted.shape == (4, 5, 5)
    assert notes == ()


def test_sixteen_bits_are_scaled():
    fitted, notes = fit_to(np.array([[0, 65_535], [32_768, 1]], np.uint16), (1, 2, 2))
    assert fitted[0].ravel() == pytest.approx([0, 1, 32_768 / 65_535, 1 / 65_535])
    assert notes == ("16-bit values are scaled to 0 … 1.",)


def test_everything_at_once_is_said_once_each():
    fitted, notes = fit_to(random(4, 50, 40, kind=np.uint16), (1, 32, 32))
    assert fitted.shape == (1, 32, 32)
    assert [note.split()[0] for note in notes] == ["16-bit", "Transparent", "Colour", "Pictures"]


@pytest.mark.parametrize(("old", "flat"), [((1, 28, 28), 784), ((1, 8, 8), 784), ((3, 32, 32), 1024), ((1, 8, 8), 64),
                                           ((1, 16, 16), 3072)])
def test_flat_inputs_take_pictures_too(old, flat):
    fitted, _ = fit_to(random(*old), (flat,))
    assert fitted.shape == (flat,)


@pytest.mark.parametrize(("x", "shape", "words"), [
    (np.zeros((2, 2, 2, 2)), (1, 2, 2), "height and width"), (np.zeros((0, 3)), (1, 2, 2), "height and width"),
    (np.zeros((5, 4, 4)), (1, 4, 4), "5 channels"), (np.zeros((3, 4, 4)), (2, 4, 4), "3 channels"),
    (np.zeros((1, 4, 4)), (17,), "17 numbers"), (np.zeros((1, 4, 4)), (4, 4), "flat row"),
    (np.full((4, 4), np.nan), (1, 4, 4), "NaN")])
def test_what_cannot_be_fitted_is_refused_in_words(x, shape, words):
    with pytest.raises(DataError, match=words):
        fit_to(x, shape)


def test_absurd_inputs_are_refused_before_memory_is_taken():
    with pytest.raises(DataError, match="MB"):
        fit_pictures(np.zeros((1000, 1, 8, 8), np.uint8), (1, 60_000, 60_000))


def test_a_set_is_fitted_like_its_pictures_and_stays_bytes(monkeypatch):
    monkeypatch.setattr(pictures, "VALUES_AT_ONCE", 2_000)
    data = dataclasses.replace(small(), shape=(3, 20, 20), train_x=random(7, 3, 20, 20), test_x=random(4, 3, 20, 20))
    fitted = fit_dataset(data, (1, 9, 13))
    assert fitted.train_x.dtype == np.uint8
    assert fitted.shape == (1, 9, 13)
    assert fitted.train_x.shape == (7, 1, 9, 13)
    assert fitted.notes == ("Colour is turned to grey (ITU-R 601).", "Pictures of 20×20 are scaled to 9×13.")
    one, _ = fit_to(data.train_x[5], (1, 9, 13))
    assert fitted.pictures("train", 5) == pytest.approx(one, abs=1.1 / 255)


def test_a_fitting_set_is_not_touched():
    data = small()
    assert fit_dataset(data, (1, 2, 2)) is data


def test_repeated_channels_take_no_memory():
    data = dataclasses.replace(small(), shape=(1, 8, 8), train_x=random(50, 1, 8, 8), test_x=random(4, 1, 8, 8))
    wide = fit_dataset(data, (3, 8, 8))
    assert wide.train_x.strides[1] == 0
    assert wide.pictures("train", [3, 4]).shape == (2, 3, 8, 8)


def test_pixels_of_few_steps_keep_them_when_scaled():
    x = np.zeros((2, 1, 8, 8), np.uint8)
    x[:, :, :, 4:] = 16
    data = dataclasses.replace(small(), shape=(1, 8, 8), train_x=x, test_x=x, scale=1 / 16)
    fitted = fit_dataset(data, (1, 40, 40))
    assert fitted.pictures("train", 0).max() == pytest.approx(1)
    assert len(np.unique(fitted.train_x)) > 5, "a soft edge has more steps than the 8×8 picture had"


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".gif", ".pgm"])
def test_reading_a_picture_file(tmp_path, suffix):
    x = random(6, 9)
    read, notes = read_picture(picture_file(tmp_path / f"a{suffix}", x))
    if suffix == ".gif":
        read, _ = fit_to(read, (1, 6, 9))
    assert read.shape == (1, 6, 9)
    assert read.dtype == np.float32
    assert read[0] == pytest.approx(x / 255, abs=1e-6)
    assert notes == ()


def test_a_path_may_be_text(tmp_path):
    picture_file(tmp_path / "a.png", random(3, 3, 3))
    assert read_picture(str(tmp_path / "a.png"))[0].shape == (3, 3, 3)
    with pytest.raises(CoreError, match="no picture"):
        read_picture(str(tmp_path / "b.png"))
