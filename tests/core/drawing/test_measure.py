"""Widths of texts without a font."""

from core.drawing.measure import elided, number_width, text_width


def test_widths_grow_with_letters_size_and_weight():
    assert text_width("", 12) == 0
    assert text_width("WWW", 12) > text_width("lll", 12) * 3
    assert text_width("Conv2D", 24) == 2 * text_width("Conv2D", 12)
    assert text_width("Conv2D", 12, bold=True) > text_width("Conv2D", 12)
    assert text_width("漢", 10) > text_width("é", 10)
    assert number_width("6×28×28", 10) == 7 * 6.1


def test_a_text_that_fits_stays_and_another_is_cut():
    assert elided("Conv", 100, 12) == "Conv"
    cut = elided("A name that is far too long for a node", 100, 12)
    assert cut.endswith("…")
    assert text_width(cut, 12) <= 100
    assert elided("abc", 1, 12) == "…"
    assert not elided("two words", 40, 12).startswith(" ")
