"""From numbers to colours: order, zero in the middle, nothing that is not a colour."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PySide6.QtGui import QColor

from guibuilder.pictures.colour_maps import Scale, as_bytes, diverging, grey, image, input_image, sequential
from guibuilder.theme import DARK, LIGHT


def test_sequential_map_grows_lighter_all_the_way():
    light = [QColor(colour).lightnessF() for colour in sequential()]
    assert all(after >= before - 0.004 for before, after in pairwise(light))
    assert light[-1] - light[0] > 0.6


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_zero_of_signed_data_is_the_surface(colours):
    table = diverging(colours)
    middle, surface = QColor(table[128]), QColor(colours.panel)
    assert abs(middle.lightnessF() - surface.lightnessF()) < 0.08
    assert QColor(table[0]).blue() > QColor(table[0]).red()
    assert QColor(table[255]).red() > QColor(table[255]).blue()


@given(arrays(np.float32, (3, 4), elements=st.floats(-100, 100, width=32)))
def test_signed_scale_keeps_zero_in_the_middle(values):
    scale = Scale.of(values, signed=True)
    assert scale.low == -scale.high
    assert as_bytes(np.zeros((1, 1)), scale)[0, 0] in (127, 128)


@given(arrays(np.float32, (5,), elements=st.floats(-100, 100, width=32)))
def test_bytes_keep_the_order(values):
    places = as_bytes(np.sort(values), Scale.of(values, signed=False))
    assert (np.diff(places.astype(int)) >= 0).all()


def test_what_is_not_finite_lies_at_the_low_end():
    values = np.array([[np.nan, np.inf, -np.inf, 1.0]])
    assert as_bytes(values, Scale.of(values, signed=False)).tolist() == [[0, 255, 0, 255]]
    assert Scale.of(np.array([np.nan]), signed=True) == Scale(-1.0, 1.0)


def test_positive_scale_begins_at_zero_and_is_never_empty():
    assert Scale.of(np.array([2.0, 3.0]), signed=False) == Scale(0.0, 3.0)
    assert Scale.of(np.zeros(3), signed=False) == Scale(0.0, 1.0)


def test_image_has_the_pixels_in_their_places():
    picture = image(np.array([[0, 255, 128]], np.uint8), grey())
    assert [picture.pixelColor(x, 0).red() for x in range(3)] == [0, 255, 128]


def test_input_pictures_grey_and_colour():
    shades = input_image(np.array([[[0.0, 1.0]]], np.float32))
    assert [shades.pixelColor(x, 0).name() for x in range(2)] == ["#000000", "#ffffff"]
    colour = input_image(np.array([[[1.0]], [[0.0]], [[0.5]]], np.float32))
    assert colour.pixelColor(0, 0).name() == "#ff0080"
    normalised = input_image(np.array([[[-2.0, 2.0]]], np.float32))
    assert [normalised.pixelColor(x, 0).name() for x in range(2)] == ["#000000", "#ffffff"]
