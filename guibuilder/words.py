"""Counts and sizes in words."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def bytes_text(count: float) -> str:
    """A size in the unit people read: "312 bytes", "18.8 kB", "4.1 MB", "1.2 GB" (MB = 10⁶ bytes)."""
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= limit:
            return f"{count / limit:.{1 if count < 100 * limit else 0}f} {unit}"
    return f"{count:.0f} bytes"


def plural(count: int, word: str) -> str:
    """A count with its word: "1 layer", "12 layers"."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def small(number: float) -> str:
    """A small number with two digits and its power of ten: "3.0×10⁻⁷", "0.012", "0"."""
    if number == 0 or abs(number) >= 1e-3:
        return f"{number:.2g}"
    digits, _, power = f"{number:.1e}".partition("e")
    return f"{digits}×10{str(int(power)).translate(_RAISED)}"
