"""SVG as text: attributes, escaping, and the few elements that pictures are made of."""

import re

# What XML 1.0 allows; anything else cannot be written, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


def escaped(text: str) -> str:
    """Text as it may stand in an element or in an attribute; what XML cannot hold becomes a replacement mark."""
    return "".join(_ESCAPES.get(letter, letter) for letter in _FORBIDDEN.sub("\ufffd", text))


def number(value: float) -> str:
    """A coordinate, to a hundredth of a pixel."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def element(name: str, content: str = "", **attributes: float | str) -> str:
    """One element. Content is markup already; attributes are escaped, their underscores become hyphens."""
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def text(content: str, x: float, y: float, **attributes: float | str) -> str:
    """A line of text that begins (or, with text_anchor, ends or is centred) at x on the base line y."""
    return element("text", escaped(content), x=x, y=y, **attributes)


def _value(value: float | str) -> str:
    return escaped(value) if isinstance(value, str) else number(value)
