"""Counts and sizes in words."""

import pytest

from guibuilder.words import bytes_text, plural, small


@pytest.mark.parametrize(("count", "text"), [(0, "0 bytes"), (999, "999 bytes"), (18_816, "18.8 kB"),
                                             (4_100_000, "4.1 MB"), (250_000_000, "250 MB"), (1.25e9, "1.2 GB")])
def test_sizes(count, text):
    assert bytes_text(count) == text


def test_plural():
    assert [plural(count, "layer") for count in (0, 1, 1200)] == ["0 layers", "1 layer", "1,200 layers"]


def test_small_numbers():
    assert [small(number) for number in (2.98e-7, 1e-12, 0.012, 0.5, 0.0)] == ["3.0×10⁻⁷", "1.0×10⁻¹²", "0.012", "0.5",
                                                                            "0"]
