"""Augmentation as a setting of the data: which changes each training picture goes through anew in every epoch.

After Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks" (2012), the
lectures' AlexNet. What does the work is `core.data.augmenter`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import SettingError
from core.settings import check_all, setting, settings_of

# What the command line calls them, in the order in which they are done, and the setting that switches each on.
NAMES = {"crop": "crop", "rgb-pca": "rgb_pca", "translate": "translate", "reflect": "reflect"}
COLOURS = 3
# Sets whose classes are letters, though their names have several characters.
_LETTERS = ("kmnist",)


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """What is done to each training picture, drawn anew in every epoch; pictures that measure stay as they are."""

    translate: bool = setting(False, "Translate", "Shift each training picture up, down, left and right by a few "
                              "pixels, anew in every epoch; what comes in is black (0).", keyword=True)
    translate_by: int | None = setting(None, "Pixels", "The farthest shift along each side in pixels; auto is a tenth "
                                       "of the side.", kind="int", none="auto", low=1, high=1_000, keyword=True)
    reflect: bool = setting(False, "Reflect", "Mirror every second training picture left to right, drawn anew in "
                            "every epoch. Not for digits and letters.", keyword=True)
    crop: bool = setting(False, "Crop", "Cut a window out of each training picture at a place drawn anew in every "
                         "epoch, and scale it back to the size of the input.", keyword=True)
    crop_share: float = setting(0.875, "Window", "The window's share of each side; AlexNet takes 224 of 256 pixels, "
                                "which is 0.875.", low=0.1, high=1.0, keyword=True)
    rgb_pca: bool = setting(False, "RGB", "Make the light of each training picture brighter, darker or of "
                            "another hue along the principal components of the set's colours, as AlexNet does.",
                            keyword=True)
    rgb_pca_by: float = setting(0.1, "Spread", "The standard deviation of α in the sum of p·α·λ that is added to the "
                                "colours, pixels being from 0 to 1; nothing is clipped.", low=0.0, high=100.0,
                                keyword=True)

    def __post_init__(self) -> None:
        check_all(self)

    @property
    def augmentation(self) -> "Augmentation":
        """These settings alone, without what a subclass adds."""
        return Augmentation(**{name: getattr(self, name) for name in settings_of(Augmentation)})

    @property
    def augments(self) -> bool:
        """Whether anything is done at all."""
        return any(getattr(self, name) for name in NAMES.values())

    def shift(self, side: int) -> int:
        """The farthest shift in pixels along a side: as set, or a tenth of it, rounded up (4 of 32)."""
        return math.ceil(side / 10) if self.translate_by is None else self.translate_by

    def window(self, side: int) -> int:
        """How many pixels of a side the window has: its share, rounded, at least 1."""
        return max(1, round(self.crop_share * side))


def switched(names: Sequence[str]) -> dict[str, bool]:
    """The switches for names of the command line; SettingError names one that is not known."""
    for name in names:
        if name not in NAMES:
            raise SettingError(f"There is no augmentation {name!r}; there are {', '.join(NAMES)}.")
    return {field: name in names for name, field in NAMES.items()}


def remarks(how: Augmentation, shape: Sequence[int], name: str, classes: Sequence[str]) -> tuple[str, ...]:
    """What should be said about augmenting pictures C×H×W of the data set `name` so, in one sentence each."""
    found = []
    if how.reflect and (name in _LETTERS or all(len(each) == 1 and each.isalnum() for each in classes)):
        found.append("The classes look like digits or letters, which must not be mirrored: a mirrored 2 is no 2. "
                     "Leave reflect out.")
    if how.rgb_pca and shape[0] != COLOURS:
        found.append("RGB intensity does nothing here: the pictures are not in colour.")
    if how.translate and any(2 * how.shift(side) > side for side in shape[1:]):
        farthest = max(how.shift(side) for side in shape[1:])
        found.append(f"A shift by up to {farthest:,} pixels leaves little of pictures of {shape[1]}×{shape[2]}.")
    return tuple(found)
