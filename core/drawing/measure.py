"""How wide a text will be, without a font at hand: good enough to leave room and to cut in time."""

# Advance widths of Inter Regular for the characters from space to ~, in hundredths of the font size. Inter is one of
# the wider text fonts, so that a reader's own font needs less room rather than more.
_WIDTHS = (28, 28, 40, 63, 64, 81, 64, 22, 36, 36, 50, 66, 28, 46, 28, 36, 62, 46, 61, 64, 64, 61, 62, 57, 62, 62, 28,
           28, 66, 66, 66, 51, 94, 68, 65, 73, 72, 60, 59, 74, 74, 26, 54, 65, 56, 89, 75, 76, 63, 76, 64, 64, 64, 74,
           68, 95, 64, 66, 62, 36, 36, 36, 47, 45, 50, 56, 62, 56, 62, 58, 36, 61, 59, 24, 24, 54, 24, 87, 59, 60, 61,
           61, 37, 52, 36, 58, 56, 81, 54, 56, 54, 36, 33, 36, 66)
_BOLD = 1.04
_OTHER, _FULL_WIDTH = 66, 105
_FULL_WIDTH_FROM = "\u1100"
NUMBER_WIDTH = 0.61
ELLIPSIS = "…"


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The width in pixels of a text in the text font of `size` pixels."""
    return sum(_width(letter) for letter in text) * size * (_BOLD if bold else 1.0) / 100


def number_width(text: str, size: float) -> float:
    """The width in pixels in the fixed-width font."""
    return len(text) * NUMBER_WIDTH * size


def elided(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The text, or its beginning with "…" where it is wider than `room`."""
    if text_width(text, size, bold=bold) <= room:
        return text
    while text and text_width(text + ELLIPSIS, size, bold=bold) > room:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def shortened(count: str) -> str:
    """A count of a million or more by three digits, "1,180,672" as "1.18 M"; a smaller one as it is."""
    number = int(count.replace(",", "") or 0)
    for least, unit in ((1_000_000_000, "G"), (1_000_000, "M")):
        if number >= least:
            digits = (number / least >= 9.995) + (number / least >= 99.95)
            return f"{number / least:.{2 - digits}f} {unit}"
    return count


def _width(letter: str) -> int:
    place = ord(letter) - 32
    if 0 <= place < len(_WIDTHS):
        return _WIDTHS[place]
    return _FULL_WIDTH if letter >= _FULL_WIDTH_FROM and not "\u2000" <= letter <= "\u2bff" else _OTHER
