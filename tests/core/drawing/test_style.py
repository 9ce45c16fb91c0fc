"""Colours of pictures: those of the window, readable."""

import dataclasses

import pytest

from core.drawing.style import DARK, LIGHT, mix
from core.layers import LAYERS

THEMES = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])


def _luminance(colour):
    parts = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, other):
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("name", "colours"), [("LIGHT", LIGHT), ("DARK", DARK)])
def test_they_are_the_windows_own(name, colours):
    theme = pytest.importorskip("guibuilder.theme")
    window = getattr(theme, name)
    for field in dataclasses.fields(colours):
        if hasattr(window, field.name) and isinstance(getattr(colours, field.name), str):
            assert getattr(colours, field.name) == getattr(window, field.name), field.name
    assert colours.families == {family: getattr(window, family) for family in theme.FAMILIES}


@THEMES
def test_every_family_has_a_colour_and_text_is_readable(colours):
    for kind in LAYERS.values():
        family = colours.family(kind.family)
        head = mix(colours.panel, family, colours.header)
        assert _contrast(colours.text, head) >= 4.5
        assert _contrast(family, colours.panel) >= 3
    assert colours.family("unheard of") == colours.families["merge"]
    for ink in (colours.text, colours.soft, colours.error):
        assert _contrast(ink, colours.panel) >= 4.5


def test_mixing():
    assert mix("#000000", "#FFFFFF", 0.5) == "#808080"
    assert mix("#123456", "#ABCDEF", 0) == "#123456"
    assert mix("#123456", "#ABCDEF", 1) == "#ABCDEF"
