"""Widths of texts without a font."""

import pytest

from core.drawing.measure import elided, number_width, shortened, text_width


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


@pytest.mark.parametrize(("count", "short"), [
    ("", ""), ("0", "0"), ("999,999", "999,999"), ("1,000,000", "1.00 M"), ("1,180,672", "1.18 M"),
    ("9,996,000", "10.0 M"), ("16,777,216", "16.8 M"), ("102,764,544", "103 M"), ("999,999,999", "1000 M"),
    ("2,500,000,000", "2.50 G")])
def test_a_long_count_is_shortened_to_three_digits(count, short):
    assert shortened(count) == short
