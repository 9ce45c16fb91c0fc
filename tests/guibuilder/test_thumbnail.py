"""Small pictures of networks."""

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor

from core.graph.network import Network
from core.templates import TEMPLATES, template
from guibuilder.theme import DARK, FAMILIES, LIGHT
from guibuilder.thumbnail import thumbnail

# So many layers that some are smaller than a pixel of the picture.
TOO_LARGE = ("googlenet-aux", "resnet101", "resnet152")


def colours_in(picture):
    image = picture.toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


@pytest.mark.parametrize("name", [name for name in sorted(TEMPLATES) if name not in TOO_LARGE])
def test_every_template_is_drawn_in_its_colours(qapp, name):
    network = template(name).network
    found = colours_in(thumbnail(network, QSize(240, 130), LIGHT))
    families = {node.layer.family for node in network.nodes.values()}
    assert all(LIGHT.family(family).name() in found for family in families)


def test_an_empty_network_is_a_plus_and_nothing_leaves_the_frame(qapp):
    empty = thumbnail(Network(), QSize(100, 60), DARK)
    assert QColor(DARK.faint).name() in colours_in(empty)
    assert not {DARK.family(family).name() for family in FAMILIES} & colours_in(empty)
    image = thumbnail(template("resnet-small").network, QSize(240, 130), LIGHT).toImage()
    edge = {image.pixelColor(x, 0).name() for x in range(240)} | {image.pixelColor(0, y).name() for y in range(130)}
    assert edge == {QColor(LIGHT.canvas).name()}


def test_fine_screens_get_more_pixels(qapp):
    picture = thumbnail(template("mlp").network, QSize(100, 60), LIGHT, 2.0)
    assert (picture.width(), picture.deviceIndependentSize().width()) == (200, 100.0)
