"""What augmentation is set to, what it is called, and what is said about it."""

import pytest

from core.data.augmentation import NAMES, Augmentation, remarks, switched
from core.errors import SettingError
from core.project import DataChoice
from core.settings import settings_of

DIGITS = tuple("0123456789")


def test_names_are_switches_of_the_data_choice():
    assert set(NAMES) == {"translate", "reflect", "crop", "rgb-pca"}
    assert switched(["rgb-pca", "crop"]) == {"crop": True, "translate": False, "reflect": False, "rgb_pca": True}
    assert not any(switched([]).values())
    with pytest.raises(SettingError, match="no augmentation 'flip'; there are crop, rgb-pca, translate, reflect"):
        switched(["flip"])
    choice = DataChoice("digits", normalise=True, translate=True, translate_by=2)
    assert choice.source == "digits"
    assert choice.augmentation == Augmentation(translate=True, translate_by=2)
    assert type(choice.augmentation) is Augmentation
    assert set(settings_of(DataChoice)) == {"source", "normalise", *settings_of(Augmentation)}


def test_nothing_is_augmented_unless_asked_for():
    assert not DataChoice().augments
    assert all(Augmentation(**{field: True}).augments for field in NAMES.values())


@pytest.mark.parametrize(("side", "pixels"), [(8, 1), (28, 3), (32, 4), (224, 23)])
def test_a_shift_is_a_tenth_of_the_side_unless_set(side, pixels):
    assert Augmentation().shift(side) == pixels
    assert Augmentation(translate_by=6).shift(side) == 6


def test_the_window_is_alexnets():
    assert Augmentation().window(256) == 224
    assert Augmentation(crop_share=0.1).window(3) == 1


def test_digits_and_letters_are_not_to_be_mirrored():
    how = Augmentation(reflect=True)
    for name, classes in (("mnist", DIGITS), ("letters", tuple("abc")), ("kmnist", ("o", "ki", "tsu"))):
        assert "must not be mirrored" in remarks(how, (1, 28, 28), name, classes)[0]
    assert remarks(how, (1, 28, 28), "fashion-mnist", ("T-shirt", "bag")) == ()
    assert remarks(Augmentation(translate=True), (1, 28, 28), "mnist", DIGITS) == ()


def test_what_has_no_effect_or_too_much_is_said():
    grey, = remarks(Augmentation(rgb_pca=True), (1, 28, 28), "mnist", DIGITS)
    assert "not in colour" in grey
    assert remarks(Augmentation(rgb_pca=True), (3, 28, 28), "mnist", DIGITS) == ()
    far, = remarks(Augmentation(translate=True, translate_by=20), (3, 32, 32), "x", ("cat", "dog"))
    assert far == "A shift by up to 20 pixels leaves little of pictures of 32×32."
