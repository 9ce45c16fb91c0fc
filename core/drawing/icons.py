"""The icons of layer types as part of a picture: families differ in more than colour."""

import re
from functools import cache

from core.drawing.markup import element
from core.errors import FileError
from core.resources import resource

SIDE = 16.0
_OUTSIDE = re.compile(r"^<svg[^>]*>(.*)</svg>\s*$", re.DOTALL)


def layer_icon(kind: str, family: str, colour: str, place: tuple[float, float], side: float) -> str:
    """The icon of a layer type with its top left corner at `place`."""
    return element("g", _shapes(kind, family).replace("currentColor", colour), fill="none", stroke=colour,
                   transform=f"translate({place[0]:g} {place[1]:g}) scale({side / SIDE:g})", stroke_width=1.4,
                   stroke_linecap="round", stroke_linejoin="round")


@cache
def _shapes(kind: str, family: str) -> str:
    """What is drawn: the type's own icon, else that of its family, else that of merging layers."""
    for name in (f"layer-{kind.lower()}", f"family-{family}"):
        try:
            found = _OUTSIDE.match(resource("icons", f"{name}.svg").read_text(encoding="utf-8"))
        except (FileError, ValueError, OSError):
            continue
        if found:
            return found[1]
    return "" if family == "merge" else _shapes("", "merge")
