"""SVG painted by Qt: sizes, colours, fonts, and what cannot be painted."""

import shutil
import subprocess
import threading

import pytest
from PySide6.QtGui import QColor, QFontDatabase, QImage

from core.drawing.style import DARK, LIGHT
from core.drawing.styles import STYLES
from core.drawing.svg import draw
from core.errors import CoreError, FileError
from core.templates import template
from guibuilder import picture
from guibuilder.picture import write_picture
from guibuilder.theme import text_font

NETWORK = template("lenet5").network


@pytest.mark.parametrize(("dark", "colours"), [(False, LIGHT), (True, DARK)])
def test_png_has_the_size_and_the_colours(qapp, tmp_path, dark, colours):
    drawn = draw(NETWORK, dark=dark)
    size = write_picture(drawn.svg, tmp_path / "a.png", 2.0)
    image = QImage(str(tmp_path / "a.png"))
    assert (image.width(), image.height()) == size == (2 * drawn.width, 2 * drawn.height)
    assert image.pixelColor(2, 2) == QColor(colours.canvas)
    places = [(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)]
    seen = {image.pixelColor(*place).name().upper() for place in places}
    for family in ("convolution", "pooling", "activation", "dense", "output"):
        assert colours.family(family).upper() in seen, family
    assert colours.panel.upper() in seen
    assert colours.wire.upper() in seen


def test_pdf_is_a_page_of_the_pictures_size(qapp, tmp_path):
    drawn = draw(NETWORK)
    size = write_picture(drawn.svg, tmp_path / "a.pdf")
    content = (tmp_path / "a.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert size == (round(drawn.width * 0.75), round(drawn.height * 0.75))
    assert content.count(b"/Type /Page\n") == 1


def test_texts_stay_texts_in_a_pdf(qapp, tmp_path):
    write_picture(STYLES["slabs"].draw(NETWORK).svg, tmp_path / "a.pdf")
    assert b"/ToUnicode" in (tmp_path / "a.pdf").read_bytes()


def test_the_kind_can_be_named_and_a_thread_may_paint(qapp, tmp_path):
    found = []
    thread = threading.Thread(target=lambda: found.append(write_picture(draw(NETWORK).svg, tmp_path / "a", 1, "png")))
    thread.start()
    thread.join()
    assert (tmp_path / "a").read_bytes()[1:4] == b"PNG"
    assert found


def test_one_installed_font_is_left_of_each_list(qapp):
    svg = '<svg font-family="No Such Font, &#39;Neither This&#39;, sans-serif"><text font-family="x, monospace"/></svg>'
    written = picture.with_one_font(svg)
    assert "No Such Font" not in written
    assert "," not in written
    here = QFontDatabase.families()[0]
    assert f'font-family="{here}"' in picture.with_one_font(f'<svg font-family="Nowhere, &#39;{here}&#39;, serif"/>')


def test_huge_pictures_are_scaled_down_and_nonsense_is_refused(qapp, tmp_path, monkeypatch):
    monkeypatch.setattr(picture, "LARGEST_SIDE", 400)
    size = write_picture(draw(NETWORK).svg, tmp_path / "a.png", 5.0)
    assert max(size) == 400
    with pytest.raises(CoreError, match="cannot be painted"):
        write_picture("hello", tmp_path / "b.png")
    with pytest.raises(FileError, match="no folder"):
        write_picture(draw(NETWORK).svg, tmp_path / "missing" / "b.png")


def test_sizes_are_copied_out_of_a_pdf_whole(qapp, tmp_path):
    """Inter draws × between digits with a glyph of no letter; as a piece of its own it stays a letter in the file."""
    svg = draw(NETWORK).svg
    apart = picture.with_times_apart(svg)
    assert apart.count("<tspan>×</tspan>") > 10
    assert apart.replace("<tspan>×</tspan>", "×") == svg
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("pdftotext is not installed")
    before = qapp.font()
    qapp.setFont(text_font())
    try:
        write_picture(svg, tmp_path / "a.pdf")
    finally:
        qapp.setFont(before)
    words = subprocess.run([reader, "-layout", str(tmp_path / "a.pdf"), "-"], capture_output=True, check=True)
    assert "6 of 5×5, stride 1" in words.stdout.decode("utf-8")
