"""Colours, contrast, text size, icons, the style sheet."""

import re

import pytest
from PySide6.QtCore import QSettings, QSize
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from core.layers import LAYERS
from core.resources import resources_folder
from guibuilder.icons import layer_icon_name, pixmap
from guibuilder.style import style_sheet
from guibuilder.theme import DARK, FAMILIES, LIGHT, SCALES, Theme, mix, style_colours

ICONS = sorted(path.stem for path in (resources_folder() / "icons").glob("*.svg"))


def luminance(colour):
    parts = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
             for value in QColor(colour).getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("role", ["text", "soft", "error", "warning", "good", *FAMILIES])
def test_text_can_be_read(colours, role):
    assert contrast(getattr(colours, role), colours.panel) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_on_buttons_and_tinted_bars_can_be_read(colours):
    shades = style_colours(colours)
    assert contrast(colours.on_accent, colours.accent) >= 4.5
    assert contrast(colours.on_accent, colours.error) >= 4.5
    for ground in ("error_tint", "warning_tint", "accent_tint", "field"):
        assert contrast(colours.text, shades.get(ground) or getattr(colours, ground)) >= 7
    assert contrast(shades["link"], colours.panel) >= 4.5


def test_the_choice_is_remembered_and_applied(theme, qtbot):
    with qtbot.waitSignal(theme.changed):
        theme.choose("dark")
    assert theme.colours is DARK
    assert QApplication.palette().window().color() == QColor(DARK.window)
    assert Theme().choice == "dark"
    theme.choose("no such theme")
    assert theme.choice == "system"


def test_text_sizes(theme):
    theme.set_scale(1.5)
    assert Theme().scale == 1.5
    assert theme.font(12).pixelSize() == 18
    assert theme.number_font(12).pixelSize() == 18
    assert "font-size: 20px" in QApplication.instance().styleSheet()
    theme.set_scale(1.6)
    assert theme.scale in SCALES
    theme.set_scale(1.0)


@pytest.mark.parametrize("kept", ["huge", "nan", None, "-3", ["a"]])
def test_strange_text_sizes_in_the_settings_are_no_trouble(fresh_settings, kept):
    QSettings().setValue("text scale", kept)
    assert Theme().scale in SCALES


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_the_style_sheet_is_filled_in_completely(colours):
    sheet = style_sheet(style_colours(colours), 1.0)
    assert "@" not in sheet
    assert not re.search(r"\dsp\b", sheet)
    assert sheet.count("{") == sheet.count("}")


@pytest.mark.parametrize("name", ICONS)
def test_every_icon_is_drawn_and_takes_its_colour(qapp, name):
    image = pixmap(name, QColor("#12ab34"), 32, 2.0).toImage()
    assert image.size() == QSize(64, 64)
    pixels = [image.pixelColor(x, y) for x in range(64) for y in range(64)]
    inked = [pixel for pixel in pixels if pixel.alpha() > 128]
    assert len(inked) > 30
    if not name.startswith("mark-") and name != "guibuilder":
        assert sum(abs(pixel.green() - 0xAB) < 12 for pixel in inked) > len(inked) * 0.9


def test_every_layer_has_an_icon_and_families_differ():
    names = {kind.__name__: layer_icon_name(kind.__name__, kind.family) for kind in LAYERS.values()}
    assert all(name in ICONS for name in names.values())
    families = {layer_icon_name("no such layer", family) for family in FAMILIES}
    assert len(families) == len(FAMILIES)
    assert layer_icon_name("NewLayer", "no such family") == "family-merge"


def test_icons_have_a_grey_form(theme):
    from PySide6.QtGui import QIcon

    icon = theme.icon("save")
    modes = (QIcon.Mode.Normal, QIcon.Mode.Disabled)
    normal, grey = (icon.pixmap(QSize(16, 16), 1.0, mode).toImage() for mode in modes)
    assert normal != grey


def test_mixing():
    assert mix(QColor("#000000"), QColor("#ffffff"), 0.5).name() == "#808080"
    assert mix(QColor("#102030"), QColor("#ffffff"), 0.0).name() == "#102030"
